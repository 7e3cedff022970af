"""Holds of one recorder are carried out side by side: so many at once, each for itself, and none stuck."""

import asyncio
from typing import Any

import pytest

from adapters.contract.models import HoldOrder, HoldReceipt
from broker.agencies.models import Role
from broker.holds.carrying.jobs import AT_A_TIME
from broker.holds.carrying.placing import PlaceHolds
from broker.holds.carrying.releasing import ReleaseHolds
from tests.world import LAST_MINUTES, SignedIn, TestBroker


@pytest.fixture
async def operator(broker: TestBroker) -> SignedIn:
    return await broker.officer("police", Role.OPERATOR)


def job_of(broker: TestBroker, kind: type[Any]) -> Any:
    (job,) = [job for job in broker.broker.worker._jobs if isinstance(job, kind)]
    return job


async def order(operator: SignedIn, camera_id: str, count: int) -> list[str]:
    """So many holds of the same footage."""
    ids = []
    for _ in range(count):
        body = {"camera_ids": [camera_id], "interval": str(LAST_MINUTES), "reason": "Seen"}
        answer = await operator.post("/v1/holds", body)
        assert answer.status_code == 201, answer.text
        ids += [hold["id"] for hold in answer.json()["holds"]]
    return ids


async def states(operator: SignedIn) -> dict[str, str]:
    holds = (await operator.get("/v1/holds?limit=200")).json()["holds"]
    return {hold["id"]: hold["held"]["state"] for hold in holds}


class Counting:
    """Answers once as many ask as are to ask at once; counts how many asked at the same time."""

    def __init__(self, recorder: Any, at_once: int) -> None:
        self.most = 0
        self._now = 0
        self._enough = asyncio.Event()
        self._at_once = at_once
        self._place = recorder.place_hold
        recorder.place_hold = self.place_hold

    async def place_hold(self, order: HoldOrder) -> HoldReceipt:
        self._now += 1
        self.most = max(self.most, self._now)
        if self._now >= self._at_once:
            self._enough.set()
        await asyncio.wait_for(self._enough.wait(), 10)
        receipt: HoldReceipt = await self._place(order)
        self._now -= 1
        return receipt


async def test_one_recorder_is_asked_so_many_at_once_and_no_more(
    broker: TestBroker, operator: SignedIn
) -> None:
    counting = Counting(broker.rail, AT_A_TIME)
    ids = await order(operator, "rail-cctv:r1", 2 * AT_A_TIME)
    job = job_of(broker, PlaceHolds)
    lease = broker.broker.worker._lease("one")
    batch = await job.claim(lease)
    assert len(batch.holds) == AT_A_TIME
    assert await job.claim(broker.broker.worker._lease("two")) is None, "its recorder has its fill"
    await order(operator, "metro-cctv:m1", 1)
    other = await job.claim(broker.broker.worker._lease("three"))
    assert [hold.camera.network for hold in other.holds] == ["metro-cctv"]
    await job.carry_out(batch, lease.owner)
    await job.carry_out(other, "three")
    assert counting.most == AT_A_TIME
    await broker.work()
    found = await states(operator)
    assert [found[hold_id] for hold_id in ids] == ["held"] * len(ids)


async def test_what_is_wrong_with_one_is_nothing_to_the_others(
    broker: TestBroker, operator: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await order(operator, "rail-cctv:r1", 5)
    job = job_of(broker, PlaceHolds)
    settle, note = job._settle, job._note

    async def settling(hold: Any, owner: str) -> None:
        if hold.id == ids[1]:
            raise ZeroDivisionError("a bug before anything is written")
        await settle(hold, owner)

    def noting(connection: Any, ending: Any) -> None:
        if ending.hold.id == ids[3]:
            raise ZeroDivisionError("a bug in the transaction of all")
        note(connection, ending)

    monkeypatch.setattr(job, "_settle", settling)
    monkeypatch.setattr(job, "_note", noting)
    with pytest.raises(ZeroDivisionError):
        await broker.work()
    found = await states(operator)
    assert [found[hold_id] for hold_id in ids] == ["held", "placing", "held", "placing", "held"]
    monkeypatch.undo()
    broker.clock.advance(seconds=2)
    await broker.work()
    assert set((await states(operator)).values()) == {"held"}
    assert len(broker.rail.holds) == 5


@pytest.mark.parametrize("kind", [PlaceHolds, ReleaseHolds])
async def test_work_that_ends_in_whatever_way_leaves_room_for_the_next(
    broker: TestBroker, operator: SignedIn, kind: type[Any]
) -> None:
    ids = await order(operator, "rail-cctv:r1", 3)
    job = job_of(broker, kind)
    if kind is ReleaseHolds:
        await broker.work()
        for hold_id in ids:
            await operator.http.delete(f"/v1/holds/{hold_id}", headers=operator.headers())
    for how in ("cancelled", "lost", "failed"):
        batch = await job.claim(broker.broker.worker._lease(how))
        assert job._busy["rail-cctv"] == 3
        if how == "cancelled":
            work = asyncio.create_task(job.carry_out(batch, "somebody else"))
            await asyncio.sleep(0)
            work.cancel()
            await asyncio.wait({work})
        elif how == "lost":
            await job.clear_up(batch)
        else:
            await job.fail(batch, how)
        assert job._busy["rail-cctv"] == 0
        broker.clock.advance(seconds=301)
    await broker.work()
    assert job._busy["rail-cctv"] == 0
    assert set((await states(operator)).values()) == {"held" if kind is PlaceHolds else "released"}


async def test_lanes_that_are_woken_together_look_once_for_all(
    broker: TestBroker, operator: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, looks = job_of(broker, PlaceHolds), []
    read = broker.broker.ledger.read

    async def counted(work: Any) -> Any:
        looks.append(work)
        return await read(work)

    monkeypatch.setattr(broker.broker.ledger, "read", counted)
    claims = await asyncio.gather(*(job.claim(broker.broker.worker._lease(str(n))) for n in range(8)))
    assert claims == [None] * 8
    assert len(looks) == 2, "the first, and one for those who came while it looked"
    await order(operator, "rail-cctv:r1", 1)
    assert await job.claim(broker.broker.worker._lease("later")) is not None
