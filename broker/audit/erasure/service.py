"""Erases people that the log has kept long enough: once a day as due work, or when the host says so."""

from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Connection

from broker.audit import store as audit
from broker.audit.erasure import store
from broker.audit.models import NewEntry, Operation
from broker.clock import Clock
from broker.ledger.engine import Ledger
from broker.ledger.leases import Lease

ACTION: Final = "erase_people"
"""What the entry is called that says how many were erased, and until when."""
EVERY: Final = timedelta(days=1)


class Erasure:
    """`kept_days` is how long the log keeps people after their entry, where it is about nothing that is still open."""

    def __init__(self, ledger: Ledger, clock: Clock, kept_days: float) -> None:
        self._ledger = ledger
        self._clock = clock
        self._kept = timedelta(days=kept_days)

    @property
    def before(self) -> datetime:
        """Entries from before this instant lose their people now."""
        return self._clock.now() - self._kept

    async def run(self) -> int:
        """Erases all that is due; how many people that were. Each transaction says in the log what it erased."""
        before, erased, after = self.before, 0, None
        while True:
            found = await self._ledger.read(partial(store.find_due, before=before, after=after))
            if found.due:
                erased += await self._ledger.write(partial(self._erase, found.due, before))
            if found.after is None:
                return erased
            after = found.after

    def _erase(self, due: list[int], before: datetime, connection: Connection) -> int:
        """Where another worker was first there is nothing to be said."""
        erased = store.erase(connection, due)
        if erased:
            entry = NewEntry(
                operation=Operation.ERASURE,
                action=ACTION,
                officer_id=audit.HOST,
                query={"people": erased, "before": before.isoformat().replace("+00:00", "Z")},
            )
            audit.append(connection, entry, self._clock.now())
        return erased


class ErasePeople:
    """The same as a job of the worker: due once a day, from its start on. What is erased is found anew each time, so
    that it needs no lease."""

    name = "erase people"
    lanes = 1

    def __init__(self, erasure: Erasure, clock: Clock) -> None:
        self._erasure = erasure
        self._clock = clock
        self._due_at: datetime | None = None

    async def claim(self, lease: Lease) -> datetime | None:
        at = self._clock.now()
        if self._due_at is not None and self._due_at - EVERY <= at < self._due_at:
            return None
        self._due_at = at + EVERY
        return at

    async def renew(self, claimed: datetime, lease: Lease) -> bool:
        return True

    async def carry_out(self, claimed: datetime, owner: str) -> None:
        await self._erasure.run()

    async def fail(self, claimed: datetime, owner: str) -> None:
        """It is due again at once; the lane waits a little before it looks."""
        self._due_at = None

    async def clear_up(self, claimed: datetime) -> None:
        """Nothing is left of it."""
