"""Rounds come again after their time, one worker has each, and what breaks one is tried again."""

import random
from datetime import timedelta

import pytest

from broker.ledger.leases import Lease
from broker.work.rounds import MakeRounds, Round
from tests.world import TestBroker

HOUR = timedelta(hours=1)


class Counted:
    """Counts how often it was done; fails when told to."""

    def __init__(self) -> None:
        self.count = 0
        self.error: Exception | None = None

    async def run(self) -> None:
        self.count += 1
        if self.error is not None:
            raise self.error


def lease(broker: TestBroker, owner: str = "test") -> Lease:
    return Lease(owner, broker.clock.now() + timedelta(seconds=30))


def job(broker: TestBroker, *rounds: Round) -> MakeRounds:
    return MakeRounds(rounds, broker.broker.ledger, broker.clock, random.Random(1))  # noqa: S311 - only jitter


async def test_a_round_is_made_at_once_and_then_after_its_time(broker: TestBroker) -> None:
    counted = Counted()
    rounds = job(broker, Round("count", HOUR, counted.run))
    made = []
    for minutes in (0, 59, 1, 59.9, 0.1):
        broker.clock.advance(minutes=minutes)
        name = await rounds.claim(lease(broker))
        made.append(name)
        if name is not None:
            await rounds.carry_out(name, "test")
    assert made == ["count", None, "count", None, "count"]
    assert counted.count == 3


async def test_a_clock_that_was_put_back_puts_nothing_off(broker: TestBroker) -> None:
    rounds = job(broker, Round("count", HOUR, Counted().run))
    await rounds.carry_out(await rounds.claim(lease(broker)) or "", "test")
    broker.clock.advance(days=-100)
    assert await rounds.claim(lease(broker)) == "count"


async def test_one_worker_at_a_time_has_it_and_the_next_takes_it_over_from_a_dead_one(
    broker: TestBroker,
) -> None:
    counted = Counted()
    first, second = (job(broker, Round("count", HOUR, counted.run)) for _ in range(2))
    assert await first.claim(lease(broker, "first")) == "count"
    assert await second.claim(lease(broker, "second")) is None
    assert await first.renew("count", lease(broker, "first"))
    broker.clock.advance(seconds=31)
    assert await second.claim(lease(broker, "second")) == "count"
    assert not await first.renew("count", lease(broker, "first"))
    await first.carry_out("count", "first")
    assert await second.renew("count", lease(broker, "second")), "who lost it ends nothing"
    await second.carry_out("count", "second")
    assert await first.claim(lease(broker, "first")) is None


async def test_what_fails_is_tried_again_later_and_keeps_no_other_round_waiting(broker: TestBroker) -> None:
    broken, sound = Counted(), Counted()
    broken.error = RuntimeError("broken")
    rounds = job(broker, Round("broken", HOUR, broken.run), Round("sound", HOUR, sound.run))
    assert await rounds.claim(lease(broker)) == "broken"
    with pytest.raises(RuntimeError):
        await rounds.carry_out("broken", "test")
    await rounds.fail("broken", "test")
    assert await rounds.claim(lease(broker)) == "sound"
    await rounds.carry_out("sound", "test")
    assert await rounds.claim(lease(broker)) is None
    broker.clock.advance(seconds=2)
    assert await rounds.claim(lease(broker)) == "broken"
