"""Where a question looks: circles, boxes, polygons and lines, at poles and across the antimeridian too."""

from itertools import pairwise

import numpy as np
import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely import Polygon, box

from adapters.contract.models import Position
from broker.catalog.models import Camera
from broker.catalog.questions import Along, Area, Box, Question, Radius, Within
from tests.broker.catalog.catalogs import catalog_camera
from tests.broker.catalog.index.indexes import ask, index_of
from tests.world import NOW

EDGE_LATS = [-90.0, -85.06, 0.0, 85.06, 90.0]
EDGE_LONS = [-180.0, -179.9999, 0.0, 179.9999, 180.0]
POINTS = st.tuples(
    st.floats(-90, 90) | st.sampled_from(EDGE_LATS), st.floats(-180, 180) | st.sampled_from(EDGE_LONS)
)


def found(cameras: list[Camera], area: Area) -> dict[str, float | None]:
    """Native id → distance, in the order of the answer."""
    hits = ask(index_of(cameras), Question(area=area, as_of=NOW, limit=1000)).hits
    return {hit.camera_id.partition(":")[2]: hit.distance_m for hit in hits}


@st.composite
def anywhere(draw: st.DrawFn, centre: tuple[float, float]) -> list[Camera]:
    """Cameras all over the earth and close to the centre."""
    points = draw(st.lists(POINTS, max_size=15))
    for heading, away_m in draw(
        st.lists(st.tuples(st.floats(0, 360), st.floats(0, 30_000) | st.floats(0, 2e6)), max_size=10)
    ):
        there = Geodesic.WGS84.Direct(*centre, heading, away_m)
        points.append((there["lat2"], max(-180.0, min(180.0, there["lon2"]))))
    return [catalog_camera(f"c{n}", lat, lon) for n, (lat, lon) in enumerate(points)]


@st.composite
def radius_cases(draw: st.DrawFn) -> tuple[list[Camera], Radius]:
    centre = draw(POINTS)
    radius_m = draw(st.floats(0.5, 3000) | st.floats(1, 200_000) | st.floats(1, 20_100_000))
    return draw(anywhere(centre)), Radius(*centre, radius_m)


@settings(deadline=None)
@given(radius_cases())
def test_a_radius_finds_what_is_within_it_anywhere_on_earth(case: tuple[list[Camera], Radius]) -> None:
    cameras, area = case
    distances = found(cameras, area)
    for camera in cameras:
        assert camera.position is not None
        true_m = Geodesic.WGS84.Inverse(area.lat_deg, area.lon_deg, camera.position.lat, camera.position.lon)[
            "s12"
        ]
        if true_m <= area.radius_m * 0.995 - 1e-3:
            assert camera.name in distances, camera
        if true_m > area.radius_m * 1.005 + 1e-3:
            assert camera.name not in distances, camera
    assert list(distances.values()) == sorted(distances.values(), key=lambda metres: metres or 0.0)


@settings(deadline=None)
@given(POINTS, st.floats(0, 2) | st.floats(0, 180), st.floats(0, 2) | st.floats(0, 360), st.data())
def test_a_box_finds_what_is_within_it_anywhere_on_earth(
    corner: tuple[float, float], height: float, width: float, data: st.DataObject
) -> None:
    south, west = corner
    east = west + width
    area = Box(west, south, east if east <= 180 else max(-180.0, east - 360), min(90.0, south + height))
    cameras = data.draw(anywhere(((area.south_deg + area.north_deg) / 2, west)))
    wanted = set()
    for camera in cameras:
        assert camera.position is not None
        lat, lon = camera.position.lat, camera.position.lon
        end = area.east_deg + (0 if area.east_deg >= area.west_deg else 360)
        if area.south_deg <= lat <= area.north_deg:
            wanted |= {camera.name for turn in (-360, 0, 360) if area.west_deg <= lon + turn <= end}
            assume(all(abs(lon + turn - end) > 1e-9 for turn in (-360, 0, 360)) or lon in EDGE_LONS)
    assert set(found(cameras, area)) == wanted


@pytest.mark.parametrize(
    ("area", "inside", "outside"),
    [
        (Radius(10, 180.0, 20_000), (10.0, -179.9), (10.0, 179.0)),
        (Radius(90.0, 0.0, 1_200_000), (80.0, 170.0), (79.0, 10.0)),
        (Box(179.0, 0.0, -179.0, 10.0), (5.0, -179.5), (5.0, 178.9)),
        (Box(179.0, 0.0, 180.0, 10.0), (5.0, -180.0), (5.0, -179.9)),
        (Within(box(179.0, 0.0, 180.0, 10.0)), (5.0, -180.0), (5.0, -179.9)),
        (Along(((179.9, 10.0), (-179.9, 10.0)), 500), (10.001, 180.0), (10.001, 179.0)),
        (Along(((0.0, 89.9), (180.0, 89.9)), 30_000), (90.0, 77.0), (89.5, 90.0)),
    ],
)
def test_the_antimeridian_and_the_poles_are_places_like_any_other(
    area: Area, inside: tuple[float, float], outside: tuple[float, float]
) -> None:
    assert set(found([catalog_camera("in", *inside), catalog_camera("out", *outside)], area)) == {"in"}


def test_a_hole_is_outside_and_its_edge_inside() -> None:
    ring = Polygon(box(0, 0, 10, 10).exterior, [box(4, 4, 6, 6).exterior.coords])
    cameras = [
        catalog_camera("in", 2.0, 2.0),
        catalog_camera("hole", 5.0, 5.0),
        catalog_camera("edge", 4.0, 5.0),
    ]
    assert set(found(cameras, Within(ring))) == {"in", "edge"}


def test_a_camera_known_by_its_place_is_near_as_far_as_the_places_uncertainty_reaches() -> None:
    def placed(name: str, accuracy_m: float | None) -> Camera:
        place = Position(lat=48.0, lon=2.0027, accuracy_m=accuracy_m)  # about 201 m east
        return catalog_camera(name, place_position=place)

    cameras = [placed("vague", 150.0), placed("exact", None), placed("less", 50.0)]
    own = catalog_camera("own", position=Position(lat=48.0, lon=2.0027, accuracy_m=150.0))
    assert set(found([*cameras, own], Radius(48.0, 2.0, 100.0))) == {"vague"}
    assert set(found([*cameras, own], Radius(48.0, 2.0, 160.0))) == {"vague", "less"}
    along = Along(((2.0, 47.99), (2.0, 48.01)), 100.0)
    assert set(found([*cameras, own], along)) == {"vague"}
    assert len(found([*cameras, own], Radius(48.0, 2.0, 210.0))) == 4


LINES = st.lists(
    st.tuples(st.floats(2.30, 2.40), st.floats(48.85, 48.90)), min_size=2, max_size=8, unique=True
)


@settings(deadline=None, max_examples=60)
@given(
    LINES, st.floats(5, 800), st.lists(st.tuples(st.floats(2.30, 2.40), st.floats(48.85, 48.90)), max_size=12)
)
def test_along_a_line_cameras_come_in_its_direction_with_their_distance_to_it(
    points: list[tuple[float, float]], buffer_m: float, stands: list[tuple[float, float]]
) -> None:
    """Against a fine chain of points on the line, measured by Karney's formulas."""
    cameras = [catalog_camera(f"c{n}", lat, lon) for n, (lon, lat) in enumerate(stands)]
    area = Along(tuple(points), buffer_m)
    hits = ask(index_of(cameras), Question(area=area, as_of=NOW, limit=1000)).hits
    chain, walked = [], 0.0
    for (lon, lat), (next_lon, next_lat) in pairwise(points):
        length = Geodesic.WGS84.Inverse(lat, lon, next_lat, next_lon)["s12"]
        for share in np.linspace(0, 1, 40):
            chain.append(
                (lat + share * (next_lat - lat), lon + share * (next_lon - lon), walked + share * length)
            )
        walked += length
    step_m = walked / 20
    by_name = {hit.camera_id.partition(":")[2]: hit for hit in hits}
    for camera in cameras:
        assert camera.position is not None
        here = camera.position
        measured = [
            (Geodesic.WGS84.Inverse(lat, lon, here.lat, here.lon)["s12"], along) for lat, lon, along in chain
        ]
        nearest_m, along_m = min(measured)
        hit = by_name.get(camera.name)
        if nearest_m <= buffer_m:
            assert hit is not None
        if hit is None:
            continue
        assert hit.distance_m is not None and hit.along_m is not None
        assert nearest_m - step_m <= hit.distance_m <= nearest_m * 1.001 + 0.01
        assert any(
            abs(along - hit.along_m) <= 2 * step_m and metres <= hit.distance_m + step_m
            for metres, along in measured
        ), (hit, along_m)
    order = [hit.along_m for hit in hits]
    assert order == sorted(order, key=lambda metres: metres or 0.0)


def test_corners_on_a_straight_line_change_nothing_however_many() -> None:
    start, end = (2.30, 48.86), (2.42, 48.90)
    dense = zip(np.linspace(start[0], end[0], 5000), np.linspace(start[1], end[1], 5000), strict=True)
    cameras = [catalog_camera(f"c{n}", 48.80 + n % 17 / 100, 2.2 + n % 23 / 70) for n in range(391)]
    index = index_of(cameras)
    plain, many = (
        ask(index, Question(area=Along(points, 4_000.0), as_of=NOW, limit=1000)).hits
        for points in ((start, end), tuple((float(lon), float(lat)) for lon, lat in dense))
    )
    assert len(plain) > 100
    by_id = {hit.camera_id: hit for hit in plain}
    assert by_id.keys() == {hit.camera_id for hit in many}
    for hit in many:
        one = by_id[hit.camera_id]
        assert hit.distance_m == pytest.approx(one.distance_m, rel=1e-6, abs=0.2)
        assert hit.along_m == pytest.approx(one.along_m, rel=1e-4, abs=1.0)
