"""People in the log that are due to be erased: found, and removed. Nothing else of an entry is ever removed."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection, delete, select, union

from broker.audit import store
from broker.audit.texts import read_part
from broker.ledger import log_tables, tables

IN_FORCE: Final = ("ordered", "placing", "held", "partial")
"""States of a hold that is not over."""
AT_ONCE: Final = 5_000


class Place(NamedTuple):
    """How far the search for people is: the instant and the number of the last one that was looked at."""

    at: datetime
    sequence: int


class Found(NamedTuple):
    """Entries whose people are to be erased, from when the first of them is, and where to look on; None at the end."""

    due: list[int]
    after: Place | None
    first: datetime | None


class Open(NamedTuple):
    """What is not over yet, from before a time: its entries keep their people."""

    requests: frozenset[str]
    holds: frozenset[str]


def what_is_open(connection: Connection, before: datetime) -> Open:
    """Requests that are not final or have a hold in force, and holds in force."""
    requests, holds = tables.requests, tables.holds
    in_force = (holds.c.state.in_(IN_FORCE), holds.c.ordered_at < before)
    not_final = select(requests.c.id).where(
        requests.c.finished_at.is_(None), requests.c.submitted_at < before
    )
    held = select(holds.c.request_id).where(holds.c.request_id.is_not(None), *in_force)
    return Open(
        requests=frozenset(connection.execute(union(not_final, held)).scalars()),
        holds=frozenset(connection.execute(select(holds.c.id).where(*in_force)).scalars()),
    )


def find_due(connection: Connection, before: datetime, after: Place | None) -> Found:
    """The next entries from before the time that are about nothing open, oldest first."""
    people = log_tables.audit_people
    query = select(people.c.at, people.c.sequence).where(people.c.at < before)
    if after is not None:
        later = (people.c.at > after.at) | ((people.c.at == after.at) & (people.c.sequence > after.sequence))
        query = query.where(later)
    rows = connection.execute(query.order_by(people.c.at, people.c.sequence).limit(AT_ONCE)).all()
    numbers = [row.sequence for row in rows]
    kept = _about(connection, what_is_open(connection, before), numbers)
    last = Place(*rows[-1]) if len(rows) == AT_ONCE else None
    due = [row for row in rows if row.sequence not in kept]
    return Found([row.sequence for row in due], last, due[0].at if due else None)


def _about(connection: Connection, what: Open, numbers: list[int]) -> set[int]:
    """Those of the entries that are about something open."""
    if not numbers or not (what.requests or what.holds):
        return set()
    return {
        sequence
        for sequence, parts in store.parts_of_entries(connection, numbers, None).items()
        if any(
            content.request_id in what.requests or not what.holds.isdisjoint(content.objects)
            for content in (read_part(part.content) for part in parts)
        )
    }


def erase(connection: Connection, numbers: Iterable[int]) -> int:
    """Removes the people of these entries; how many there still were."""
    people = log_tables.audit_people
    return connection.execute(delete(people).where(people.c.sequence.in_(list(numbers)))).rowcount
