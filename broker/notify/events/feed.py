"""What was done of late, read from the log once for all who watch in this process."""

import asyncio
from collections import deque
from contextlib import suppress
from typing import Final

import structlog
from sqlalchemy import Connection

from broker.audit import store as audit
from broker.audit.models import Change
from broker.errors import Problem
from broker.ledger.engine import Ledger
from broker.stopping import heed_cancellation

LOOK_S: Final = 0.5
KEPT: Final = 20_000
ENTRIES_AT_ONCE: Final = 10_000
"""So many entries of the log are looked through in one step for who was away: nobody has all of it read at once."""


class EventFeed:
    """The log's changes after it was first read, the latest kept in memory; earlier ones are read again."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._recent = deque[Change](maxlen=KEPT)
        self._floor: int | None = None
        self._last = 0
        self._moved = asyncio.Event()
        self._catching_up = asyncio.Lock()
        self._log = structlog.get_logger("events")

    async def run(self) -> None:
        """Reads on for as long as the process lives."""
        while True:
            try:
                await self.catch_up()
            except Problem as problem:
                self._log.warning("events wait", code=problem.code)
            await asyncio.sleep(LOOK_S)
            heed_cancellation()

    async def catch_up(self) -> int:
        """Reads what is new; the number of the log's newest entry."""
        async with self._catching_up:
            after = self._last

            def read(connection: Connection) -> tuple[int, list[Change]]:
                last = audit.last_sequence(connection)
                return last, [] if self._floor is None else audit.changes(connection, after, last)

            last, new = await self._ledger.read(read)
            if self._floor is None:
                self._floor = last
            for change in new:
                if len(self._recent) == KEPT:
                    self._floor = self._recent[0].sequence
                self._recent.append(change)
            self._last = last
            if new:
                self._moved.set()
                self._moved = asyncio.Event()
            return last

    async def since(self, after: int, agency: str) -> tuple[int, list[Change]]:
        """The agency's changes after that number, and up to which number these are all: of a long absence a part."""
        if self._floor is None:
            await self.catch_up()
        last = self._last
        if self._floor is not None and after >= self._floor:
            return last, [each for each in self._recent if each.sequence > after and each.agency == agency]
        until = min(last, after + ENTRIES_AT_ONCE)
        return until, await self._ledger.read(lambda c: audit.changes(c, after, until, agency))

    @property
    def last(self) -> int:
        """The number of the newest entry that was read."""
        return self._last

    async def wait(self, at_most_s: float) -> None:
        """Returns once there is something new, or after so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(at_most_s):
                await self._moved.wait()
