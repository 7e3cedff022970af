"""Compiled loops say what the plain formulas say."""

from datetime import timedelta

import numpy as np
import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import assume, example, given
from hypothesis import strategies as st
from shapely import box

from adapters.contract.models import Interval, Position
from broker.catalog.geometry import NEAR_M, geocentric_point_m
from broker.catalog.index.judging import bearing_deg
from broker.catalog.index.kernels import arcs_m
from broker.catalog.index.preparing import KERNELS, prepare
from broker.catalog.questions import Along, Area, Box, Question, Radius, Sort, Within
from tests.broker.catalog.catalogs import catalog_camera
from tests.broker.catalog.index.indexes import ask, index_of
from tests.world import NOW

LATS = st.floats(-90, 90)
LONS = st.floats(-180, 180)


@pytest.fixture(autouse=True, scope="module")
def compiled() -> None:
    """What is called alone here only is compiled too, before anything is timed."""
    prepare()
    bearings((0.0, 0.0), (0.0, 1.0))


def bearings(at: tuple[float, float], to: tuple[float, float]) -> tuple[float, float]:
    """There and back."""
    start, end = np.array([geocentric_point_m(*at)]), np.array([geocentric_point_m(*to)])
    there, back = bearing_deg(end[0], start[0]), bearing_deg(start[0], end[0])
    return float(there), float(back)


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


@given(lat=st.floats(-85, 85), lon=LONS, heading_deg=st.floats(0, 360), away_m=st.floats(10, 5_000))
def test_a_bearing_of_what_is_close_is_right_to_a_hundredth_of_a_degree(
    lat: float, lon: float, heading_deg: float, away_m: float
) -> None:
    there = Geodesic.WGS84.Direct(lat, lon, heading_deg, away_m)
    found, back = bearings((lat, lon), (there["lat2"], there["lon2"]))
    assert abs((found - heading_deg + 180) % 360 - 180) < 0.01
    assert abs((back - there["azi2"]) % 360 - 180) < 0.01


@pytest.mark.parametrize(("to", "bearing"), [((1, 0), 0), ((0, 1), 90), ((-1, 0), 180), ((0, -1), 270)])
def test_bearings_run_clockwise_from_true_north(to: tuple[float, float], bearing: float) -> None:
    assert bearings((0.0, 0.0), to)[0] == pytest.approx(bearing)


@given(LATS, LONS, st.floats(0, 360), st.floats(0, NEAR_M))
def test_the_arc_over_a_near_chord_is_right_to_two_millionths(
    lat: float, lon: float, heading_deg: float, away_m: float
) -> None:
    there = Geodesic.WGS84.Direct(lat, lon, heading_deg, away_m)
    points = np.array([geocentric_point_m(there["lat2"], there["lon2"]), geocentric_point_m(lat, lon)])
    arcs, far = arcs_m(np.array([1, 0]), points, points[1:])
    assert arcs.tolist() == [0.0, pytest.approx(away_m, rel=2e-6, abs=1e-6)]
    assert far.tolist() == []


def test_what_is_too_far_for_an_arc_is_told() -> None:
    points = np.array([geocentric_point_m(0.0, lon) for lon in (0.0, 0.89, 0.91, 0.0, 180.0)])
    assert arcs_m(np.arange(5), points, points[:1])[1].tolist() == [2, 4]


AREAS: tuple[Area | None, ...] = (
    Radius(48.8809, 2.3553, 300),
    Radius(48.8809, 2.3553, 300_000),
    Box(2.3, 48.8, 2.4, 48.9),
    Within(box(2.3, 48.8, 2.4, 48.9)),
    Along(((2.35, 48.88), (2.36, 48.88)), 500),
    None,
)


def test_nobody_waits_for_a_compiler() -> None:
    """After `prepare` no question meets types that were not compiled for."""
    signatures = {kernel: len(kernel.signatures) for kernel in KERNELS}
    assert all(signatures.values())
    by_place = {"position": None, "place_position": Position(lat=48.8809, lon=2.3553, accuracy_m=30)}
    index = index_of([catalog_camera("own", 48.8809, 2.3553), catalog_camera("placed", **by_place)])
    interval = Interval(start=NOW - timedelta(hours=1), end=NOW)
    for area in AREAS:
        for sort in Sort:
            assert len(ask(index, Question(area=area, as_of=NOW, limit=2, sort=sort)).hits) == 2
            ask(index, Question(area=area, as_of=NOW, limit=2, sees=area is not None, interval=interval))
    assert {kernel: len(kernel.signatures) for kernel in KERNELS} == signatures
