"""The nearest point of a line, by a plane around the camera and Karney's formulas: no chords, no pieces."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from geographiclib.geodesic import Geodesic

Corner = tuple[float, float]
MERIDIAN_M = 6_335_439.0
"""Radius of curvature of a meridian at the equator; with the squared eccentricity, at any latitude."""
SQUARED_ECCENTRICITY = 0.0066943799901


@dataclass(frozen=True)
class Nearest:
    """A point of a line. `bearing_deg` leads from it to the camera, `back_deg` from the camera to it."""

    distance_m: float
    along_m: float
    bearing_deg: float
    back_deg: float

    @property
    def unsure_m(self) -> float:
        """How far off a plane may put the point."""
        return 0.15 + 0.002 * self.distance_m


def nearest_points(points_deg: Sequence[Corner], lat: float, lon: float) -> list[Nearest]:
    """The nearest point of each of the line's runs, nearest first. Corners are (longitude, latitude)."""
    walked_m, found = 0.0, []
    for start, end in pairwise(points_deg):
        east = start[0] + (end[0] - start[0] + 180) % 360 - 180  # the shorter way round
        share = _nearest_share(start, (east, end[1]), lat, lon)
        at = (start[1] + share * (end[1] - start[1]), start[0] + share * (east - start[0]))
        line = Geodesic.WGS84.Inverse(*at, lat, lon)
        begun_m = Geodesic.WGS84.Inverse(start[1], start[0], *at)["s12"]
        back_deg = (line["azi2"] + 180) % 360
        found.append(Nearest(line["s12"], walked_m + begun_m, line["azi1"] % 360, back_deg))
        walked_m += Geodesic.WGS84.Inverse(start[1], start[0], end[1], east)["s12"]
    return sorted(found, key=lambda one: (one.distance_m, one.along_m))


def _nearest_share(start: Corner, end: Corner, lat: float, lon: float) -> float:
    """How much of the run lies before the point that is nearest, in the plane that touches the earth at the camera."""
    thinness = 1 - SQUARED_ECCENTRICITY * math.sin(math.radians(lat)) ** 2
    north_m = math.radians(MERIDIAN_M / thinness**1.5)
    east_m = math.radians(6_378_137.0 / math.sqrt(thinness) * math.cos(math.radians(lat)))
    from_lon = (start[0] - lon + 180) % 360 - 180
    x, y = from_lon * east_m, (start[1] - lat) * north_m
    run_x, run_y = (end[0] - start[0]) * east_m, (end[1] - start[1]) * north_m
    square = run_x**2 + run_y**2
    return 0.0 if square == 0 else min(1.0, max(0.0, -(x * run_x + y * run_y) / square))
