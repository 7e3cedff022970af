"""Rounds: what is done again and again, such as comparing stores or letting things expire. A job of the worker.

Whichever worker finds one due has it alone until it is through. What a round does is found anew each time, so that one
that is broken off is simply begun again.
"""

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from broker.clock import Clock
from broker.ledger.engine import Ledger
from broker.ledger.leases import Lease, retry_at
from broker.work import store


@dataclass(frozen=True)
class Round:
    """`run` is done every so often."""

    name: str
    every: timedelta
    run: Callable[[], Awaitable[object]]


class MakeRounds:
    """Each round at most once at a time, over all workers."""

    name = "make rounds"
    lanes = 2

    def __init__(self, rounds: Sequence[Round], ledger: Ledger, clock: Clock, jitter: random.Random) -> None:
        self._rounds = {each.name: each for each in rounds}
        self._every = {each.name: each.every for each in rounds}
        self._ledger = ledger
        self._clock = clock
        self._jitter = jitter

    async def claim(self, lease: Lease) -> str | None:
        at = self._clock.now()
        if await self._ledger.read(lambda c: store.find_due(c, at, self._every)) is None:
            return None
        return await self._ledger.write(lambda c: store.claim(c, lease, at, self._every))

    async def renew(self, claimed: str, lease: Lease) -> bool:
        return await self._ledger.write(lambda c: store.renew(c, claimed, lease))

    async def carry_out(self, claimed: str, owner: str) -> None:
        await self._rounds[claimed].run()
        at = self._clock.now()
        due_at = at + self._every[claimed]
        await self._ledger.write(lambda c: store.end(c, claimed, owner, at, due_at))

    async def fail(self, claimed: str, owner: str) -> None:
        at = self._clock.now()
        attempts = await self._ledger.read(lambda c: store.attempts_of(c, claimed))
        due_at = retry_at(attempts, at, self._jitter)
        await self._ledger.write(lambda c: store.put_off(c, claimed, owner, due_at))

    async def clear_up(self, claimed: str) -> None:
        """Whoever has it now begins it anew."""
