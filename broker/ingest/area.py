"""The area of which a network says that its cameras stand inside: catches swapped coordinates and wrong zones."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import shapely
from shapely.geometry import shape

from adapters.contract.errors import Misconfigured
from adapters.contract.models import Position
from broker.agencies.terms import read_area
from broker.errors import SetupProblem
from broker.settings.sections import NetworkSettings
from broker.settings.values import Box


class Area(Protocol):
    """Somewhere on Earth."""

    def contains(self, lat: float, lon: float) -> bool: ...

    @property
    def bounds(self) -> Box | None:
        """A box that holds all of it, None where it lies over the antimeridian."""
        ...


@dataclass(frozen=True)
class BoxArea:
    """`[min_lon, min_lat, max_lon, max_lat]`; over the antimeridian where the first longitude is the greater."""

    box: Box

    def contains(self, lat: float, lon: float) -> bool:
        min_lon, min_lat, max_lon, max_lat = self.box
        if not min_lat <= lat <= max_lat:
            return False
        if min_lon <= max_lon:
            return min_lon <= lon <= max_lon
        return lon >= min_lon or lon <= max_lon

    @property
    def bounds(self) -> Box | None:
        return self.box if self.box[0] <= self.box[2] else None


class PolygonArea:
    """Polygons of a GeoJSON file."""

    def __init__(self, file: Path) -> None:
        self._outline = shape(read_area(file))
        shapely.prepare(self._outline)

    def contains(self, lat: float, lon: float) -> bool:
        return bool(shapely.intersects_xy(self._outline, lon, lat))

    @property
    def bounds(self) -> Box | None:
        west, south, east, north = map(float, self._outline.bounds)
        return west, south, east, north


def area_of(network: NetworkSettings, base_dir: Path) -> Area | None:
    """The network's declared area, None without one; `Misconfigured` where its file cannot be used."""
    if network.area is None:
        return None
    if isinstance(network.area, tuple):
        return BoxArea(network.area)
    try:
        return PolygonArea(base_dir / network.area)
    except SetupProblem as problem:
        raise Misconfigured(str(problem)) from problem


def why_outside(area: Area, position: Position) -> str | None:
    """Why a camera cannot stand there, for a person; None where it can."""
    lat, lon = position.lat, position.lon
    if area.contains(lat, lon):
        return None
    swapped = abs(lon) <= 90 and area.contains(lon, lat)
    hint = "; lat and lon look swapped" if swapped else ""
    return f"lat {lat:g}, lon {lon:g} is outside the network's area{hint}"
