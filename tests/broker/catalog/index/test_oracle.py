"""Every answer is what a plain look at every camera gives: at a start, and after any sequence of changes."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from broker.catalog.disclosure import BITS
from broker.catalog.index import spatial
from broker.catalog.models import Camera, NetworkReport
from broker.catalog.questions import Question
from tests.broker.catalog.index.drawn import (
    AGREEMENTS,
    CATALOGS,
    NETWORKS,
    REPORTS,
    WHO,
    cameras,
    questions,
)
from tests.broker.catalog.index.indexes import Found, Hit, ask, index_of, report, stored
from tests.broker.catalog.index.oracle import Expected, Measured, OnTheEdge, expected

EPOCH = datetime.fromisoformat("1970-01-01T00:00:00Z")


@pytest.fixture(autouse=True, scope="module")
def new_trees_at_once() -> Iterator[None]:
    """A tree is built anew as soon as anything moved."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spatial, "REBUILD_AFTER", 0)
        yield


def check(found: Found, wanted: list[Expected]) -> None:
    """The same cameras in order, each with the same facts."""
    assert sorted(hit.camera_id for hit in found.hits) == sorted(one.camera.id for one in wanted)
    by_id = {one.camera.id: one for one in wanted}
    keys = []
    for hit in found.hits:
        one = by_id[hit.camera_id]
        check_facts(hit, one)
        measure = hit.distance_m if hit.along_m is None else hit.along_m
        keys.append((one.band, float("inf") if measure is None else measure, hit.camera_id))
    assert keys == sorted(keys)


def check_facts(hit: Hit, one: Expected) -> None:
    assert hit.agency == one.camera.agency
    assert hit.rights == sum(BITS[action] for action in one.rights)
    assert frozenset(hit.grant.actions) == one.actions
    assert frozenset(hit.grant.basis) == one.basis
    assert hit.status == one.status.value
    assert hit.sees is one.sees
    assert hit.covered_s == one.covered_s
    assert hit.age_s == one.age_s
    ends = None if one.overwrite_at is None else (one.overwrite_at - EPOCH) // timedelta(microseconds=1)
    assert hit.overwrite_us == ends
    if one.where is None:
        assert hit.distance_m is hit.bearing_deg is hit.along_m is None
    else:
        check_measures(hit, one.where, one.camera)


def check_measures(hit: Hit, where: Measured, camera: Camera) -> None:
    assert hit.distance_m is not None and hit.bearing_deg is not None and camera.located is not None
    assert abs(hit.distance_m - where.distance_m) <= where.unsure_m
    if where.distance_m > 20 * where.unsure_m and abs(camera.located.lat) < 89:
        assert abs((hit.bearing_deg - where.bearing_deg + 180) % 360 - 180) < 0.5
    if where.along_m is None:
        assert hit.along_m is None
    else:
        assert hit.along_m is not None
        assert abs(hit.along_m - where.along_m) <= where.unsure_m + 0.001 * where.along_m


def unique(listed: list[Camera]) -> list[Camera]:
    return list({camera.id: camera for camera in listed}.values())


@settings(max_examples=300, deadline=None)
@given(CATALOGS, REPORTS, questions(), WHO, AGREEMENTS)
def test_an_answer_is_what_a_plain_look_at_every_camera_gives(
    listed: list[Camera], reports: dict[str, NetworkReport], question: Question, who: Any, agreements: Any
) -> None:
    known = unique(listed)
    try:
        wanted = expected(question, known, reports, who, agreements)
    except OnTheEdge:
        assume(False)
        return
    check(ask(index_of(known, reports), question, who, agreements), wanted)


TOGETHER = (
    ("position", "place_position"),
    ("views", "kind"),
    ("spans", "streams"),
    ("snapshot", "offers"),
    ("tags", "level"),
    ("status", "vanished_at"),
)
"""What of a camera changes at once, and the rest stays."""

CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.lists(cameras(), min_size=1, max_size=3)),
        st.tuples(st.just("alter"), st.tuples(st.integers(0, 99), cameras(), st.sampled_from(TOGETHER))),
        st.tuples(st.just("alter"), st.tuples(st.integers(0, 99), cameras(), st.sampled_from(TOGETHER))),
        st.tuples(st.just("vaguer"), st.integers(0, 99)),
        st.tuples(st.just("remove"), st.sampled_from("abcdefghijklmnopqrst")),
        st.tuples(st.just("report"), st.tuples(st.sampled_from(NETWORKS), st.sampled_from([None, 0, 500]))),
        st.tuples(st.just("settle"), st.none()),
        st.tuples(st.just("settle"), st.lists(cameras(), min_size=1, max_size=3)),
        st.tuples(st.just("ask"), st.none()),
    ),
    max_size=30,
)


class Known:
    """An index, and beside it what it should know."""

    def __init__(self, listed: list[Camera]) -> None:
        self.cameras = {camera.id: camera for camera in listed}
        self.reports = {name: report(name) for name in NETWORKS}
        self.index = index_of(self.cameras.values(), self.reports)

    def put(self, listed: list[Camera]) -> None:
        self.cameras |= {camera.id: camera for camera in listed}
        self.index.put([stored(camera) for camera in listed])

    def change(self, change: str, what: Any) -> None:
        match change:
            case "put":
                self.put(what)
            case "alter" if self.cameras:
                place, other, names = what
                camera = sorted(self.cameras.values(), key=lambda one: one.id)[place % len(self.cameras)]
                self.put([camera.model_copy(update={name: getattr(other, name) for name in names})])
            case "vaguer" if self.cameras:
                camera = sorted(self.cameras.values(), key=lambda one: one.id)[what % len(self.cameras)]
                for name in ("position", "place_position"):
                    if (at := getattr(camera, name)) is not None:
                        vague = at.model_copy(update={"accuracy_m": 2 * (at.accuracy_m or 90.0)})
                        self.put([camera.model_copy(update={name: vague})])
            case "remove":
                for name in [name for name in self.cameras if name.endswith(f":{what}")]:
                    del self.cameras[name]
                    self.index.remove(name)
            case "report":
                name, age_s = what
                self.reports.pop(name, None)
                if age_s is not None:
                    self.reports[name] = report(name, age_s=age_s)
                self.index.put_reports(self.reports)
            case "settle":
                asyncio.run(self._settle(what or []))

    async def _settle(self, meanwhile: list[Camera]) -> None:
        """A new tree, while these cameras change."""
        settling = asyncio.create_task(self.index.settle_if_due())
        await asyncio.sleep(0)
        self.put(meanwhile)
        await settling


@settings(max_examples=300, deadline=None)
@given(CATALOGS, CHANGES, questions(), WHO, AGREEMENTS)
def test_after_any_changes_an_answer_is_that_of_the_cameras_as_they_are(
    listed: list[Camera], changes: list[tuple[str, Any]], question: Question, who: Any, agreements: Any
) -> None:
    known = Known(listed)
    for change, what in changes:
        known.change(change, what)
        if change == "ask":
            ask(known.index, question, who, agreements)  # keeps rights, to be brought up to date
    assert len(known.index) == len(known.cameras)
    try:
        wanted = expected(question, list(known.cameras.values()), known.reports, who, agreements)
    except OnTheEdge:
        assume(False)
        return
    check(ask(known.index, question, who, agreements), wanted)


@settings(max_examples=150, deadline=None)
@given(CATALOGS, questions(), st.integers(1, 7), WHO, AGREEMENTS)
def test_pages_hold_every_camera_once_in_the_order_of_the_whole(
    listed: list[Camera], question: Question, limit: int, who: Any, agreements: Any
) -> None:
    index = index_of(unique(listed))
    whole = [hit.camera_id for hit in ask(index, question, who, agreements).hits]
    paged: list[str] = []
    after = None
    while True:
        page = ask(index, replace(question, limit=limit, after=after), who, agreements)
        paged += [hit.camera_id for hit in page.hits]
        if page.next_after is None:
            break
        assert len(page.hits) == limit
        after = page.next_after
    assert paged == whole
