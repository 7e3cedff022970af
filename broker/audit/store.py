"""Appends entries in the caller's transaction and reads them back. Nothing here changes or removes one.

An entry is written once for everybody it concerns; `concerning` says what of the things that it names is whose.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import count
from typing import Final, NamedTuple, TypeVar

import msgspec
from sqlalchemy import Connection, Table, func, or_, select

from broker.audit.models import Entry, NewEntry, Person, Receipt
from broker.ledger import tables
from broker.ledger.columns import EPOCH, MICROSECOND

HOST = "host"
"""Stands for the machine's administrator in `officer_id` of what host commands do."""
CHUNK: Final = 5_000
MOST_VALUES: Final = 15_000
"""Bound values a statement, of names that stand in it six times at most: SQLite takes 32 766."""

T = TypeVar("T")


class Written(NamedTuple):
    """An entry as it goes to the ledger: its row without the sequence, the person who acted, the agencies concerned.
    It is written at this version of the policy only, at any where that is None."""

    row: tuple[object, ...]
    person: tuple[str, str, str] | None
    concerned: tuple[str, ...]
    version: int | None


def write_out(entry: NewEntry, at: datetime, version: int | None = None) -> Written:
    """What `append_together` takes, made where the entry is and not where all of them are written."""
    row = (
        (at - EPOCH) // MICROSECOND,
        entry.officer_id,
        entry.agency,
        entry.operation.value,
        entry.action,
        entry.decision.value,
        _json(entry.objects),
        _json(entry.owners),
        _json(entry.query),
        entry.purpose,
        entry.case_ref,
        _json(entry.basis),
        entry.recipient,
        entry.request_id,
    )
    who = entry.person
    person = None if who is None else (who.service, who.personnel_number, who.name)
    return Written(row, person, tuple({*entry.owners, *([entry.agency] if entry.agency else [])}), version)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


_VERSION_AND_LAST: Final = select(
    select(tables.policy_version.c.version).scalar_subquery(),
    select(func.max(tables.audit_entries.c.sequence)).scalar_subquery(),
)


def append_together(connection: Connection, entries: Sequence[Written]) -> list[Receipt | None]:
    """Writes the entries in their order; they become durable with the transaction. None for an entry that was to be
    written at another version of the policy than it is now: it is not written."""
    version, last = connection.execute(_VERSION_AND_LAST).one()
    numbers = count((last or 0) + 1)
    receipts = [
        Receipt(next(numbers), version) if entry.version in (None, version) else None for entry in entries
    ]
    fitting = [(receipt.sequence, entry) for receipt, entry in zip(receipts, entries, strict=True) if receipt]
    log = [(sequence, *entry.row) for sequence, entry in fitting]
    people = [(sequence, *entry.person) for sequence, entry in fitting if entry.person is not None]
    concerned = [(agency, sequence) for sequence, entry in fitting for agency in entry.concerned]
    _insert(connection, tables.audit_entries, log)
    _insert(connection, tables.audit_people, people)
    _insert(connection, tables.audit_owners, concerned)
    return receipts


def _insert(connection: Connection, table: Table, rows: Sequence[tuple[object, ...]]) -> None:
    """Rows of values as the database keeps them, one for each column, in few statements: each is one call of the
    database's, during which other threads go on."""
    names = ", ".join(column.name for column in table.columns)
    mark = {"qmark": "?", "format": "%s", "pyformat": "%s"}[connection.dialect.paramstyle]
    one = f"({', '.join([mark] * len(table.columns))})"
    for some in _chunks(rows, MOST_VALUES // len(table.columns)):
        statement = f"INSERT INTO {table.name} ({names}) VALUES {', '.join([one] * len(some))}"  # noqa: S608  # names of ours
        connection.exec_driver_sql(statement, tuple(value for row in some for value in row))


def append(connection: Connection, entry: NewEntry, at: datetime) -> Receipt:
    """Writes one entry; it becomes durable with the caller's transaction."""
    (receipt,) = append_together(connection, (write_out(entry, at),))
    if receipt is None:
        raise RuntimeError("an entry for any version of the policy was refused for its version")
    return receipt


def entries(
    connection: Connection,
    *,
    agency: str | None,
    after: int,
    limit: int,
    request_id: str | None = None,
    until: int | None = None,
) -> list[Entry]:
    """Entries after one sequence number up to another, oldest first; with `agency`, those that concern it."""
    log, people = tables.audit_entries, tables.audit_people
    query = (
        select(log, people.c.service, people.c.personnel_number, people.c.name)
        .outerjoin(people, people.c.sequence == log.c.sequence)
        .where(log.c.sequence > after)
        .order_by(log.c.sequence)
        .limit(limit)
    )
    if agency is not None:
        concerned = tables.audit_owners
        query = query.join(concerned, concerned.c.sequence == log.c.sequence).where(
            concerned.c.agency == agency
        )
    if until is not None:
        query = query.where(log.c.sequence <= until)
    if request_id is not None:
        query = query.where(log.c.request_id == request_id)
    found = []
    for row in connection.execute(query).mappings():
        person = None
        if row["personnel_number"] is not None:
            person = Person(
                service=row["service"], personnel_number=row["personnel_number"], name=row["name"]
            )
        found.append(
            Entry(
                sequence=row["sequence"],
                at=row["at"],
                officer_id=row["officer_id"],
                agency=row["agency"],
                person=person,
                operation=row["operation"],
                action=row["action"],
                decision=row["decision"],
                objects=tuple(row["objects"]),
                owners=tuple(row["owners"]),
                query=row["query"],
                purpose=row["purpose"],
                case_ref=row["case_ref"],
                basis=tuple(row["basis"] or ()),
                recipient=row["recipient"],
                request_id=row["request_id"],
            )
        )
    return found


def about_request(connection: Connection, request_id: str) -> tuple[tuple[int, str], ...]:
    """Sequence and action of every entry about a request, in order."""
    log = tables.audit_entries
    query = (
        select(log.c.sequence, log.c.action).where(log.c.request_id == request_id).order_by(log.c.sequence)
    )
    return tuple((row.sequence, row.action) for row in connection.execute(query))


def last_sequence(connection: Connection) -> int:
    """The newest entry's number, 0 in an empty log."""
    return connection.execute(select(func.max(tables.audit_entries.c.sequence))).scalar_one() or 0


def concerning(connection: Connection, agency: str, names: Collection[str]) -> frozenset[str]:
    """Of these names, the agency's own: holds and requests on its cameras or by its officers, agreements that it is
    party to (`id` or `id@version`), its officers."""
    return frozenset(
        name
        for chunk in _chunks(sorted(names), CHUNK)
        for name in (
            *_holds(connection, agency, chunk),
            *_requests(connection, agency, chunk),
            *_officers(connection, agency, chunk),
            *_agreements(connection, agency, chunk),
        )
    )


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _holds(connection: Connection, agency: str, names: Sequence[str]) -> Iterator[str]:
    holds = tables.holds
    mine = or_(holds.c.owner == agency, holds.c.agency == agency)
    yield from connection.execute(select(holds.c.id).where(holds.c.id.in_(names), mine)).scalars()


def _requests(connection: Connection, agency: str, names: Sequence[str]) -> Iterator[str]:
    requests, items = tables.requests, tables.request_items
    made = select(requests.c.id).where(requests.c.id.in_(names), requests.c.agency == agency)
    owned = select(items.c.request_id).where(items.c.request_id.in_(names), items.c.owner == agency)
    yield from connection.execute(made.union(owned)).scalars()


def _officers(connection: Connection, agency: str, names: Sequence[str]) -> Iterator[str]:
    officers = tables.officers
    query = select(officers.c.id).where(officers.c.id.in_(names), officers.c.agency == agency)
    yield from connection.execute(query).scalars()


def _agreements(connection: Connection, agency: str, names: Sequence[str]) -> Iterator[str]:
    """An id without a version is of interest to whoever was party to any version."""
    agreements, asked = tables.agreements, frozenset(names)
    query = select(agreements.c.id, agreements.c.version, agreements.c.owner, agreements.c.terms).where(
        agreements.c.id.in_({name.partition("@")[0] for name in names})
    )
    for row in connection.execute(query):
        if agency == row.owner or agency in row.terms["partners"]:
            yield from {row.id, f"{row.id}@{row.version}"} & asked
