"""Erases people that the log has kept long enough: once a day, or when the host says so."""

from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Connection

from broker.audit import store as audit
from broker.audit.erasure import store
from broker.audit.models import NewEntry, Operation
from broker.clock import Clock
from broker.ledger.engine import Ledger

ACTION: Final = "erase_people"
"""What the entry is called that says how many were erased, and until when."""


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

    async def due(self, by: datetime) -> tuple[datetime, int] | None:
        """When the first people go and how many do by then; None where nobody does."""
        before, count, first, after = by - self._kept, 0, None, None
        while True:
            found = await self._ledger.read(partial(store.find_due, before=before, after=after))
            count += len(found.due)
            if first is None and found.due:
                first = found.first
            if found.after is None:
                return None if first is None else (first + self._kept, count)
            after = found.after

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
