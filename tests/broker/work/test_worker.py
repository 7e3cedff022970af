"""Workers share a ledger: a row is one worker's at a time, lost leases write nothing, the dead are replaced."""

import asyncio
import random
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from broker.agencies.models import Role
from broker.catalog.store import CatalogStore
from broker.errors import Problem
from broker.holds import store as holds
from broker.holds.models import Hold
from broker.holds.store import HoldTask, Room
from broker.ledger.engine import Ledger
from broker.ledger.leases import (
    FIRST_RETRY_S,
    LONGEST_RETRY_S,
    LONGEST_TOLD_S,
    PATIENCE,
    Lease,
    LeaseLost,
    ask_again_at,
    is_given_up,
    retry_at,
)
from broker.work.worker import Worker
from tests.world import LAST_MINUTES, NOW, StandingClock, TestBroker


class FakeJob:
    """Rows in memory, to be carried out as a test says."""

    name = "fake"
    lanes = 2

    def __init__(self, *rows: str) -> None:
        self.rows = list(rows)
        self.renewals: list[bool | Exception] = []
        self.renewed = asyncio.Event()
        self.working = asyncio.Event()
        self.may_finish = asyncio.Event()
        self.error: Exception | None = None
        self.fail_error: Exception | None = None
        self.log: list[str] = []

    async def claim(self, lease: Lease) -> str | None:
        return self.rows.pop(0) if self.rows else None

    async def renew(self, claimed: str, lease: Lease) -> bool:
        said = self.renewals.pop(0) if self.renewals else True
        self.renewed.set()
        if isinstance(said, Exception):
            raise said
        return said

    async def carry_out(self, claimed: str, owner: str) -> None:
        self.working.set()
        try:
            await self.may_finish.wait()
        except asyncio.CancelledError:
            self.log.append(f"stopped {claimed}")
            raise
        if self.error is not None:
            raise self.error
        self.log.append(f"done {claimed}")

    async def fail(self, claimed: str, owner: str) -> None:
        self.log.append(f"failed {claimed}")
        if self.fail_error is not None:
            raise self.fail_error

    async def clear_up(self, claimed: str) -> None:
        self.log.append(f"cleared {claimed}")


def worker(job: Any, clock: StandingClock, redis: Redis, lease_s: float = 0.03) -> Worker:
    return Worker((job,), CatalogStore(redis), clock, "test", lease_s)


AWAY = Problem("ledger_unavailable", "away")


async def test_a_lost_lease_stops_the_work_and_clears_up(redis: Redis) -> None:
    job = FakeJob("a")
    job.renewals = [True, True, False]
    assert await asyncio.wait_for(worker(job, StandingClock(), redis).run_due(), 5) == 1
    assert job.log == ["stopped a", "cleared a"]


async def test_work_that_finds_its_lease_lost_at_the_end_is_not_a_failure(redis: Redis) -> None:
    job = FakeJob("a")
    job.error = LeaseLost()
    job.may_finish.set()
    assert await worker(job, StandingClock(), redis).run_due() == 1
    assert job.log == ["cleared a"]


async def test_an_outage_of_the_ledger_does_not_stop_work_whose_lease_still_holds(redis: Redis) -> None:
    job = FakeJob("a")
    job.renewals = [AWAY, AWAY]
    running = asyncio.create_task(worker(job, StandingClock(), redis).run_due())
    while job.renewals:
        job.renewed.clear()
        await asyncio.wait_for(job.renewed.wait(), 5)
    job.may_finish.set()
    assert await asyncio.wait_for(running, 5) == 1
    assert job.log == ["done a"]


async def test_work_stops_once_its_lease_has_run_out_unrenewed(redis: Redis) -> None:
    job, clock = FakeJob("a"), StandingClock()
    job.renewals = [AWAY] * 1000
    running = asyncio.create_task(worker(job, clock, redis).run_due())
    await asyncio.wait_for(job.renewed.wait(), 5)
    assert job.log == []
    clock.advance(seconds=1)
    await asyncio.wait_for(running, 5)
    assert job.log == ["stopped a", "cleared a"]


async def test_a_failure_that_cannot_be_noted_is_left_to_the_lease(redis: Redis) -> None:
    job = FakeJob("a")
    job.error, job.fail_error = ZeroDivisionError("a bug"), AWAY
    job.may_finish.set()
    with pytest.raises(ZeroDivisionError):
        await worker(job, StandingClock(), redis).run_due()
    assert job.log == ["failed a"]


async def test_a_lane_outlives_failures_and_goes_on_with_the_next(redis: Redis) -> None:
    job = FakeJob("a")
    job.error = AWAY
    job.may_finish.set()
    running = asyncio.create_task(worker(job, StandingClock(), redis).run())
    async with asyncio.timeout(5):
        while "failed a" not in job.log:
            await asyncio.sleep(0)
        job.error = None
        job.rows.append("b")
        await CatalogStore(redis).wake_worker()
        while "done b" not in job.log:
            await asyncio.sleep(0.001)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_worker_that_is_stopped_stops_its_work_first(redis: Redis) -> None:
    job = FakeJob("a")
    running = asyncio.create_task(worker(job, StandingClock(), redis).run())
    await asyncio.wait_for(job.working.wait(), 5)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(running, 5)
    assert job.log == ["stopped a"]


async def test_a_lane_whose_job_takes_the_cancellation_for_itself_ends(redis: Redis) -> None:
    claiming = asyncio.Event()

    class Swallowing(FakeJob):
        async def claim(self, lease: Lease) -> str | None:
            claiming.set()
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            return None

    running = asyncio.create_task(worker(Swallowing(), StandingClock(), redis).run())
    await asyncio.wait_for(claiming.wait(), 5)
    running.cancel()
    done, _ = await asyncio.wait({running}, timeout=5)
    assert done
    assert running.cancelled()


async def test_a_worker_finds_due_work_without_being_woken(redis: Redis) -> None:
    job = FakeJob()
    job.may_finish.set()
    running = asyncio.create_task(worker(job, StandingClock(), redis).run())
    await asyncio.sleep(0)
    job.rows.append("late")
    async with asyncio.timeout(10):
        while job.log != ["done late"]:
            await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


# rows in a real ledger


async def ordered(broker: TestBroker, count: int) -> list[str]:
    operator = await broker.officer("police", Role.OPERATOR)
    ids = []
    for _ in range(count):
        order = {"camera_ids": ["rail-cctv:r1"], "interval": str(LAST_MINUTES), "reason": "Test"}
        ids.append((await operator.post("/v1/holds", order)).json()["holds"][0]["id"])
    return ids


def lease(owner: str, at: Any, seconds: float = 30) -> Lease:
    return Lease(owner=owner, until=at + timedelta(seconds=seconds))


async def test_many_claimers_on_two_ledgers_of_one_place_never_share_a_row(broker: TestBroker) -> None:
    ids = await ordered(broker, 12)
    at = broker.clock.now()
    second = Ledger(broker.broker.ledger.place)
    try:

        async def claim_all(ledger: Ledger, owner: str) -> list[Hold]:
            mine = []
            while True:
                held = await ledger.write(
                    lambda c: holds.claim(c, lease(owner, at), at, HoldTask.PLACE, Room(16, {}))
                )
                if not held:
                    return mine
                mine += held

        claims = await asyncio.gather(
            *(
                claim_all(ledger, f"{n}-{m}")
                for m, ledger in enumerate((broker.broker.ledger, second))
                for n in range(4)
            )
        )
    finally:
        await asyncio.to_thread(second.close)
    counted = Counter(hold.id for mine in claims for hold in mine)
    assert counted == Counter(ids)


async def test_a_lease_keeps_others_away_until_it_ends_and_then_belongs_to_who_takes_over(
    broker: TestBroker,
) -> None:
    (hold_id,) = await ordered(broker, 1)
    ledger, at = broker.broker.ledger, broker.clock.now()
    later = at + timedelta(seconds=30)
    assert await ledger.write(lambda c: holds.claim(c, lease("a", at), at, HoldTask.PLACE, Room(16, {})))
    before = later - timedelta(microseconds=1)
    assert (
        await ledger.write(lambda c: holds.claim(c, lease("b", before), before, HoldTask.PLACE, Room(16, {})))
        == []
    )
    renewed = lease("a", at, 60)
    assert await ledger.write(lambda c: holds.renew(c, [hold_id], renewed))
    assert (
        await ledger.write(lambda c: holds.claim(c, lease("b", later), later, HoldTask.PLACE, Room(16, {})))
        == []
    )
    dead = at + timedelta(seconds=60)
    (taken,) = await ledger.write(
        lambda c: holds.claim(c, lease("b", dead), dead, HoldTask.PLACE, Room(16, {}))
    )
    assert taken.attempts == 2
    assert not await ledger.write(lambda c: holds.renew(c, [hold_id], lease("a", dead)))
    assert await ledger.read(lambda c: holds.leased(c, [hold_id])) == {hold_id: "b"}


async def test_who_finishes_after_losing_the_lease_writes_nothing(broker: TestBroker) -> None:
    (hold_id,) = await ordered(broker, 1)
    (job,) = [job for job in broker.broker.worker._jobs if job.name == "place holds"]
    slow = await job.claim(lease("slow", broker.clock.now()))
    broker.clock.advance(seconds=31)
    fast = await job.claim(lease("fast", broker.clock.now()))
    await job.carry_out(fast, "fast")
    placed = await broker.broker.ledger.read(lambda c: holds.find(c, hold_id))
    with pytest.raises(LeaseLost):
        await job.carry_out(slow, "slow")
    with pytest.raises(LeaseLost):
        await job.fail(slow, "slow")
    assert await broker.broker.ledger.read(lambda c: holds.find(c, hold_id)) == placed
    assert len(broker.rail.holds) == 1


def dice(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - only jitter


@given(attempts=st.integers(1, 60), seed=st.integers())
def test_failures_are_tried_again_ever_later_with_jitter(attempts: int, seed: int) -> None:
    wait_s = (retry_at(attempts, NOW, dice(seed)) - NOW).total_seconds()
    full_s = min(LONGEST_RETRY_S, LONGEST_TOLD_S, FIRST_RETRY_S * 2.0 ** (attempts - 1))
    assert full_s / 2 <= wait_s + 1e-6
    assert wait_s <= full_s + 1e-6


@given(waited_s=st.floats(0, 200_000), seed=st.integers(), after_s=st.none() | st.floats(0, 5_000))
def test_an_outage_is_asked_about_ever_more_rarely_and_never_sooner_than_told(
    waited_s: float, seed: int, after_s: float | None
) -> None:
    at = NOW + timedelta(seconds=waited_s)
    wait_s = (ask_again_at(NOW, at, dice(seed), after_s) - at).total_seconds()
    told_s = min(after_s or 0.0, LONGEST_TOLD_S)
    assert wait_s >= max(FIRST_RETRY_S / 2, told_s) - 1e-5
    assert wait_s <= max(LONGEST_RETRY_S, LONGEST_TOLD_S, told_s) + 1e-5


def test_waits_differ_between_workers() -> None:
    waits = {retry_at(5, NOW, dice(seed)) for seed in range(20)}
    assert len(waits) == 20


def test_an_outage_is_given_up_after_a_day_and_never_at_the_first_try() -> None:
    assert not is_given_up(1, NOW, NOW + 2 * PATIENCE)
    assert not is_given_up(2, NOW, NOW + PATIENCE - timedelta(seconds=1))
    assert is_given_up(2, NOW, NOW + PATIENCE)
