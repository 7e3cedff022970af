"""Reads the log for those who may: an agency's auditors see what concerns its cameras and officers."""

import re
from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection

from broker.audit import store
from broker.audit.models import Entry, NewEntry, Page, Verdict
from broker.clock import Clock
from broker.ledger.engine import Ledger

PART_OF_ITEM: Final = re.compile(r"\d+\.\d+|[0-9a-f]{64}")
"""A clip's name or digest: an entry that has one is about one owner's item alone."""
LEGAL_BASIS: Final = re.compile(r"[^:]+:")
"""Why a request was made, `kind:reference`; no agreement's id has a colon."""


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

        def find(connection: Connection) -> tuple[Page, frozenset[str]]:
            last = store.last_sequence(connection) if until is None else until
            found = store.entries(
                connection, agency=agency, after=after, until=last, limit=limit + 1, request_id=request_id
            )
            shown = tuple(found[:limit])
            names = {name for entry in shown if entry.agency != agency for name in _named(entry)}
            own = frozenset[str]() if agency is None else store.concerning(connection, agency, names)
            return Page(entries=shown, until=last, more=len(found) > limit), own

        page, own = await self._ledger.read(find)
        if reading is not None:
            await self._ledger.write(lambda c: store.append(c, reading, self._clock.now()))
        if agency is None:
            return page
        shown = tuple(self._as_seen_by(agency, entry, own) for entry in page.entries)
        return page.model_copy(update={"entries": shown})

    def _as_seen_by(self, agency: str, entry: Entry, own: frozenset[str]) -> Entry:
        """The entry as far as it concerns the agency: all of it where its own officer acted, else nothing of other
        owners' cameras, holds, agreements and people. `own` are the ids in the ledger that are the agency's.

        Whose the thing was that its own officer was refused stays hidden from the agency: it may be hidden
        because it exists, or it may not exist.
        """
        owners = tuple(owner for owner in entry.owners if owner == agency)
        if entry.agency == agency:
            return entry if entry.decision is Verdict.ALLOWED else entry.model_copy(update={"owners": owners})
        query = entry.query and {
            name: [v for v in value if self._is_shown(agency, v)] if isinstance(value, list) else value
            for name, value in entry.query.items()
        }
        return entry.model_copy(
            update={
                "objects": tuple(
                    name
                    for name in entry.objects
                    if name in own or self._is_of_network(agency, name) or PART_OF_ITEM.fullmatch(name)
                ),
                "owners": owners,
                "query": query,
                "basis": tuple(name for name in entry.basis if name in own or LEGAL_BASIS.match(name)),
                "request_id": entry.request_id if entry.request_id in own else None,
            }
        )

    def _is_of_network(self, agency: str, name: str) -> bool:
        """For a network's id, and for what begins with it: a camera's is `network:native id`."""
        return self._agencies.get(name.partition(":")[0]) == agency

    def _is_shown(self, agency: str, value: object) -> bool:
        """A word of a question: of those that name a camera, the agency's own."""
        return not isinstance(value, str) or ":" not in value or self._is_of_network(agency, value)


def _named(entry: Entry) -> tuple[str, ...]:
    """What has to be looked up; an id with a colon says itself whose it is."""
    about = () if entry.request_id is None else (entry.request_id,)
    return tuple(name for name in (*entry.objects, *entry.basis, *about) if ":" not in name)
