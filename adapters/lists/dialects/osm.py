"""OpenStreetMap's surveillance cameras and webcams, as the Overpass API answers in JSON.

Tags are read by a list of names that are about the device. `operator` is read only beside a `ref`: whoever numbers
cameras is an organisation, a lone operator is often a person. `camera:angle` is how far a camera looks down, not how
wide it sees, and `image` is a photograph of the camera: neither is read.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from adapters.contract.errors import Malformed
from adapters.contract.models import CameraKind, Rejection
from adapters.lists.dialects.cells import camera_row, joined_numbers, joined_tags
from adapters.lists.directions import Sector, read_directions
from adapters.lists.extents import extent_of
from adapters.lists.json_files import plain_text
from adapters.lists.positions import rounded_up
from adapters.lists.rows import TextRow, Unusable
from adapters.lists.web_addresses import web_address_or_empty

KINDS: Final = {"fixed": CameraKind.FIXED, "panning": CameraKind.PTZ, "dome": CameraKind.DOME}
CAMERAS: Final = frozenset({"camera", "webcam", "alpr", "anpr"})
"""Values of `surveillance:type` that are cameras."""
WEBCAMS: Final = ("contact:webcam", "url:webcam", "webcam:url", "website:webcam", "webcam")
"""Keys whose value is a webcam's address: of its picture, or of a page about it."""
TAGS: Final = ("surveillance", "surveillance:zone", "camera:mount")
PICTURES: Final = (".jpg", ".jpeg", ".png")
_BETWEEN_VALUES = re.compile(r"[;,|]")
_BETWEEN_ADDRESSES = re.compile(r";\s*(?=https?:)")


def rows(document: Any, file_name: str) -> Iterator[TextRow | Rejection]:
    """One row for each tagged element. Elements without tags only say where ways run.

    `Malformed` for what is no answer of Overpass, and for one that broke off: it would lack cameras.
    """
    elements = document.get("elements") if isinstance(document, dict) else None
    if not isinstance(elements, list):
        raise Malformed(f"{file_name}: is no answer of Overpass: it has no list of elements")
    remark = document.get("remark")
    if isinstance(remark, str) and "error" in remark.casefold():
        raise Malformed(f"{file_name}: Overpass broke off ({remark[:200]}); ask it again")
    nodes = {
        element.get("id"): element
        for element in elements
        if isinstance(element, dict) and element.get("type") == "node"
    }
    for number, element in enumerate(elements, start=1):
        try:
            native_id = _native_id(element)
        except Unusable as problem:
            yield Rejection(where=f"{file_name} element {number}", reason=str(problem))
            continue
        if not element.get("tags"):
            continue
        where = f"{file_name} {native_id}"
        try:
            yield _row(where, native_id, element, nodes)
        except Unusable as problem:
            yield Rejection(where=where, reason=str(problem))


def _native_id(element: Any) -> str:
    kind, number = (element.get("type"), element.get("id")) if isinstance(element, dict) else (None, None)
    if kind not in {"node", "way", "relation"} or type(number) is not int:
        raise Unusable("is no node, way or relation with an id")
    return f"{kind}/{number}"


def _row(
    where: str, native_id: str, element: Mapping[str, Any], nodes: Mapping[Any, Mapping[str, Any]]
) -> TextRow:
    given = element["tags"]
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise Unusable("its tags are no texts")
    tags: dict[str, str] = {key: value.strip() for key, value in given.items()}
    _require_camera(tags)
    lat, lon, accuracy_m = _located(element, nodes)
    sectors = _sectors(tags)
    return camera_row(
        where,
        id=native_id,
        name=_name(tags),
        lat=lat,
        lon=lon,
        position_accuracy_m=accuracy_m,
        level=plain_text(tags.get("level"), "level"),
        kind=KINDS.get(tags.get("camera:type", "").casefold(), ""),
        heading_deg=joined_numbers(sector.heading_deg for sector in sectors),
        fov_deg=joined_numbers(sector.fov_deg for sector in sectors),
        tags=joined_tags(
            f"{key}={value.strip()}"
            for key in TAGS
            for value in _BETWEEN_VALUES.split(tags.get(key, ""))
            if value.strip()
        ),
        snapshot_url=_picture(tags),
    )


def _require_camera(tags: Mapping[str, str]) -> None:
    watching = {value.strip().casefold() for value in tags.get("surveillance:type", "").split(";")} - {""}
    if watching & CAMERAS or any(key in WEBCAMS or key.startswith("camera:") for key in tags):
        return
    if watching:
        raise Unusable(f"surveillance:type is {'; '.join(sorted(watching))[:60]}, not a camera")
    made = {value.strip() for value in tags.get("man_made", "").split(";")}
    if "surveillance" not in tags and not made & {"surveillance", "webcam"}:
        raise Unusable("none of its tags speaks of a camera")


def _name(tags: Mapping[str, str]) -> str:
    number = tags.get("ref", "")
    return plain_text(f"{tags.get('operator', '')} {number}" if number else "", "ref")


def _sectors(tags: Mapping[str, str]) -> tuple[Sector, ...]:
    is_device = "surveillance" in tags.get("man_made", "")
    # Elsewhere `direction` may be that of a road sign or a viewpoint that has a webcam.
    stated = tags.get("camera:direction") or (tags.get("direction", "") if is_device else "")
    sectors = read_directions(stated)
    if not sectors and tags.get("camera:type") == "360":
        return (Sector(None, 360.0),)
    return sectors


def _picture(tags: Mapping[str, str]) -> str:
    """The first webcam address that is that of a picture; others are pages."""
    for key in WEBCAMS:
        for address in _BETWEEN_ADDRESSES.split(tags.get(key, "")):
            usable = web_address_or_empty(address)
            is_picture = key == "contact:webcam" and tags.get("contact:webcam:type") == "image"
            if usable and (is_picture or urlsplit(usable).path.casefold().endswith(PICTURES)):
                return usable
    return ""


def _located(element: Mapping[str, Any], nodes: Mapping[Any, Mapping[str, Any]]) -> tuple[str, str, str]:
    """Latitude, longitude and accuracy. A way reaches as far as its nodes, its geometry or its bounds tell."""
    if element["type"] == "node":
        return (*_point(element), "")
    vertices = _vertices(element, nodes)
    accuracy_m = ""
    if vertices:
        lat, lon, extent_m = extent_of({"type": "MultiPoint", "coordinates": vertices})
        accuracy_m = f"{rounded_up(extent_m):g}"
        if not isinstance(element.get("center"), dict):
            return repr(lat), repr(lon), accuracy_m
    centre = element.get("center")
    if not isinstance(centre, dict):
        raise Unusable(
            f"a {element['type']} needs a center, or the positions of its nodes: ask for `out center`"
        )
    return (*_point(centre), accuracy_m)


def _point(place: Mapping[str, Any]) -> tuple[str, str]:
    return plain_text(place.get("lat"), "lat"), plain_text(place.get("lon"), "lon")


def _vertices(element: Mapping[str, Any], nodes: Mapping[Any, Mapping[str, Any]]) -> list[list[Any]]:
    """Longitude and latitude of each corner that the answer has; all of them, or none."""
    corners = element.get("geometry")
    if not isinstance(corners, list):
        named = element.get("nodes")
        corners = [nodes.get(number) for number in named] if isinstance(named, list) else []
    bounds = element.get("bounds")
    if not corners and isinstance(bounds, dict):
        corners = [{"lat": bounds.get(f"{end}lat"), "lon": bounds.get(f"{end}lon")} for end in ("min", "max")]
    if not all(isinstance(corner, dict) for corner in corners):
        return []
    return [[corner.get("lon"), corner.get("lat")] for corner in corners]
