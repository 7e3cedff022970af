"""Reads the log for those who may: an agency's auditors see what concerns its cameras and officers."""

from sqlalchemy import Connection

from broker.audit import store
from broker.audit.models import NewEntry, Page
from broker.clock import Clock
from broker.ledger.engine import Ledger


class AuditLog:
    """The service of this domain. Who may read is decided by the caller, before; reading is logged here."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    async def check(self) -> None:
        """Passes when the ledger answers."""
        await self._ledger.read(store.last_sequence)

    async def page(
        self,
        reading: NewEntry | None,
        agency: str | None,
        after: int,
        until: int | None,
        limit: int,
        request_id: str | None,
    ) -> Page:
        """One page of the log as it was when its first page was read: without `until`, that is now.

        Oldest first. With `agency`, the entries that concern it, and of each entry what does. `reading` is logged
        before this returns.
        """

        def find(connection: Connection) -> Page:
            last = store.last_sequence(connection) if until is None else until
            found = store.entries(
                connection, agency=agency, after=after, until=last, limit=limit + 1, request_id=request_id
            )
            return Page(entries=tuple(found[:limit]), until=last, more=len(found) > limit)

        page = await self._ledger.read(find)
        if reading is not None:
            await self._ledger.write(lambda c: store.append(c, reading, self._clock.now()))
        return page
