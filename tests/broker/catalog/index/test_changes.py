"""What changes of a camera changes where and how it is found, whichever of its facts it is."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
from geographiclib.geodesic import Geodesic
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.contract.models import Interval, Position
from broker.catalog.geometry import NEAR_M
from broker.catalog.models import Camera
from broker.catalog.questions import Along, Area, Question, Radius
from tests.broker.catalog.catalogs import catalog_camera
from tests.broker.catalog.index.indexes import ask, index_of, stored
from tests.world import NOW

LONG = Along(((2.0, 47.99), (2.0, 48.01)), 100.0)
SHORT = Along(((2.0, 47.9999), (2.0, 48.0001)), 100.0)


def placed(accuracy_m: float | None, lat: float = 48.0, lon: float = 2.0027) -> Camera:
    """About 201 m east of 48, 2."""
    return catalog_camera("c", place_position=Position(lat=lat, lon=lon, accuracy_m=accuracy_m))


def away(name: str, away_m: float) -> Camera:
    there = Geodesic.WGS84.Direct(48.0, 2.0, 30, away_m)
    return catalog_camera(name, there["lat2"], there["lon2"])


def test_a_place_that_becomes_vaguer_is_found_as_far_as_it_reaches_now() -> None:
    index = index_of([placed(5.0)])
    areas: list[Area] = [Radius(48.0, 2.0, 100.0), LONG, SHORT]
    assert [len(ask(index, Question(area, NOW, 10)).hits) for area in areas] == [0, 0, 0]
    index.put([stored(placed(150.0))])
    assert [len(ask(index, Question(area, NOW, 10)).hits) for area in areas] == [1, 1, 1]
    index.put([stored(placed(None))])
    assert [len(ask(index, Question(area, NOW, 10)).hits) for area in areas] == [0, 0, 0]


def test_a_camera_that_comes_to_the_zero_meridians_equator_is_found_there() -> None:
    index = index_of([catalog_camera("other", 1.0, 1.0)])
    index.put([stored(placed(5.0, 0.0, 0.0))])
    question = Question(Radius(0.0, 0.0, 100.0), NOW, 10)
    assert len(ask(index, question).hits) == 1
    index.remove("rail-cctv:c")
    assert len(ask(index, question).hits) == 0
    index.put([stored(catalog_camera("d", 0.0, 0.0))])
    assert [hit.camera_id for hit in ask(index, question).hits] == ["rail-cctv:d"]


def test_an_interval_that_ends_with_1969_asks_for_footage_as_any_other() -> None:
    interval = Interval(start=datetime(1969, 12, 31, tzinfo=UTC), end=datetime(1970, 1, 1, tzinfo=UTC))
    assert ask(index_of([placed(5.0)]), Question(None, NOW, 10, interval=interval)).hits == ()


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(0.9 * NEAR_M, 1.1 * NEAR_M), min_size=3, max_size=8, unique=True), st.data())
def test_cameras_that_leave_between_two_pages_move_no_other(
    distances_m: list[float], data: st.DataObject
) -> None:
    cameras = [away(f"c{n}", metres) for n, metres in enumerate(distances_m)]
    index = index_of(cameras)
    question = Question(Radius(48.0, 2.0, 1.2 * NEAR_M), NOW, limit=2)
    first = ask(index, question)
    gone = data.draw(st.sets(st.sampled_from([camera.id for camera in cameras])))
    for name in gone:
        index.remove(name)
    rest = ask(index, replace(question, limit=1000, after=first.next_after)).hits
    seen = [hit.camera_id for hit in (*first.hits, *rest)]
    assert sorted({*seen} | gone) == sorted(camera.id for camera in cameras)
    assert len(seen) == len(set(seen))


def test_how_far_a_camera_is_does_not_depend_on_who_else_is_found() -> None:
    near, far = away("near", 0.9 * NEAR_M), away("far", 1.1 * NEAR_M)
    question = Question(Radius(48.0, 2.0, 1.2 * NEAR_M), NOW, limit=2)
    assert ask(index_of([near, far]), question).hits[0] == ask(index_of([near]), question).hits[0]


def test_a_camera_that_is_half_written_while_a_tree_is_built_is_left_to_the_next_one() -> None:
    index = index_of([catalog_camera("a", 48.0, 2.0), catalog_camera("b", 48.0, 2.0)])
    slot = index.table.slot_of("rail-cctv:b")
    assert slot is not None
    index.table.points_m[slot, 2] = np.nan  # as a thread may read it
    asyncio.run(index._own.rebuild(lambda: index._points(has_position=True)))
    index.put([stored(catalog_camera("b", 48.0, 2.0001))])
    assert len(ask(index, Question(Radius(48.0, 2.0, 100.0), NOW, 10)).hits) == 2
