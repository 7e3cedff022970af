"""Refuses calls beyond a number a minute, of an officer, of an agency, and of an address that signs in.

A process takes a twentieth of a limit at a time, so that of twenty calls nineteen wait for nothing: what it has
taken and not used is lost to other processes. While Redis is away each process counts for itself; no call is ever free.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from broker.errors import Problem
from broker.quotas.store import Counts
from broker.settings.sections import LimitSettings

PARTS: Final = 20
MINUTE_S: Final = 60.0
REFUSED_S: Final = 1.0
"""So long a refusal is repeated without asking again."""
KEPT: Final = 20_000


@dataclass
class _Taken:
    """What this process may still answer until `until`, by the event loop's clock."""

    left: int
    until: float
    refused_until: float = 0.0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def use(self, now: float) -> bool:
        """Whether there was one left."""
        if self.left <= 0 or now >= self.until:
            return False
        self.left -= 1
        return True


class Quotas:
    """Of one process."""

    def __init__(self, settings: LimitSettings, counts: Counts) -> None:
        self._settings = settings
        self._counts = counts
        self._taken: OrderedDict[tuple[str, str], _Taken] = OrderedDict()

    async def take(self, officer_id: str, agency: str) -> None:
        """Counts one call of the officer's and their agency's; `too_many_calls` where either has had its number."""
        await self._take("officer", officer_id, self._settings.officer_per_min)
        await self._take("agency", agency, self._settings.agency_per_min)

    async def take_sign_in(self, address: str) -> None:
        """Counts one call about signing in."""
        await self._take("address", address, self._settings.sign_in_per_min)

    async def _take(self, sort: str, name: str, per_min: int) -> None:
        loop, key = asyncio.get_running_loop(), (sort, name)
        taken = self._taken.get(key)
        if taken is None:
            taken = self._taken[key] = _Taken(0, 0.0)
            if len(self._taken) > KEPT:
                self._taken.popitem(last=False)
        if taken.use(loop.time()):
            return
        async with taken.turn:  # of many calls at once one takes a share for all
            now = loop.time()
            if taken.use(now):
                return
            size = max(1, per_min // PARTS)
            if now < taken.refused_until or not await self._counts.count(sort, _word(name), per_min // size):
                taken.refused_until = max(taken.refused_until, now + REFUSED_S)
                raise Problem(
                    "too_many_calls",
                    f"this {sort} has had its {per_min} calls of a minute: wait",
                    retry_after_s=int(MINUTE_S),
                )
            taken.left = size - 1
            taken.until = now + MINUTE_S


def _word(name: str) -> str:
    """An id as it stands in a key; of an address of IPv6, dots for colons."""
    return name.replace(":", ".").replace("%", ".").strip(".") or "unknown"
