"""Reads the log for those who may: an agency's auditors see what concerns its cameras and officers."""

from collections.abc import Mapping

from sqlalchemy import Connection

from broker.audit import store
from broker.audit.models import Entry, NewEntry, Page, Verdict
from broker.clock import Clock
from broker.ledger.engine import Ledger


class AuditLog:
    """The service of this domain. Who may read is decided by the caller, before; reading is logged here.

    `agencies` maps a network to the agency that owns it.
    """

    def __init__(self, ledger: Ledger, clock: Clock, agencies: Mapping[str, str]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._agencies = agencies

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
        if agency is None:
            return page
        shown = tuple(self._as_seen_by(agency, entry) for entry in page.entries)
        return page.model_copy(update={"entries": shown})

    def _as_seen_by(self, agency: str, entry: Entry) -> Entry:
        """The entry without other agencies' cameras, unless the agency's own officer acted.

        Whose the thing was that its own officer was refused stays hidden from the agency: it may be hidden
        because it exists, or it may not exist.
        """
        own = tuple(owner for owner in entry.owners if owner == agency)
        if entry.agency == agency:
            return entry if entry.decision is Verdict.ALLOWED else entry.model_copy(update={"owners": own})
        query = entry.query and {
            name: [v for v in value if self._concerns(agency, v)] if isinstance(value, list) else value
            for name, value in entry.query.items()
        }
        return entry.model_copy(
            update={
                "objects": tuple(name for name in entry.objects if self._concerns(agency, name)),
                "owners": own,
                "query": query,
            }
        )

    def _concerns(self, agency: str, value: object) -> bool:
        """False for what begins with the id of another agency's camera: `network:native id`."""
        if not isinstance(value, str):
            return True
        network, colon, _ = value.partition(":")
        return not colon or self._agencies.get(network) == agency
