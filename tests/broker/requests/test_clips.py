"""How an item's clips are made: what is cut, what is recorded about it, and what each failure leads to."""

import asyncio
import errno
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from adapters.contract.errors import Malformed, Refused, TryLater, Unreachable
from adapters.contract.models import FootageMessage, SegmentData, SegmentEnd, SegmentStart
from broker.agencies.models import Role
from broker.errors import Problem
from broker.ledger.leases import LeaseLost
from tests.broker.requests.people import (
    decide,
    in_ledger,
    scratch_files,
    shown,
    submit,
    vault_files,
    work_to_the_end,
)
from tests.world import LAST_MINUTES, NOW, SignedIn, TestBroker, open_test_broker, recorded_minutes, settings


@pytest.fixture
async def investigator(broker: TestBroker) -> SignedIn:
    return await broker.officer("police", Role.INVESTIGATOR)


async def approved(broker: TestBroker, investigator: SignedIn, **more: Any) -> str:
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    request_id = str((await submit(investigator, "rail-cctv:r1", **more))["id"])
    assert (await decide(custodian, "approve", request_id)).status_code == 200
    return request_id


async def test_a_gap_makes_two_parts_and_is_stated(broker: TestBroker, investigator: SignedIn) -> None:
    films = recorded_minutes(NOW - timedelta(minutes=10), 10)
    broker.rail.footage["r1"] = [start for start in films if start != NOW - timedelta(minutes=5)]
    request_id = await approved(broker, investigator)
    await broker.work()
    item = (await shown(investigator, request_id))["items"][0]
    assert [clip["name"] for clip in item["clips"]] == ["1.1", "1.2"]
    assert item["delivered"] == [
        "2026-06-15T11:54:57Z/2026-06-15T11:55:00Z",
        "2026-06-15T11:56:00Z/2026-06-15T11:56:59Z",
    ]
    assert item["gaps"] == ["2026-06-15T11:55:00Z/2026-06-15T11:56:00Z"]
    assert item["available"] == item["delivered"]
    assert item["held"]["intervals"] == item["delivered"]
    assert item["held"]["state"] == "held"


@pytest.mark.parametrize("offset_s", [0, 90, -90])
async def test_a_recorder_whose_clock_is_wrong_gives_the_true_interval(
    broker: TestBroker, investigator: SignedIn, offset_s: int
) -> None:
    """The recorder stamps its films `offset_s` late: true 11:55 stands there as 11:55 + offset."""
    films = recorded_minutes(NOW - timedelta(minutes=10), 10)
    broker.rail.clock_offset_ms = offset_s * 1000.0
    broker.rail.footage["r1"] = [start + timedelta(seconds=offset_s) for start in films]
    before = await in_ledger(broker, await approved(broker, investigator))
    await broker.work()
    request = await in_ledger(broker, before.id)
    (clip,) = request.items[0].clips
    assert clip.facts.interval == LAST_MINUTES
    assert clip.facts.first_frame_at == LAST_MINUTES.start
    assert clip.facts.frames_shown == LAST_MINUTES.duration.total_seconds() * 10
    assert request.items[0].clock_offset_ms == offset_s * 1000.0
    (order,) = [receipt.held for receipt in broker.rail.holds.values()]
    assert order == (LAST_MINUTES.shift(timedelta(seconds=offset_s)),)


async def test_an_unknown_offset_counts_as_nothing_and_stays_unknown(
    broker: TestBroker, investigator: SignedIn
) -> None:
    broker.rail.clock_offset_ms = None
    request_id = await approved(broker, investigator)
    await broker.work()
    item = (await shown(investigator, request_id))["items"][0]
    assert (item["state"], item["clock_offset_ms"]) == ("completed", None)


async def test_the_offset_that_was_taken_off_the_clip_is_the_one_that_is_stated(
    broker: TestBroker, investigator: SignedIn
) -> None:
    request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
    await broker.work()
    broker.rail.clock_offset_ms = 2000.0
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    await decide(custodian, "approve", request_id)
    await broker.work()
    assert (await in_ledger(broker, request_id)).items[0].clock_offset_ms == 2000.0


@pytest.mark.parametrize("error", [Unreachable("no answer"), Refused("wrong password")])
async def test_a_recorder_that_is_away_for_hours_is_waited_for(
    broker: TestBroker, investigator: SignedIn, error: Exception
) -> None:
    request_id = await approved(broker, investigator)
    broker.rail.failing["open_footage"] = error
    for _ in range(40):
        await broker.work()
        broker.clock.advance(seconds=301)
    waiting = (await in_ledger(broker, request_id)).items[0]
    assert (waiting.state, waiting.state_reason) == ("approved", str(error))
    assert broker.rail.calls.count("open_footage") > 30
    assert scratch_files(broker) == []
    del broker.rail.failing["open_footage"]
    assert (await work_to_the_end(broker, request_id)).state == "completed"


async def test_a_recorder_that_is_away_for_more_than_a_day_ends_the_item(
    broker: TestBroker, investigator: SignedIn
) -> None:
    request_id = await approved(broker, investigator, judicial=False)
    broker.rail.failing["open_footage"] = Unreachable("no answer")
    await broker.work()
    broker.clock.advance(days=1)
    await broker.work()
    item = (await in_ledger(broker, request_id)).items[0]
    assert (item.state, item.state_reason) == ("unavailable", "given up: no answer")
    await broker.work()
    assert broker.rail.holds == {}


async def test_a_recorder_that_says_when_is_asked_then(broker: TestBroker, investigator: SignedIn) -> None:
    request_id = await approved(broker, investigator)
    broker.rail.failing["open_footage"] = TryLater("busy", retry_after_s=700)
    await broker.work()
    broker.rail.failing.clear()
    broker.clock.advance(seconds=699)
    await broker.work()
    assert (await in_ledger(broker, request_id)).state == "approved"
    broker.clock.advance(seconds=1)
    await broker.work()
    assert (await in_ledger(broker, request_id)).state == "completed"


async def torn(*_: Any, **__: Any) -> AsyncIterator[FootageMessage]:
    yield SegmentStart(name="a.mp4", container="mp4", starts_at=LAST_MINUTES.start, valid=LAST_MINUTES)
    yield SegmentData(data=b"half")
    yield SegmentEnd(size=8)


async def unfinished(*_: Any, **__: Any) -> AsyncIterator[FootageMessage]:
    yield SegmentStart(name="a.mp4", container="mp4", starts_at=LAST_MINUTES.start, valid=LAST_MINUTES)


async def nested(*_: Any, **__: Any) -> AsyncIterator[FootageMessage]:
    for name in ("a.mp4", "b.mp4"):
        yield SegmentStart(name=name, container="mp4", starts_at=LAST_MINUTES.start, valid=LAST_MINUTES)


async def headless(*_: Any, **__: Any) -> AsyncIterator[FootageMessage]:
    yield SegmentData(data=b"half")


async def garbage(*_: Any, **__: Any) -> AsyncIterator[FootageMessage]:
    yield SegmentStart(name="../../etc", container="../x", starts_at=LAST_MINUTES.start, valid=LAST_MINUTES)
    yield SegmentData(data=b"not a film")
    yield SegmentEnd(size=10)


async def nothing(*_: Any, **__: Any) -> AsyncIterator[FootageMessage]:
    return
    yield


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (torn, "4 of 8 bytes"),
        (unfinished, "in the middle of a segment"),
        (nested, "before the one before it ended"),
        (headless, "outside a segment"),
        (garbage, "could be read"),
        (nothing, "no footage"),
    ],
)
async def test_what_a_recorder_tears_or_garbles_is_never_delivered(
    broker: TestBroker, investigator: SignedIn, stream: Any, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker.rail, "open_footage", stream)
    request_id = await approved(broker, investigator, judicial=False)
    request = await work_to_the_end(broker, request_id)
    assert request.items[0].state == "unavailable"
    assert reason in str(request.items[0].state_reason)
    assert await vault_files(broker, "clips") == set()
    assert scratch_files(broker) == []
    assert broker.rail.holds == {}


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "full"),
        Problem("storage_full", "the vault is full"),
        Problem("vault_unavailable", "the vault is away"),
    ],
)
async def test_without_room_the_item_waits_and_nothing_half_is_kept(
    broker: TestBroker, investigator: SignedIn, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    films = recorded_minutes(NOW - timedelta(minutes=10), 10)
    broker.rail.footage["r1"] = [start for start in films if start != NOW - timedelta(minutes=5)]
    request_id = await approved(broker, investigator)
    real = broker.broker.vault.put_file

    async def second_put_fails(key: str, file: Path) -> None:
        if "/1.2." in key:
            raise error
        await real(key, file)

    monkeypatch.setattr(broker.broker.vault, "put_file", second_put_fails)
    await broker.work()
    item = (await in_ledger(broker, request_id)).items[0]
    assert (item.state, item.clips, item.delivered) == ("approved", (), ())
    assert item.state_reason
    assert scratch_files(broker) == []
    monkeypatch.undo()
    request = await work_to_the_end(broker, request_id)
    assert request.state == "completed"
    assert await vault_files(broker, "clips") == {clip.vault_key for clip in request.items[0].clips}


async def test_a_failure_that_nobody_planned_is_tried_again_and_then_set_aside_with_a_reason(
    broker: TestBroker, investigator: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id = await approved(broker, investigator, judicial=False)
    broker.rail.failing["open_footage"] = ZeroDivisionError("a bug")
    tries = 0
    while (await in_ledger(broker, request_id)).items[0].state in ("approved", "processing"):
        with pytest.raises(ZeroDivisionError):
            await broker.work()
        tries += 1
        broker.clock.advance(seconds=301)
    item = (await in_ledger(broker, request_id)).items[0]
    assert (tries, item.state) == (8, "unavailable")
    assert item.state_reason == "set aside: failed inside 8 times"
    await broker.work()
    assert broker.rail.holds == {}


async def test_work_that_kills_its_worker_each_time_is_set_aside_with_a_reason(
    broker: TestBroker, investigator: SignedIn
) -> None:
    request_id = await approved(broker, investigator, judicial=False)
    await broker.broker.worker._one(broker.broker.worker._jobs[0], "first")
    (make_clips,) = [job for job in broker.broker.worker._jobs if job.name == "make clips"]
    for n in range(8):
        claimed = await make_clips.claim(broker.broker.worker._lease(f"killed {n}"))
        assert claimed is not None
        broker.clock.advance(seconds=31)
    await broker.work()
    item = (await in_ledger(broker, request_id)).items[0]
    assert (item.state, item.state_reason) == ("unavailable", "set aside: 8 tries ended without a word")


async def test_a_worker_that_finishes_after_losing_its_item_changes_nothing(
    broker: TestBroker, investigator: SignedIn
) -> None:
    """Meanwhile the recorder lost a minute, so that it made other clips than the one who took over."""
    request_id = await approved(broker, investigator)
    (place, make_clips) = [j for j in broker.broker.worker._jobs if j.name in ("place holds", "make clips")]
    await broker.broker.worker._one(place, "first")
    slow = await make_clips.claim(broker.broker.worker._lease("slow"))
    broker.clock.advance(seconds=31)
    await broker.work()
    done = await in_ledger(broker, request_id)
    del broker.rail.footage["r1"][5]
    with pytest.raises(LeaseLost):
        await make_clips.carry_out(slow, "slow")
    with pytest.raises(LeaseLost):
        await make_clips.fail(slow, "slow")
    await make_clips.clear_up(slow)
    assert await in_ledger(broker, request_id) == done
    assert await vault_files(broker, "clips") == {clip.vault_key for clip in done.items[0].clips}


async def test_withdrawing_under_way_stops_the_work_and_leaves_no_clip(
    broker: TestBroker, investigator: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first clip is in the vault when the requester withdraws; the second never gets there."""
    films = recorded_minutes(NOW - timedelta(minutes=10), 10)
    broker.rail.footage["r1"] = [start for start in films if start != NOW - timedelta(minutes=5)]
    request_id = await approved(broker, investigator, judicial=False)
    real, stored, stopped = broker.broker.vault.put_file, asyncio.Event(), asyncio.Event()

    async def second_put_hangs(key: str, file: Path) -> None:
        if "/1.1." in key:
            await real(key, file)
            return
        if "/1.2." in key:
            stored.set()
            try:
                await asyncio.Event().wait()
            finally:
                stopped.set()
        await real(key, file)

    monkeypatch.setattr(broker.broker.vault, "put_file", second_put_hangs)
    worker = asyncio.create_task(broker.work())
    await asyncio.wait_for(stored.wait(), 10)
    assert (await in_ledger(broker, request_id)).state == "processing"
    assert len(await vault_files(broker, "clips")) == 1
    assert (await decide(investigator, "cancel", request_id)).status_code == 200
    await asyncio.wait_for(stopped.wait(), 5)
    await asyncio.wait_for(worker, 10)
    request = await in_ledger(broker, request_id)
    assert (request.state, request.items[0].clips) == ("cancelled", ())
    assert request.sealed_at is not None
    assert await vault_files(broker, "clips") == set()
    assert scratch_files(broker) == []
    assert broker.rail.holds == {}


async def test_scratch_files_are_private_and_gone_when_the_cut_fails(
    broker: TestBroker, investigator: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    async def watching(*_: Any, **__: Any) -> AsyncIterator[FootageMessage]:
        folder = broker.broker.services.settings.broker.data / "scratch"
        seen.extend(entry.stat().st_mode & 0o777 for entry in (folder, *folder.iterdir()))
        raise Malformed("no")
        yield

    monkeypatch.setattr(broker.rail, "open_footage", watching)
    await approved(broker, investigator)
    await broker.work()
    assert set(seen) == {0o700}
    assert scratch_files(broker) == []


async def test_an_agreement_without_lead_in_lets_no_frame_from_before_out(
    tmp_path: Path, redis: Redis
) -> None:
    hidden = {}
    for lead_in in (True, False):
        configured = settings(tmp_path / str(lead_in))
        changed = tuple(a.model_copy(update={"lead_in": lead_in}) for a in configured.agreement)
        configured = configured.model_copy(update={"agreement": changed})
        await redis.flushall()
        (tmp_path / str(lead_in)).mkdir()
        async with open_test_broker(tmp_path / str(lead_in), redis, configuration=configured) as broker:
            await broker.synchronise()
            request_id = await approved(broker, await broker.officer("police", Role.INVESTIGATOR))
            request = await work_to_the_end(broker, request_id)
            (item,) = request.items
            hidden[lead_in] = sum(clip.facts.hidden_head_packets for clip in item.clips)
            assert item.clips
    assert hidden[True] > 0
    assert hidden[False] == 0
