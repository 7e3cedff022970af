"""OpenTrafficCamMap's lists, state > county > cameras, in the schema of today and in the older nested one.

Cameras have no id there. The address of a camera's picture is what stays the same when a description is corrected,
so the id is a digest of it; without one, of where and what the camera is said to be. `direction` is the way a camera
faces; words for a carriageway (`Eastbound`, `Both Directions`, `NS`) do not say that.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from adapters.contract.errors import Malformed, Misconfigured
from adapters.contract.models import Rejection
from adapters.lists.dialects.cells import camera_row, joined_numbers, joined_tags
from adapters.lists.directions import compass_deg
from adapters.lists.json_files import plain_text
from adapters.lists.rows import TextRow, Unusable
from adapters.lists.web_addresses import web_address_or_empty

ID_DIGITS = 20
_CACHE_BREAKER = re.compile(r"(?:(?:rand|d|t|_)=)?[0-9.]{6,}")
"""A query that is a time or a random number differs in every edition of the list."""
_UNNAMED = frozenset({"", "other", "all"})


def rows(document: Any, file_name: str) -> Iterator[TextRow | Rejection]:
    """The schema of today: description, direction and coordinates stand in the camera itself."""
    return _rows(document, file_name, nested=False)


def rows_v1(document: Any, file_name: str) -> Iterator[TextRow | Rejection]:
    """The older schema: they stand under `location`."""
    return _rows(document, file_name, nested=True)


def _rows(document: Any, file_name: str, *, nested: bool) -> Iterator[TextRow | Rejection]:
    for state, county, number, camera in _cameras(document, file_name):
        if number == 1 and isinstance(camera, dict) and isinstance(camera.get("location"), dict) != nested:
            other = "otcm" if nested else "otcm_v1"
            raise Misconfigured(f"{file_name}: is written in the other schema: set dialect = {other!r}")
        where = f"{file_name} {state.strip()}/{county.strip()} {number}"
        try:
            if not isinstance(camera, dict):
                raise Unusable("is no camera")
            place = camera.get("location") if nested else camera
            if not isinstance(place, dict):
                raise Unusable("has no location")
            yield _row(where, state, county, camera, place)
        except Unusable as problem:
            yield Rejection(where=where, reason=str(problem))


def _cameras(document: Any, file_name: str) -> Iterator[tuple[str, str, int, Any]]:
    if not isinstance(document, dict) or not all(isinstance(held, dict) for held in document.values()):
        raise Malformed(f"{file_name}: is not OpenTrafficCamMap's tree of states and counties")
    for state, counties in document.items():
        for county, cameras in counties.items():
            if not isinstance(cameras, list):
                raise Malformed(f"{file_name}: {state}/{county} holds no list of cameras")
            for number, camera in enumerate(cameras, start=1):
                yield state, county, number, camera


def _row(where: str, state: str, county: str, camera: Mapping[str, Any], place: Mapping[str, Any]) -> TextRow:
    address = web_address_or_empty(plain_text(camera.get("url"), "url"))
    description = plain_text(place.get("description"), "description")
    direction = plain_text(place.get("direction"), "direction")
    lat, lon = (plain_text(place.get(key), key) for key in ("latitude", "longitude"))
    known_by = [_lasting(address)] if address else [state, county, description, direction, lat, lon]
    is_picture = plain_text(camera.get("encoding"), "encoding") == "JPEG"
    doubted = camera.get("markedForReview") is True or camera.get("marked_for_review") is True
    tags = [f"state={state}"] + [f"county={county}"] * (county.strip() not in _UNNAMED)
    return camera_row(
        where,
        id=_digest(known_by),
        name=description,
        lat=lat,
        lon=lon,
        heading_deg=_heading(direction),
        tags=joined_tags([*tags, "marked for review"] if doubted else tags),
        snapshot_url=address if is_picture else "",
    )


def _heading(direction: str) -> str:
    # Two letters that are no wind (NS, WE) are a road's two directions.
    bearing_deg = compass_deg(direction)
    return "" if bearing_deg is None else joined_numbers([bearing_deg])


def _lasting(address: str) -> str:
    """What of an address stays when the list is made anew, or the site turns to https."""
    parts = urlsplit(address)
    query = "" if _CACHE_BREAKER.fullmatch(parts.query) else parts.query
    return f"{parts.netloc.casefold()}{parts.path}?{query}"


def _digest(known_by: list[str]) -> str:
    return hashlib.sha256("\n".join(known_by).encode()).hexdigest()[:ID_DIGITS]
