"""Search by radius and by box finds exactly what a plain look at every camera finds, nearest first."""

from datetime import timedelta
from fractions import Fraction

from geographiclib.geodesic import Geodesic
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from adapters.contract.models import Position
from broker.agencies.models import Designation, Officer, Role
from broker.agencies.policy import action_masks
from broker.catalog.columns import policy_columns
from broker.catalog.matching import answer_of
from broker.catalog.models import Answer, Box, Camera, Question, Radius
from broker.catalog.store import CatalogStore, Difference, digest
from tests.broker.catalog.catalogs import NETWORK, catalog_camera, fill
from tests.world import NOW

ON_SERVER = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
OFFICER = Officer(
    id="off",
    agency="rail",
    name="Test rail",
    service="Tests",
    personnel_number="T",
    roles=frozenset({Role.OPERATOR}),
    designations=(Designation(designated_by="tests", valid_from=NOW - timedelta(days=1), valid_until=None),),
)
EDGE_LATS = [-90.0, -85.06, -85.05, 0.0, 85.05, 85.06, 90.0]
EDGE_LONS = [-180.0, -179.9999, 0.0, 179.9999, 180.0]
LATS = st.floats(-90, 90) | st.sampled_from(EDGE_LATS)
LONS = st.floats(-180, 180) | st.sampled_from(EDGE_LONS)
POINTS = st.tuples(LATS, LONS)


async def answer(store: CatalogStore, area: Radius | Box) -> Answer:
    question = Question(area=area, as_of=NOW, limit=1000)
    cameras = await store.candidates(area, [NETWORK])
    columns = policy_columns(cameras)
    masks = action_masks(OFFICER, "test", columns, (), NOW)
    return answer_of(question, cameras, columns, masks, {})


@st.composite
def catalogs(draw: st.DrawFn, centre: tuple[float, float]) -> list[Camera]:
    """Cameras anywhere and close to the centre; some are known by their place only."""
    points = draw(st.lists(POINTS, max_size=25))
    for heading, away_m in draw(
        st.lists(st.tuples(st.floats(0, 360), st.floats(0, 30_000) | st.floats(0, 2e6)), max_size=15)
    ):
        there = Geodesic.WGS84.Direct(*centre, heading, away_m)
        points.append((there["lat2"], max(-180.0, min(180.0, there["lon2"]))))
    by_place = draw(st.lists(st.booleans(), min_size=len(points), max_size=len(points)))
    cameras = []
    for n, ((lat, lon), only_place) in enumerate(zip(points, by_place, strict=True)):
        position = Position(lat=lat, lon=lon, accuracy_m=500.0)
        facts = {"place_position": position} if only_place else {"position": position}
        cameras.append(catalog_camera(f"c{n}", **facts))
    return cameras


@st.composite
def radius_cases(draw: st.DrawFn) -> tuple[list[Camera], Radius]:
    centre = draw(POINTS)
    radius_m = draw(st.floats(0.5, 3000) | st.floats(1, 200_000) | st.floats(1, 20_100_000))
    return draw(catalogs(centre)), Radius(*centre, radius_m)


@st.composite
def box_cases(draw: st.DrawFn) -> tuple[list[Camera], Box]:
    south, west = draw(POINTS)
    height = draw(st.floats(0, 2) | st.floats(0, 180))
    width = draw(st.floats(0, 2) | st.floats(0, 360))
    east = west + width
    box = Box(west, south, east if east <= 180 else max(-180.0, east - 360), min(90.0, south + height))
    return draw(catalogs(((box.south_deg + box.north_deg) / 2, west))), box


@ON_SERVER
@given(radius_cases())
@example(
    ([catalog_camera("c", 10.0, 179.9999), catalog_camera("d", 10.0, -179.9)], Radius(10, 180.0, 20_000))
)
@example(([catalog_camera("c", 89.9, 170.0), catalog_camera("d", 80.0, 10.0)], Radius(90.0, 0.0, 1_200_000)))
async def test_a_radius_finds_what_is_within_it_nearest_first(
    redis: Redis, case: tuple[list[Camera], Radius]
) -> None:
    cameras, area = case
    found = await answer(await fill(redis, cameras), area)
    distances = {hit.camera.id: hit.distance_m for hit in found.hits}
    assert len(distances) == len(found.hits)
    for camera in cameras:
        located = camera.located
        assert located is not None
        true_m = Geodesic.WGS84.Inverse(area.lat_deg, area.lon_deg, located.lat, located.lon)["s12"]
        if true_m <= area.radius_m * 0.995 - 1e-3:
            assert camera.id in distances, camera
        if true_m > area.radius_m * 1.005 + 1e-3:
            assert camera.id not in distances, camera
    order = [(hit.distance_m, hit.camera.id) for hit in found.hits]
    assert order == sorted(order)


@ON_SERVER
@given(box_cases())
@example(([catalog_camera("c", 5.0, 77.0), catalog_camera("d", 5.0, 180.0)], Box(-180.0, 0.0, 180.0, 10.0)))
@example(([catalog_camera("c", 5.0, -179.5), catalog_camera("d", 5.0, 178.9)], Box(179.0, 0.0, -179.0, 10.0)))
@example(([catalog_camera("c", 5.0, -180.0), catalog_camera("d", 5.0, 180.0)], Box(179.0, 0.0, 180.0, 10.0)))
async def test_a_box_finds_what_is_within_it_nearest_its_centre_first(
    redis: Redis, case: tuple[list[Camera], Box]
) -> None:
    cameras, box = case
    found = await answer(await fill(redis, cameras), box)
    expected = set()
    for camera in cameras:
        located = camera.located
        assert located is not None
        turns = [Fraction(located.lon) + turn for turn in (-360, 0, 360)]
        east = Fraction(box.east_deg) + (0 if box.east_deg >= box.west_deg else 360)
        if box.south_deg <= located.lat <= box.north_deg and any(box.west_deg <= t <= east for t in turns):
            expected.add(camera.id)
    assert {hit.camera.id for hit in found.hits} == expected
    order = [(hit.distance_m, hit.camera.id) for hit in found.hits]
    assert order == sorted(order)
    for hit in found.hits:
        located = hit.camera.located
        assert located is not None and hit.distance_m is not None
        true_m = Geodesic.WGS84.Inverse(*box.centre_deg, located.lat, located.lon)["s12"]
        assert abs(hit.distance_m - true_m) <= 0.005 * true_m + 1e-3


async def test_a_camera_that_moves_or_loses_its_position_is_no_longer_found_where_it_was(
    redis: Redis,
) -> None:
    here, there = Radius(10.0, 10.0, 100), Radius(89.0, 10.0, 100)
    for now, before, after in (
        ((89.0, 10.0), here, there),
        ((10.0, 10.0), there, here),
    ):
        store = await fill(redis, [catalog_camera("c", *((10.0, 10.0) if before is here else (89.0, 10.0)))])
        assert [hit.camera.name for hit in (await answer(store, before)).hits] == ["c"]
        moved = catalog_camera("c", *now)
        await store.apply(NETWORK, _rewritten(moved))
        assert (await answer(store, before)).hits == ()
        assert len((await answer(store, after)).hits) == 1
        await store.apply(NETWORK, _rewritten(catalog_camera("c")))
        assert (await answer(store, after)).hits == ()


def _rewritten(camera: Camera) -> Difference:
    return Difference(written=((camera, digest(camera)),), removed=())
