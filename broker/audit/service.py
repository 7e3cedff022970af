"""Reads the log for those who may: an agency's auditors see what concerns its cameras and officers."""

from broker.audit import store
from broker.audit.models import Entry, NewEntry
from broker.clock import Clock
from broker.ledger.engine import Ledger


class AuditLog:
    """The service of this domain. Who may read is decided by the caller, before; reading is logged here."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    async def check(self) -> None:
        """Passes when the ledger answers."""
        await self._ledger.read(store.count)

    async def entries(
        self, reading: NewEntry | None, agency: str | None, after: int, limit: int, request_id: str | None
    ) -> list[Entry]:
        """Entries after a sequence number, oldest first; with `agency` those that concern it."""
        found = await self._ledger.read(
            lambda c: store.entries(c, agency=agency, after=after, limit=limit, request_id=request_id)
        )
        if reading is not None:
            await self._ledger.write(lambda c: store.append(c, reading, self._clock.now()))
        return found
