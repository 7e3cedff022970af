"""A status is what something proves: a fresh span, a fresh picture, what the recorder says of itself; it ages."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from adapters.contract.capabilities import Capability
from adapters.contract.errors import Unreachable
from adapters.contract.models import CameraRecord, CameraStatus, HealthEvent, Interval, Span
from broker.agencies.models import Role
from broker.catalog.models import SnapshotReference
from broker.ingest.evidence import Footage, Told, proof_lasts, proven_status
from broker.ingest.recorder import PART
from tests.broker.catalog.waiting import until
from tests.world import ALL_CAPABILITIES, NOW, TestBroker, camera, recorded_minutes

UP, DOWN, STALE, UNKNOWN = CameraStatus.UP, CameraStatus.DOWN, CameraStatus.STALE, CameraStatus.UNKNOWN
LASTS = timedelta(minutes=2)


def ended(minutes_ago: float, *, is_current: bool = True) -> Footage:
    end = NOW - timedelta(minutes=minutes_ago)
    return Footage((Span(interval=Interval(start=end - timedelta(minutes=5), end=end)),), is_current)


def taken(minutes_ago: float | None) -> SnapshotReference:
    at = None if minutes_ago is None else NOW - timedelta(minutes=minutes_ago)
    return SnapshotReference(captured_at=at, fetched_at=NOW, vault_key="k", digest="d")


def told(status: CameraStatus, minutes_ago: float) -> Told:
    return Told(NOW - timedelta(minutes=minutes_ago), status)


@pytest.mark.parametrize(
    ("stated", "footage", "snapshot", "said", "proven"),
    [
        (UNKNOWN, Footage(), None, None, UNKNOWN),
        (UNKNOWN, ended(1), None, None, UP),
        (UNKNOWN, ended(3), None, None, DOWN),
        (UNKNOWN, ended(3, is_current=False), None, None, STALE),
        (UP, ended(3), None, None, UP),
        (UP, ended(3), None, told(DOWN, 2), DOWN),
        (DOWN, ended(3), None, None, DOWN),
        (UNKNOWN, Footage(), taken(1), None, UP),
        (UNKNOWN, Footage(), taken(3), None, STALE),
        (UNKNOWN, Footage(), taken(None), None, UNKNOWN),
        (UNKNOWN, ended(60), taken(1), None, UP),
        (DOWN, Footage(), taken(30), None, DOWN),
        (DOWN, Footage(), taken(1), None, DOWN),
        (DOWN, ended(1), None, None, UP),
        (UP, Footage(), None, None, UP),
        (UNKNOWN, ended(1), None, told(DOWN, 0.5), DOWN),
        (UNKNOWN, ended(1), None, told(DOWN, 1.5), UP),
        (UNKNOWN, ended(9), None, told(UP, 5), UP),
        (UNKNOWN, Footage(), None, told(DOWN, 500), DOWN),
    ],
)
def test_what_is_proven(
    stated: CameraStatus,
    footage: Footage,
    snapshot: SnapshotReference | None,
    said: Told | None,
    proven: CameraStatus,
) -> None:
    assert proven_status(stated, footage, snapshot, said, NOW, LASTS) is proven


def test_a_proof_lasts_twice_the_refresh_and_two_minutes_at_least() -> None:
    assert proof_lasts(3600) == timedelta(hours=2)
    assert proof_lasts(1) == timedelta(minutes=2)


async def shown(broker: TestBroker, name: str = "m1") -> tuple[str, str]:
    officer = await broker.officer("metro", Role.OPERATOR)
    facts = (await officer.get(f"/v1/cameras/metro-cctv:{name}")).json()["properties"]
    return facts["status"], facts["status_since"]


async def test_a_fresh_picture_alone_proves_a_camera_and_it_ages_to_stale(broker: TestBroker) -> None:
    broker.metro.capabilities = frozenset({Capability.SNAPSHOT})
    broker.metro.footage = {"m1": [NOW - timedelta(seconds=30)]}
    await broker.synchronise()
    assert await shown(broker) == ("up", "2026-06-15T12:00:00Z")
    broker.clock.advance(seconds=100)
    await broker.synchronise()
    assert await shown(broker) == ("stale", "2026-06-15T12:01:40Z")


async def test_cameras_of_a_network_out_of_reach_age_to_stale_by_themselves(broker: TestBroker) -> None:
    broker.metro.failing["list_cameras"] = Unreachable("no route")
    for status, seconds in (("up", 60), ("up", 60), ("stale", 1)):
        broker.clock.advance(seconds=seconds)
        await broker.synchronise()
        assert (await shown(broker))[0] == status


async def test_what_a_recorder_tells_between_two_rounds_is_shown_at_once_and_stays(
    broker: TestBroker,
) -> None:
    ingest = broker.broker.ingest
    broker.metro.capabilities = ALL_CAPABILITIES - {Capability.SPANS, Capability.SNAPSHOT}
    broker.metro.cameras = [camera("m1"), camera("m2")]
    await broker.synchronise()
    assert (await shown(broker))[0] == "unknown"
    at = NOW + timedelta(seconds=10)
    event = HealthEvent(native_id="m1", at=at, status=DOWN, reason="signal lost")
    await ingest.note_health("metro-cctv", event)
    assert await shown(broker) == ("down", "2026-06-15T12:00:10Z")
    assert (await shown(broker, "m2"))[0] == "unknown"
    broker.clock.advance(seconds=30)
    report = await ingest.synchronise("metro-cctv")
    assert report.changed == 0
    assert await shown(broker) == ("down", "2026-06-15T12:00:10Z")
    ingest.forget_health("metro-cctv")
    await ingest.synchronise("metro-cctv")
    assert (await shown(broker))[0] == "unknown", "nobody listens: it proves nothing any more"


async def test_a_recorder_that_fails_as_a_whole_proves_nothing_of_its_cameras(broker: TestBroker) -> None:
    ingest = broker.broker.ingest
    failed = HealthEvent(native_id=None, at=NOW + timedelta(seconds=1), status=DOWN, reason="no disc")
    await ingest.note_health("metro-cctv", failed)
    assert (await shown(broker))[0] == "stale"
    works = HealthEvent(native_id=None, at=NOW + timedelta(seconds=20), status=UP, reason="disc is back")
    await ingest.note_health("metro-cctv", works)
    assert (await shown(broker))[0] == "stale", "that the recorder works proves no camera"
    broker.metro.footage["m1"] = recorded_minutes(NOW - timedelta(minutes=1), 1)
    await broker.synchronise()
    assert (await shown(broker))[0] == "up"


async def test_what_is_told_while_a_round_runs_is_not_written_over_by_it(broker: TestBroker) -> None:
    ingest, listed, go_on = broker.broker.ingest, asyncio.Event(), asyncio.Event()
    broker.metro.capabilities = ALL_CAPABILITIES - {Capability.SPANS, Capability.SNAPSHOT}

    async def listing() -> AsyncIterator[CameraRecord]:
        for number in range(PART + 1):  # the first part is taken before the list goes on
            yield camera(f"m{number}", name="Renamed")
        listed.set()
        await go_on.wait()

    broker.metro.list_cameras = listing  # type: ignore[method-assign,assignment]
    running = asyncio.create_task(ingest.synchronise("metro-cctv"))
    await listed.wait()
    event = HealthEvent(native_id="m1", at=NOW, status=DOWN, reason="signal lost")
    await ingest.note_health("metro-cctv", event)
    go_on.set()
    await running
    assert (await shown(broker))[0] == "down"
    assert (await shown(broker, "m2"))[0] == "unknown"


async def test_the_schedule_listens_to_recorders_and_takes_their_clocks_offset_off(
    broker: TestBroker,
) -> None:
    broker.metro.capabilities = ALL_CAPABILITIES - {Capability.SPANS, Capability.SNAPSHOT}
    broker.metro.clock_offset_ms = 5_000.0
    running = asyncio.create_task(broker.broker.schedule.run({"metro-cctv"}))
    try:
        await until(lambda: "watch_health" in broker.metro.calls)
        told_at = NOW + timedelta(seconds=15)
        event = HealthEvent(native_id="m1", at=told_at, status=DOWN, reason="signal lost")
        broker.metro.health.put_nowait(event)

        async def is_down() -> bool:
            return await shown(broker) == ("down", "2026-06-15T12:00:10Z")

        await until(is_down)
    finally:
        running.cancel()
        await asyncio.wait({running})
