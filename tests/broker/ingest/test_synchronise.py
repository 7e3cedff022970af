"""A synchronisation writes the difference and nothing else, and its report counts it."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from adapters.contract.errors import TimedOut
from adapters.contract.models import CameraRecord, PlaceRecord, Position, Rejection
from broker import redis_keys
from broker.agencies.models import Role
from broker.catalog.models import NetworkReport
from tests.servers.catalogs import each_nodes_stats, forget_stats
from tests.world import TestBroker, camera

NETWORK = "rail-cctv"
WRITING = {"hset", "hdel", "xadd", "zadd", "del"}


async def writes(redis: Redis) -> dict[str, int]:
    """How often each writing command has run since the last reset."""
    counts = Counter[str]()
    for stats in await each_nodes_stats(redis):
        counts.update({name.removeprefix("cmdstat_"): facts["calls"] for name, facts in stats.items()})
    return {name: calls for name, calls in counts.items() if name in WRITING}


async def changes(redis: Redis) -> list[tuple[str, str]]:
    """What the change stream told since it was last read, reports apart: they come with every round."""
    entries = await redis.xrange(redis_keys.CHANGES)
    await redis.delete(redis_keys.CHANGES)
    told = [next(iter(entry.items())) for _, entry in entries]
    return [(what, whose) for what, whose in told if what != "report"]


async def synchronise(broker: TestBroker) -> NetworkReport:
    return await broker.believed(NETWORK)


def counts(report: NetworkReport) -> tuple[int, int, int, int, int]:
    return report.found, report.added, report.changed, report.vanished, report.rejected


@pytest.fixture
async def listed(broker: TestBroker, redis: Redis) -> TestBroker:
    """Two hundred cameras and two places, synchronised; the change stream is read."""
    at = Position(lat=48.8, lon=2.3)
    broker.rail.places = [PlaceRecord(native_id=f"p{n}", name=f"Place {n}", position=at) for n in range(2)]
    broker.rail.cameras = [
        camera(f"c{n:03}", place=f"Place {n % 3}", tags=("b", "a") if n % 2 else ()) for n in range(200)
    ]
    await synchronise(broker)
    await changes(redis)
    await forget_stats(redis)
    return broker


@pytest.mark.parametrize("shuffled", [False, True])
async def test_the_same_list_again_writes_no_camera(listed: TestBroker, redis: Redis, shuffled: bool) -> None:
    if shuffled:
        listed.rail.cameras = listed.rail.cameras[70:] + listed.rail.cameras[69::-1]
        listed.rail.places.reverse()
    listed.clock.advance(seconds=60)
    report = await synchronise(listed)
    assert counts(report) == (200, 0, 0, 0, 0)
    assert await writes(redis) == {"hset": 1, "xadd": 1}, "the report, and nothing else"
    assert await changes(redis) == []


async def test_a_changed_camera_alone_is_written(listed: TestBroker, redis: Redis) -> None:
    listed.rail.cameras[7] = camera("c007", name="Renamed")
    report = await synchronise(listed)
    assert counts(report) == (200, 0, 1, 0, 0)
    assert await writes(redis) == {"hset": 3, "xadd": 2}
    assert await changes(redis) == [("camera", "rail-cctv:c007")]
    (shown,) = await listed.broker.catalog.cameras(["rail-cctv:c007"])
    assert shown.name == "Renamed"


async def test_a_place_that_moves_moves_the_cameras_that_are_known_by_it(
    listed: TestBroker, redis: Redis
) -> None:
    listed.rail.cameras = [camera("own"), camera("placed", position=None, place="p0")]
    await synchronise(listed)
    await changes(redis)
    moved = Position(lat=49.0, lon=2.5)
    listed.rail.places[0] = listed.rail.places[0].model_copy(update={"position": moved})
    await synchronise(listed)
    assert await changes(redis) == [("places", "rail-cctv"), ("camera", "rail-cctv:placed")]
    (placed,) = await listed.broker.catalog.cameras(["rail-cctv:placed"])
    assert placed.located == moved


async def test_places_are_found_by_native_id_before_name_and_names_are_folded(listed: TestBroker) -> None:
    here, there = Position(lat=1, lon=1), Position(lat=2, lon=2)
    listed.rail.places = [
        PlaceRecord(native_id="1", name="2", position=here),
        PlaceRecord(native_id="2", name="Évry", position=there),
        PlaceRecord(native_id="3", name="évry", position=here),
    ]
    listed.rail.cameras = [
        camera("by-id", place="2"),
        camera("by-name", place="EVRY"),
        camera("no", place="x"),
    ]
    await synchronise(listed)
    found = await listed.broker.catalog.cameras([f"rail-cctv:{n}" for n in ("by-id", "by-name", "no")])
    assert [c.place for c in found] == ["rail-cctv:2", "rail-cctv:2", None]
    assert [c.place_name for c in found] == ["Évry", "Évry", "x"]


async def test_a_camera_or_place_listed_twice_is_rejected_with_its_id_and_the_first_counts(
    listed: TestBroker,
) -> None:
    listed.rail.cameras = [camera("a", name="First"), camera("b"), camera("a", name="Second")]
    listed.rail.places.append(listed.rail.places[0].model_copy(update={"name": "Second"}))
    report = await synchronise(listed)
    assert (report.found, report.rejected) == (2, 2)
    assert report.reasons == (
        "rail-cctv:p0: place listed twice: the first counts",
        "rail-cctv:a: listed twice: the first counts",
    )
    (kept,) = await listed.broker.catalog.cameras(["rail-cctv:a"])
    assert kept.name == "First"
    listed.rail.calls.clear()
    await synchronise(listed)
    assert listed.rail.calls.count("list_spans") == 2, "the recorder is asked once a camera"


async def test_what_the_adapter_rejects_is_counted_and_told(listed: TestBroker) -> None:
    listed.rail.cameras += [Rejection(where=f"cameras.csv row {n}", reason="no position") for n in range(3)]
    report = await synchronise(listed)
    assert (report.found, report.rejected) == (200, 3)
    assert report.reasons[0] == "cameras.csv row 0: no position"


async def test_very_many_rejections_are_all_counted_and_some_told(listed: TestBroker) -> None:
    listed.rail.cameras += [Rejection(where=f"row {n}", reason="bad") for n in range(1500)]
    report = await synchronise(listed)
    assert report.rejected == 1500
    assert len(report.reasons) == 1000


async def test_a_vanished_camera_is_marked_kept_and_comes_back(listed: TestBroker, redis: Redis) -> None:
    (gone,) = listed.rail.cameras[5:6]
    listed.rail.cameras.remove(gone)
    listed.clock.advance(days=1)
    assert counts(await synchronise(listed)) == (199, 0, 0, 1, 0)
    assert await changes(redis) == [("camera", "rail-cctv:c005")]
    (marked,) = await listed.broker.catalog.cameras(["rail-cctv:c005"])
    assert marked.vanished_at == listed.clock.now()
    assert marked.position is not None

    vanished_at = listed.clock.now()
    listed.clock.advance(days=29)
    assert counts(await synchronise(listed)) == (199, 0, 0, 0, 0)
    assert await changes(redis) == []
    (marked,) = await listed.broker.catalog.cameras(["rail-cctv:c005"])
    assert marked.vanished_at == vanished_at

    listed.rail.cameras.append(gone)
    assert counts(await synchronise(listed)) == (200, 0, 1, 0, 0)
    assert await changes(redis) == [("camera", "rail-cctv:c005")]
    (back,) = await listed.broker.catalog.cameras(["rail-cctv:c005"])
    assert back.vanished_at is None
    assert back.status_since == listed.clock.now()


async def test_a_vanished_camera_is_deleted_with_its_picture_once_the_retention_passed(
    broker: TestBroker, redis: Redis
) -> None:
    broker.rail.cameras = broker.rail.cameras[1:]
    pictures = sorted(p.name for p in broker.broker.vault._folder.rglob("*.jpg"))
    assert any("r1" in name for name in pictures)
    await synchronise(broker)
    for days, kept in ((30, True), (0.001, False)):
        broker.clock.advance(days=days)
        await changes(redis)
        await synchronise(broker)
        assert bool(await broker.broker.catalog.cameras(["rail-cctv:r1"])) is kept
        assert any("r1" in p.name for p in broker.broker.vault._folder.rglob("*.jpg")) is kept
    assert ("camera", "rail-cctv:r1") in await changes(redis)
    assert "rail-cctv:r1" not in await broker.broker.catalog.digests(NETWORK)


async def test_the_log_has_one_entry_for_a_round_that_changed_something(listed: TestBroker) -> None:
    auditor = await listed.officer("rail", Role.AUDITOR)

    async def logged() -> list[Any]:
        body = (await auditor.get("/v1/audit/entries?limit=1000")).json()
        return [entry for entry in body["entries"] if entry["action"] == "synchronise"]

    before = len(await logged())
    await synchronise(listed)
    assert len(await logged()) == before
    listed.rail.cameras.pop()
    await synchronise(listed)
    last = (await logged())[before:]
    assert [entry["query"] for entry in last] == [
        {"found": 199, "added": 0, "changed": 0, "vanished": 1, "rejected": 0, "removed": 0}
    ]


RECORDS = st.builds(
    camera,
    st.sampled_from("abcdef"),
    name=st.sampled_from(["One", "Two"]),
    position=st.none() | st.sampled_from([Position(lat=1, lon=1), Position(lat=89, lon=1)]),
)
STEPS = st.lists(
    st.tuples(
        st.lists(RECORDS, max_size=6),
        st.sampled_from(["ok", "ok", "ok", "fails", "fails midway"]),
        st.sampled_from([0, 20, 31]),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
async def test_any_sequence_of_rounds_leaves_what_a_plain_model_says(
    broker: TestBroker, redis: Redis, steps: list[tuple[list[CameraRecord], str, int]]
) -> None:
    """The model: native id → (record, day it vanished)."""
    await redis.flushall()
    broker.rail.footage.clear()
    model: dict[str, tuple[CameraRecord, int | None]] = {}
    today = 0
    for records, outcome, days in steps:
        today += days
        broker.clock.advance(days=days)
        broker.rail.cameras = list(records)
        broker.rail.failing = _failing(outcome)
        report = await synchronise(broker)
        first = {record.native_id: record for record in reversed(records)}
        alive = [name for name, (_, gone) in model.items() if gone is None]
        if (outcome != "ok" and not (outcome == "fails midway" and not records)) or (alive and not first):
            assert report.error is not None
        else:
            added = [name for name in first if name not in model]
            changed = [n for n, record in first.items() if n in model and model[n] != (record, None)]
            gone_now = [name for name in alive if name not in first]
            assert counts(report) == (
                len(first),
                len(added),
                len(changed),
                len(gone_now),
                len(records) - len(first),
            )
            kept = {
                name: (record, today if gone is None else gone)
                for name, (record, gone) in model.items()
                if name not in first and (gone is None or today - gone <= 30)
            }
            model = kept | {name: (record, None) for name, record in first.items()}
        stored = await broker.broker.catalog.network_cameras(NETWORK)
        assert {c.id: (c.name, c.position, c.vanished_at is None) for c in stored} == {
            f"rail-cctv:{name}": (record.name, record.position, gone is None)
            for name, (record, gone) in model.items()
        }
        await broker.broker.follower.catch_up()
        known = broker.broker.follower.index.table.ids_of_network(NETWORK)
        assert set(known) == {f"rail-cctv:{name}" for name in model}


def _failing(outcome: str) -> dict[str, Exception]:
    error = TimedOut("the recorder did not answer")
    return {"ok": {}, "fails": {"list_cameras": error}, "fails midway": {"list_spans": error}}[outcome]
