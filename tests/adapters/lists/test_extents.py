"""A line or an area stands at the middle of its extent, and its reach holds every vertex."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.lists.extents import extent_of
from adapters.lists.positions import arc_m
from adapters.lists.rows import Unusable

LINE = [[2.35, 48.85], [2.36, 48.86], [2.38, 48.855]]
RING = [[2.0, 48.0], [2.4, 48.0], [2.4, 48.2], [2.0, 48.2], [2.0, 48.0]]
HOLE = [[2.1, 48.1], [2.2, 48.1], [2.2, 48.15], [2.1, 48.1]]


def of(kind: str, coordinates: Any) -> dict[str, Any]:
    return {"type": kind, "coordinates": coordinates}


@pytest.mark.parametrize(
    ("geometry", "middle"),
    [
        (of("LineString", LINE), (48.855, 2.365)),
        (of("MultiLineString", [LINE[:2], LINE[1:]]), (48.855, 2.365)),
        (of("MultiPoint", LINE), (48.855, 2.365)),
        (of("Polygon", [RING, HOLE]), (48.1, 2.2)),
        (of("MultiPolygon", [[RING], [[[3.0, 48.0], [3.1, 48.4], [3.0, 48.4], [3.0, 48.0]]]]), (48.2, 2.55)),
        (
            {"type": "GeometryCollection", "geometries": [of("Point", [2.0, 48.0]), of("LineString", LINE)]},
            (48.43, 2.19),
        ),
        (of("LineString", [[2.35, 48.85, 33.0], [2.37, 48.85, 40.0]]), (48.85, 2.36)),
    ],
)
def test_a_shape_stands_at_the_middle_of_its_extent(
    geometry: dict[str, Any], middle: tuple[float, float]
) -> None:
    assert extent_of(geometry)[:2] == pytest.approx(middle)


def test_what_lies_on_both_sides_of_the_antimeridian_is_found_there() -> None:
    island = of(
        "MultiPolygon", [[[[179.0, -17], [180.0, -16], [179.0, -17]]], [[[-180.0, -16], [-179.0, -17]]]]
    )
    lat, lon, spread_m = extent_of(island)
    assert (lat, abs(lon)) == pytest.approx((-16.5, 180.0))
    assert spread_m < 150_000


@given(st.lists(st.tuples(st.floats(-179, 179), st.floats(-89, 89)), min_size=1, max_size=30))
def test_no_vertex_is_farther_than_the_shape_is_said_to_reach(points: list[tuple[float, float]]) -> None:
    lat, lon, spread_m = extent_of(of("LineString", [list(point) for point in points]))
    assert -90 <= lat <= 90 and -180 <= lon <= 180
    assert all(arc_m(lat, lon, y, x) <= spread_m for x, y in points)


@given(
    west=st.floats(-180, 180, exclude_max=True),
    width=st.floats(0.001, 90),
    inside=st.lists(st.floats(0, 1), max_size=20),
)
def test_the_middle_lies_half_way_between_the_outermost_meridians_wherever_they_are(
    west: float, width: float, inside: list[float]
) -> None:
    lons = [(west + share * width + 180) % 360 - 180 for share in (0, 1, *inside)]
    middle = extent_of(of("LineString", [[lon, 10.0] for lon in lons])).lon
    assert arc_m(0.0, middle, 0.0, west + width / 2) < 0.01


@pytest.mark.parametrize(
    ("geometry", "reason"),
    [
        ({}, "not readable"),
        (of("Circle", [2, 48]), "its geometry is Circle"),
        (of("LineString", []), "has no coordinates"),
        (of("LineString", None), "not nested"),
        (of("LineString", 3), "not nested"),
        (of("Polygon", LINE), "no longitude and latitude"),
        (of("LineString", [RING]), "not numbers"),
        (of("LineString", [[2.35]]), "no longitude and latitude"),
        (of("LineString", [["2.35", "48.85"]]), "not numbers"),
        (of("LineString", [[True, False]]), "not numbers"),
        (of("LineString", [[float("nan"), 48.0]]), "out of range"),
        (of("LineString", [[2.35, 10**400]]), "out of range"),
        (of("LineString", [[48.85, 2.35], [2.35, 148.85]]), "out of range"),
        ({"type": "GeometryCollection"}, "has no coordinates"),
        ({"type": "GeometryCollection", "geometries": ["x"]}, "no geometry"),
        (
            {"type": "GeometryCollection", "geometries": [{"type": "GeometryCollection"}]},
            "another collection",
        ),
    ],
)
def test_a_shape_that_cannot_be_read_says_why(geometry: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unusable, match=reason):
        extent_of(geometry)
