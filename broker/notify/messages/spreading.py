"""Writes messages of what happened, for each subscriber: a job of the worker.

What is told of stands in the log and among the notices already, written with what it is about. So nothing that happened
is left out, whatever crashes: how far a subscriber was told moves on in the transaction that writes its messages.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from broker.audit import store as audit
from broker.clock import Clock
from broker.identifiers import Identifiers
from broker.ledger.engine import Ledger
from broker.ledger.leases import Lease
from broker.notify.messages import store
from broker.notify.messages.models import NewMessage, Subscriber, cloud_event
from broker.notify.models import events_of

ENTRIES_AT_ONCE: Final = 10_000
NOTICES_AT_ONCE: Final = 500
KEPT: Final = timedelta(days=30)
"""How long messages that arrived, or that nobody took, are listed."""


class SpreadNews:
    """All that is new at once. Whoever is second finds nothing new: that needs no lease."""

    name = "spread news"
    lanes = 1

    def __init__(
        self,
        ledger: Ledger,
        subscribers: Sequence[Subscriber],
        source: str,
        clock: Clock,
        identifiers: Identifiers,
    ) -> None:
        self._ledger = ledger
        self._subscribers = subscribers
        self._source = source
        self._clock = clock
        self._identifiers = identifiers

    async def claim(self, lease: Lease) -> int | None:
        """The number of the log's newest entry, where somebody was not told of it."""
        return await self._ledger.read(self._newest)

    def _newest(self, connection: Connection) -> int | None:
        last, told = audit.last_sequence(connection), store.told_up_to(connection)
        is_behind = any(told.get(each.id, -1) < last for each in self._subscribers)
        return last if is_behind or store.has_unspread_notices(connection) else None

    async def renew(self, claimed: int, lease: Lease) -> bool:
        return True

    async def carry_out(self, claimed: int, owner: str) -> None:
        await self._ledger.write(lambda c: self._spread(c, claimed))

    def _spread(self, connection: Connection, last: int) -> None:
        """Who is new is told from now on."""
        at, told = self._clock.now(), store.told_up_to(connection)
        new = list[NewMessage]()
        for each in self._subscribers:
            after = told.get(each.id)
            until = last if after is None else min(last, after + ENTRIES_AT_ONCE)
            if after is not None and after >= until:
                continue
            if after is not None and not each.kinds.isdisjoint(("request", "hold")):
                new += self._of_the_log(connection, each, after, until)
            store.set_told(connection, each.id, until, is_new=after is None)
        for row in store.take_notices(connection, NOTICES_AT_ONCE):
            new += [
                self._message(each, row["id"], f"notice.{row['kind']}", row["subject"], row["at"])
                for each in self._subscribers
                if each.agency == row["agency"] and "notice" in each.kinds
            ]
        store.add(connection, new, at)

    def _of_the_log(self, connection: Connection, to: Subscriber, after: int, until: int) -> list[NewMessage]:
        changes = audit.changes(connection, after, until, to.agency)
        return [
            self._message(
                to, f"{event.sequence}.{event.id}", f"{event.kind}.{event.action}", event.id, event.at
            )
            for change in changes
            for event in events_of(change)
            if event.kind in to.kinds
        ]

    def _message(self, to: Subscriber, event_id: str, kind: str, subject: str, at: datetime) -> NewMessage:
        return NewMessage(
            id=self._identifiers.new("msg"),
            subscriber=to.id,
            agency=to.agency,
            kind=kind,
            subject=subject,
            body=cloud_event(self._source, event_id, kind, subject, at),
            at=at,
        )

    async def fail(self, claimed: int, owner: str) -> None:
        """It is due still; the lane waits a little before it looks."""

    async def clear_up(self, claimed: int) -> None:
        """Nothing is left of it."""


def forget_messages(ledger: Ledger, clock: Clock) -> Callable[[], Awaitable[int]]:
    """A round that removes what ended long ago."""

    async def run() -> int:
        before = clock.now() - KEPT
        return await ledger.write(lambda c: store.forget(c, before))

    return run
