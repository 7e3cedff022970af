"""Distances, bearings and view sectors over arrays of points. WGS 84; degrees in, metres and degrees out.

Points are kept as earth-centred, earth-fixed coordinates on the ellipsoid: there a pole and the antimeridian are
places like any other, and what is near is a straight line away.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bytes = NDArray[np.int8]

EQUATORIAL_RADIUS_M: Final = 6_378_137.0
FLATTENING: Final = 1 / 298.257223563
SQUARED_ECCENTRICITY: Final = FLATTENING * (2 - FLATTENING)
MEAN_RADIUS_M: Final = 6_371_008.8
NEAR_M: Final = 100_000.0
"""So far a chord gives the arc to 1e-6, and the meridians' convergence the bearing back to 0.001 degrees."""

_TO_NORMAL: Final = np.array([1.0, 1.0, 1 / (1 - SQUARED_ECCENTRICITY)])

SEES: Final = 1
SEES_NOT: Final = 0
UNKNOWN: Final = -1


def geocentric_m(lats_deg: Floats, lons_deg: Floats) -> Floats:
    """Points on the ellipsoid in earth-centred, earth-fixed coordinates, shape (n, 3)."""
    lats, lons = np.radians(lats_deg), np.radians(lons_deg)
    normal_m = EQUATORIAL_RADIUS_M / np.sqrt(1 - SQUARED_ECCENTRICITY * np.sin(lats) ** 2)
    across_m = normal_m * np.cos(lats)
    up_m = normal_m * (1 - SQUARED_ECCENTRICITY) * np.sin(lats)
    return np.column_stack((across_m * np.cos(lons), across_m * np.sin(lons), up_m))


def geocentric_point_m(lat_deg: float, lon_deg: float) -> tuple[float, float, float]:
    """`geocentric_m` of one point."""
    lat, lon = math.radians(lat_deg), math.radians(lon_deg)
    normal_m = EQUATORIAL_RADIUS_M / math.sqrt(1 - SQUARED_ECCENTRICITY * math.sin(lat) ** 2)
    across_m = normal_m * math.cos(lat)
    return (
        across_m * math.cos(lon),
        across_m * math.sin(lon),
        normal_m * (1 - SQUARED_ECCENTRICITY) * math.sin(lat),
    )


def arc_m(chords_m: Floats) -> Floats:
    """Geodesic lengths of chords of at most `NEAR_M`."""
    return chords_m * (1 + chords_m * chords_m * (1 / (24 * MEAN_RADIUS_M**2)))


def distance_m(
    lat_deg: float | Floats, lon_deg: float | Floats, lats_deg: Floats, lons_deg: Floats
) -> Floats:
    """Geodesic distances from the first to the second point(s), broadcast; NaN where a coordinate is NaN.

    Lambert's formula for long lines on reduced latitudes; below 0.01 % of a Vincenty or Karney solution
    except close to the antipode, where the plain sphere's error of 0.5 % remains.
    """
    latitude = np.arctan((1 - FLATTENING) * np.tan(np.radians(lat_deg)))
    latitudes = np.arctan((1 - FLATTENING) * np.tan(np.radians(lats_deg)))
    half_lon = np.radians(lons_deg - lon_deg) / 2
    haversine = (
        np.sin((latitudes - latitude) / 2) ** 2 + np.cos(latitude) * np.cos(latitudes) * np.sin(half_lon) ** 2
    )
    angle = 2 * np.arcsin(np.sqrt(np.clip(haversine, 0.0, 1.0)))
    middle, half = (latitudes + latitude) / 2, (latitudes - latitude) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        x = (angle - np.sin(angle)) * (np.sin(middle) * np.cos(half) / np.cos(angle / 2)) ** 2
        y = (angle + np.sin(angle)) * (np.cos(middle) * np.sin(half) / np.sin(angle / 2)) ** 2
    correction = np.where((angle > 1e-12) & (angle < 3.1), FLATTENING / 2 * (x + y), 0.0)
    mean_radius_m = EQUATORIAL_RADIUS_M * np.where(angle < 3.1, 1.0, 1 - FLATTENING / 3)
    return np.asarray(mean_radius_m * (angle - correction))


def bearings_deg(from_m: Floats, to_m: Floats) -> Floats:
    """Bearings, in [0, 360), of points seen from others: shapes (n, 3) or (1, 3), broadcast.

    The azimuth of the normal section: the horizontal direction of the straight line between them.
    """
    if len(from_m) == 1:
        return _bearings_from_one(from_m[0], to_m)
    line, normal = to_m - from_m, from_m * _TO_NORMAL
    square = np.einsum("ij,ij->i", normal, normal)
    east = np.sqrt(square) * (normal[:, 0] * line[:, 1] - normal[:, 1] * line[:, 0])
    north = line[:, 2] * square - np.einsum("ij,ij->i", line, normal) * normal[:, 2]
    bearings = np.degrees(np.arctan2(east, north)) % 360.0
    bearings[bearings == 360.0] = 0.0  # what a tiny negative angle rounds to
    return np.asarray(bearings)


def _bearings_from_one(from_m: Floats, to_m: Floats) -> Floats:
    """The same from one point, whose horizontal directions are worked out once."""
    x, y, z = (from_m * _TO_NORMAL).tolist()
    across = math.hypot(x, y)
    size = math.hypot(across, z)
    cos_lon, sin_lon = (x / across, y / across) if across > 0 else (1.0, 0.0)
    cos_lat, sin_lat = across / size, z / size
    east_north = np.array(
        [[-sin_lon, -sin_lat * cos_lon], [cos_lon, -sin_lat * sin_lon], [0.0, cos_lat]], np.float64
    )
    line = (to_m - from_m) @ east_north
    bearings = np.degrees(np.arctan2(line[:, 0], line[:, 1])) % 360.0
    bearings[bearings == 360.0] = 0.0  # what a tiny negative angle rounds to
    return np.asarray(bearings)


def views_see(
    headings_deg: Floats, half_fovs_deg: Floats, ranges_m: Floats, bearings_deg: Floats, distances_m: Floats
) -> Bytes:
    """For each view sector, whether it holds the point at that bearing and distance from its camera.

    All of shape (m,), NaN where unknown; a panoramic view has heading 0 and half an angle of 180. 1 yes, 0 no,
    -1 unknown. Yes needs a stated angle and range.
    """
    off_axis_deg = np.abs((bearings_deg - headings_deg + 180) % 360 - 180)
    seen = np.full(len(half_fovs_deg), UNKNOWN, np.int8)
    seen[(off_axis_deg > half_fovs_deg) | (distances_m > ranges_m)] = SEES_NOT
    seen[(off_axis_deg <= half_fovs_deg) & (distances_m <= ranges_m)] = SEES
    return seen
