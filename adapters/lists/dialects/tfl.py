"""Transport for London's JamCams: the GeoJSON of their object store, or the Unified API's list of places.

A camera has the same id in both: that of its picture, `00001.07450`. The text `view` begins with the compass
direction that the camera faces where it has one. `available` false means that its picture is a notice; true
proves nothing.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from adapters.contract.errors import Malformed
from adapters.contract.models import CameraStatus, Rejection
from adapters.lists.dialects.cells import camera_row, joined_numbers
from adapters.lists.directions import compass_deg
from adapters.lists.json_files import plain_text
from adapters.lists.rows import TextRow, Unusable
from adapters.lists.web_addresses import web_address_or_empty

_API_PREFIX = "JamCams_"
_FACING = re.compile(
    r"(?:zoom[\s-]*)?(north|south|east|west)(?![\s-]*(?:north|south|east|west)\b)(?:[\s-]+zoom)?"
    r"(?:\s+facing\b.*|\s*[-(].*|\s*)",
    re.IGNORECASE,
)
"""`East - A501 twds Euston`, `Zoom north - …`, `West (A205 …)`, `East Facing`; not `North Circular Road`."""


def rows(document: Any, file_name: str) -> Iterator[TextRow | Rejection]:
    """One row for each camera; `Malformed` for what is neither form of the list."""
    if isinstance(document, dict) and isinstance(document.get("features"), list):
        word, entries = "feature", document["features"]
    elif isinstance(document, list):
        word, entries = "place", document
    else:
        raise Malformed(f"{file_name}: is neither a FeatureCollection of JamCams nor a list of places")
    for number, entry in enumerate(entries, start=1):
        where = f"{file_name} {word} {number}"
        try:
            yield _feature(where, entry) if word == "feature" else _place(where, entry)
        except Unusable as problem:
            yield Rejection(where=where, reason=str(problem))


def _feature(where: str, entry: Any) -> TextRow:
    properties = entry.get("properties") if isinstance(entry, dict) else None
    if not isinstance(properties, dict):
        raise Unusable("is no feature with properties")
    geometry = entry.get("geometry")
    coordinates = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if not isinstance(coordinates, list) or len(coordinates) < 2:
        coordinates = [None, None]
    return _row(where, "", "", coordinates[1], coordinates[0], properties)


def _place(where: str, entry: Any) -> TextRow:
    extra = entry.get("additionalProperties") if isinstance(entry, dict) else None
    if not isinstance(extra, list) or not all(isinstance(item, dict) for item in extra):
        raise Unusable("is no place with additionalProperties")
    properties = {str(item.get("key")): item.get("value") for item in extra}
    own_id = plain_text(entry.get("id"), "id").removeprefix(_API_PREFIX)
    name = plain_text(entry.get("commonName"), "commonName")
    return _row(where, own_id, name, entry.get("lat"), entry.get("lon"), properties)


def _row(where: str, own_id: str, name: str, lat: Any, lon: Any, properties: Mapping[str, Any]) -> TextRow:
    picture, clip = (
        web_address_or_empty(plain_text(properties.get(key), key)) for key in ("imageUrl", "videoUrl")
    )
    native_id = own_id or _stem(picture) or _stem(clip)
    if not native_id:
        raise Unusable("has neither an id nor the address of a picture to tell it by")
    view = plain_text(properties.get("view"), "view").replace("\\/", "/")
    available = plain_text(properties.get("available"), "available").casefold()
    return camera_row(
        where,
        id=native_id,
        name=name or view,
        lat=plain_text(lat, "lat"),
        lon=plain_text(lon, "lon"),
        heading_deg=_heading(view),
        status=CameraStatus.DOWN if available == "false" else "",
        snapshot_url=picture,
        clip_url=clip,
    )


def _stem(address: str) -> str:
    return PurePosixPath(urlsplit(address).path).stem


def _heading(view: str) -> str:
    facing = _FACING.fullmatch(view.strip())
    return joined_numbers([compass_deg(facing.group(1))]) if facing else ""
