"""Distances and bearings against Karney's geodesics, as geographiclib computes them."""

import math

import numpy as np
import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import given
from hypothesis import strategies as st

from broker.catalog.geometry import (
    distance_m,
    geocentric_m,
    geocentric_point_m,
    horizontal_directions,
)

LATS = st.floats(-90, 90) | st.sampled_from([-90.0, 0.0, 90.0])
LONS = st.floats(-180, 180) | st.sampled_from([-180.0, 0.0, 180.0])


def geodesic(lat: float, lon: float, other_lat: float, other_lon: float) -> tuple[float, float]:
    """Metres and initial bearing."""
    line = Geodesic.WGS84.Inverse(lat, lon, other_lat, other_lon)
    return line["s12"], line["azi1"] % 360


def ours(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    return float(distance_m(lat, lon, np.array([other_lat]), np.array([other_lon]))[0])


@given(LATS, LONS, LATS, LONS)
def test_a_distance_is_right_to_half_a_percent_anywhere(
    lat: float, lon: float, other_lat: float, other_lon: float
) -> None:
    true_m, _ = geodesic(lat, lon, other_lat, other_lon)
    assert ours(lat, lon, other_lat, other_lon) == pytest.approx(true_m, rel=0.005, abs=1e-3)


@given(LATS, LONS, st.floats(0, 360), st.floats(0, 10_000))
def test_a_distance_below_ten_kilometres_is_right_to_a_thousandth(
    lat: float, lon: float, heading_deg: float, away_m: float
) -> None:
    there = Geodesic.WGS84.Direct(lat, lon, heading_deg, away_m)
    found_m = ours(lat, lon, there["lat2"], there["lon2"])
    assert found_m == pytest.approx(away_m, rel=0.001, abs=1e-3)


@pytest.mark.parametrize(("lat", "lon"), [(0.0, 179.5), (30.0, -150.5), (0.3, 179.9), (-45.0, 180.0)])
def test_a_distance_to_the_other_side_of_the_earth_is_right_to_half_a_percent(lat: float, lon: float) -> None:
    for from_lat in (-lat, -lat + 0.2, -lat - 0.2):
        true_m, _ = geodesic(from_lat, 0.0, lat, lon)
        assert ours(from_lat, 0.0, lat, lon) == pytest.approx(true_m, rel=0.005)


def test_distances_are_unknown_where_a_position_is() -> None:
    found = distance_m(48.0, 2.0, np.array([np.nan, 48.0]), np.array([np.nan, 2.0]))
    assert math.isnan(found[0])
    assert found[1] == 0.0


@given(LATS, LONS)
def test_one_point_is_where_many_are(lat: float, lon: float) -> None:
    many = geocentric_m(np.array([lat, lat]), np.array([lon, lon]))
    assert np.allclose(many, geocentric_point_m(lat, lon), atol=1e-6)


@given(LATS, LONS, st.floats(0, 360), st.floats(1, 1000))
def test_a_horizontal_direction_points_where_its_bearing_leads(
    lat: float, lon: float, heading_deg: float, away_m: float
) -> None:
    there = Geodesic.WGS84.Direct(lat, lon, heading_deg, away_m)
    line = np.subtract(geocentric_point_m(there["lat2"], there["lon2"]), geocentric_point_m(lat, lon))
    (direction,) = horizontal_directions(np.array([lat]), np.array([lon]), np.array([heading_deg]))
    assert float(direction @ line) == pytest.approx(away_m, rel=1e-4, abs=1e-5)
    assert float(np.linalg.norm(direction)) == pytest.approx(1.0)
