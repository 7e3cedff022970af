"""Reduces a line or an area of GeoJSON to the middle of its extent. Owns which geometries have one."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

from adapters.lists.positions import Middle, arc_m, wrapped
from adapters.lists.rows import Unusable

DEPTHS: Final = {
    "Point": 0,
    "MultiPoint": 1,
    "LineString": 1,
    "MultiLineString": 2,
    "Polygon": 2,
    "MultiPolygon": 3,
}
"""How deep positions are nested in `coordinates` (RFC 7946, section 3.1)."""


def extent_of(geometry: Mapping[str, Any]) -> Middle:
    """The middle between the outermost parallels and meridians, and the distance to the farthest vertex.

    The meridians are those of the shorter way round, so that what is cut at the antimeridian (RFC 7946, section
    3.1.9) is found there. `Unusable` where the geometry cannot be read or its vertices cannot be on Earth.
    """
    vertices = list(_vertices(geometry))
    if not vertices:
        raise Unusable(f"its {geometry.get('type')} has no coordinates")
    lats, lons = [lat for _, lat in vertices], [lon for lon, _ in vertices]
    west, width = _shorter_way(sorted(set(lons)))
    lat, lon = (min(lats) + max(lats)) / 2, wrapped(west + width / 2)
    return Middle(lat, lon, max(arc_m(lat, lon, there, along) for along, there in vertices))


def _shorter_way(lons: list[float]) -> tuple[float, float]:
    """Where the extent of ascending longitudes begins and how wide it is: all but the widest empty part."""
    empty = [(after - before, after) for before, after in pairwise(lons)]
    around = (lons[0] + 360 - lons[-1], lons[0])
    gap, west = max([around, *empty], key=lambda part: part[0])
    return west, 360 - gap


def _vertices(geometry: Mapping[str, Any]) -> Iterator[tuple[float, float]]:
    """Longitude and latitude of every vertex."""
    kind = geometry.get("type")
    if kind == "GeometryCollection":
        parts = geometry.get("geometries")
        for part in parts if isinstance(parts, list) else ():
            if not isinstance(part, dict) or part.get("type") == "GeometryCollection":
                raise Unusable("its GeometryCollection holds what is no geometry, or another collection")
            yield from _vertices(part)
        return
    if not isinstance(kind, str) or kind not in DEPTHS:
        raise Unusable(f"its geometry is {kind if isinstance(kind, str) else 'not readable'}")
    found: list[Any] = [geometry.get("coordinates")]
    for _ in range(DEPTHS[kind]):
        if not all(isinstance(part, list) for part in found):
            raise Unusable(f"its {kind}'s coordinates are not nested as they must be")
        found = [inner for part in found for inner in part]
    for position in found:
        yield _vertex(kind, position)


def _vertex(kind: str, position: Any) -> tuple[float, float]:
    if not isinstance(position, list) or len(position) < 2:
        raise Unusable(f"its {kind} has a vertex that is no longitude and latitude")
    lon, lat = position[:2]
    if not all(type(number) in (int, float) for number in (lon, lat)):
        raise Unusable(f"its {kind} has a vertex whose coordinates are not numbers")
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise Unusable(f"its {kind} has a vertex out of range: lon {lon!s:.12}, lat {lat!s:.12}")
    return float(lon), float(lat)
