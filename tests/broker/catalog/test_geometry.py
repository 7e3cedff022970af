"""Distances and bearings against Karney's geodesics, as geographiclib computes them."""

import math

import numpy as np
import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import assume, example, given
from hypothesis import strategies as st

from broker.catalog.geometry import NEAR_M, arc_m, bearings_deg, distance_m, geocentric_m, geocentric_point_m


def bearings(at: tuple[float, float], to: tuple[float, float]) -> tuple[float, float]:
    """There, as from one point to several, and back, as from several points to one."""
    start, end = np.array([geocentric_point_m(*at)]), np.array([geocentric_point_m(*to)])
    many = np.concatenate((end, end))
    there, back = bearings_deg(start, many), bearings_deg(many, start)
    assert there[0] == there[1] and back[0] == back[1]
    return float(there[0]), float(back[0])


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


@example(lat=84.0, lon=1.0, heading_deg=0.0, away_m=781834.0)  # a hair west of north is not 360
@given(lat=st.floats(-85, 85), lon=LONS, heading_deg=st.floats(0, 360), away_m=st.floats(1, 5_000_000))
def test_a_bearing_is_right_to_a_third_of_a_degree(
    lat: float, lon: float, heading_deg: float, away_m: float
) -> None:
    there = Geodesic.WGS84.Direct(lat, lon, heading_deg, away_m)
    assume(abs(there["lat2"]) < 89)
    found, back = bearings((lat, lon), (there["lat2"], there["lon2"]))
    assert 0 <= found < 360 and 0 <= back < 360
    assert abs((found - heading_deg + 180) % 360 - 180) < 1 / 3
    assert abs((back - there["azi2"]) % 360 - 180) < 1 / 3


@pytest.mark.parametrize(("to", "bearing"), [((1, 0), 0), ((0, 1), 90), ((-1, 0), 180), ((0, -1), 270)])
def test_bearings_run_clockwise_from_true_north(to: tuple[float, float], bearing: float) -> None:
    assert bearings((0.0, 0.0), to)[0] == pytest.approx(bearing)


@given(LATS, LONS)
def test_one_point_is_where_many_are(lat: float, lon: float) -> None:
    many = geocentric_m(np.array([lat, lat]), np.array([lon, lon]))
    assert np.allclose(many, geocentric_point_m(lat, lon), atol=1e-6)


@given(LATS, LONS, st.floats(0, 360), st.floats(0.01, NEAR_M))
def test_the_arc_over_a_near_chord_is_right_to_a_millionth(
    lat: float, lon: float, heading_deg: float, away_m: float
) -> None:
    there = Geodesic.WGS84.Direct(lat, lon, heading_deg, away_m)
    line = np.subtract(geocentric_point_m(there["lat2"], there["lon2"]), geocentric_point_m(lat, lon))
    assert float(arc_m(np.linalg.norm(line))) == pytest.approx(away_m, rel=2e-6, abs=1e-6)
