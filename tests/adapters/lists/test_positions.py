"""Coordinates are read as lists write them and believed only where they can be true."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.models import Position
from adapters.lists.config import Area
from adapters.lists.positions import distance_m, read_coordinates, read_distance, read_number, split_lat_lon
from adapters.lists.rows import Unusable

PARIS = Area(min_lon=2.2, min_lat=48.8, max_lon=2.5, max_lat=48.95)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", None),
        ("48.85", 48.85),
        ("48,85", 48.85),
        ("-2", -2),
        ("−2,5", -2.5),
        (".5", 0.5),
        ("1e-3", 0.001),
    ],
)
def test_numbers_are_read_with_point_or_comma(text: str, number: float | None) -> None:
    assert read_number(text, "lat") == number


@pytest.mark.parametrize(
    "text", ["nan", "NaN", "inf", "-inf", "1_000", "1,234.5", "٣", "48°51'", "0x1", "1e999"]
)
def test_what_is_no_finite_number_is_refused_by_name(text: str) -> None:
    with pytest.raises(Unusable, match="lat is"):
        read_number(text, "lat")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_python_writes_is_read_back(number: float) -> None:
    assert read_number(repr(number), "x") == number


def test_a_distance_is_not_negative() -> None:
    assert read_distance("0", "range") == 0
    with pytest.raises(Unusable, match="below 0"):
        read_distance("-1", "range")


@pytest.mark.parametrize("text", ["48.85, 2.35", "48.85,2.35", "48,85; 2,35", "48,85 2,35", " 48.85;2.35 "])
def test_two_numbers_in_one_column_are_told_apart(text: str) -> None:
    lat, lon = split_lat_lon(text)
    assert (read_number(lat, "lat"), read_number(lon, "lon")) == (48.85, 2.35)


@pytest.mark.parametrize("text", ["48.85", "48,85,2,35", "1 2 3", ";"])
def test_one_column_with_other_than_two_numbers_is_refused(text: str) -> None:
    with pytest.raises(Unusable, match="lat_lon"):
        split_lat_lon(text)


@pytest.mark.parametrize(
    ("lat", "lon", "area", "reason"),
    [
        ("91", "2", None, r"lat 91 is out of range, -90 to 90; lat and lon look swapped"),
        ("91", "100", None, r"lat 91 is out of range, -90 to 90$"),
        ("48", "181", None, r"lon 181 is out of range, -180 to 180$"),
        ("2.35", "48.85", PARIS, "outside the network's area; lat and lon look swapped"),
        ("43.6", "1.44", PARIS, "outside the network's area$"),
        ("48.85", "", None, "has a lat but no lon"),
        ("", "2.35", None, "has a lon but no lat"),
    ],
)
def test_coordinates_that_cannot_be_true_are_refused(
    lat: str, lon: str, area: Area | None, reason: str
) -> None:
    with pytest.raises(Unusable, match=reason):
        read_coordinates(lat, lon, area)


def test_what_may_lie_outside_the_area_is_refused_only_where_it_looks_swapped() -> None:
    assert read_coordinates("43.6", "1.44", PARIS, outside_allowed=True) == (43.6, 1.44)
    with pytest.raises(Unusable, match="swapped"):
        read_coordinates("2.35", "48.85", PARIS, outside_allowed=True)
    with pytest.raises(Unusable, match="out of range"):
        read_coordinates("100", "48.85", PARIS, outside_allowed=True)


@pytest.mark.parametrize(("lat", "lon"), [("", ""), ("0", "0"), ("0,0", "-0.0")])
def test_no_coordinates_and_zeros_are_unknown(lat: str, lon: str) -> None:
    assert read_coordinates(lat, lon, PARIS) is None


@pytest.mark.parametrize(("lat", "lon"), [("0", "9.45"), ("51.48", "0")])
def test_the_equator_and_the_meridian_of_greenwich_are_places(lat: str, lon: str) -> None:
    assert read_coordinates(lat, lon, None) == (float(lat), float(lon))


def test_a_degree_of_latitude_is_a_hundred_and_eleven_kilometres() -> None:
    measured = distance_m(Position(lat=48, lon=2), Position(lat=49, lon=2))
    assert math.isclose(measured, 6_371_008.8 * math.pi / 180, rel_tol=1e-9)


points = st.builds(Position, lat=st.floats(-90, 90), lon=st.floats(-180, 180))


@given(points, points)
def test_distance_agrees_with_the_angle_between_unit_vectors(here: Position, there: Position) -> None:
    def vector(point: Position) -> tuple[float, float, float]:
        lat, lon = math.radians(point.lat), math.radians(point.lon)
        return math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)

    chord = math.dist(vector(here), vector(there))
    expected = 2 * 6_371_008.8 * math.asin(min(1.0, chord / 2))
    assert math.isclose(distance_m(here, there), expected, rel_tol=1e-6, abs_tol=1.0)
