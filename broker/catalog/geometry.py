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


def lengths_m(lines_m: Floats) -> Floats:
    """Lengths of straight lines, shape (n, 3)."""
    return np.asarray(np.sqrt(np.vecdot(lines_m, lines_m)))


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


def horizontal_directions(lats_deg: Floats, lons_deg: Floats, bearings_deg: Floats) -> Floats:
    """Unit vectors, shape (n, 3), that leave points on the ellipsoid horizontally at these bearings."""
    lats, lons, bearings = np.radians(lats_deg), np.radians(lons_deg), np.radians(bearings_deg)
    north, east = np.cos(bearings), np.sin(bearings)
    return np.column_stack(
        (
            -east * np.sin(lons) - north * np.sin(lats) * np.cos(lons),
            east * np.cos(lons) - north * np.sin(lats) * np.sin(lons),
            north * np.cos(lats),
        )
    )
