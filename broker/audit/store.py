"""Appends entries in the caller's transaction and reads them back. Nothing here changes or removes one.

An entry is written once for everybody it concerns; `concerning` says what of the things that it names is whose.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, insert, or_, select

from broker.audit.models import Entry, NewEntry, Person, Receipt
from broker.ledger import tables

HOST = "host"
"""Stands for the machine's administrator in `officer_id` of what host commands do."""
CHUNK: Final = 5_000
"""Bound values a statement: SQLite takes 32 766."""


def append(connection: Connection, entry: NewEntry, at: datetime) -> Receipt:
    """Writes one entry; it becomes durable with the caller's transaction."""
    inserted = connection.execute(
        insert(tables.audit_entries).values(
            at=at,
            officer_id=entry.officer_id,
            agency=entry.agency,
            operation=entry.operation.value,
            action=entry.action,
            decision=entry.decision.value,
            objects=list(entry.objects),
            owners=list(entry.owners),
            query=entry.query,
            purpose=entry.purpose,
            case_ref=entry.case_ref,
            basis=list(entry.basis),
            recipient=entry.recipient,
            request_id=entry.request_id,
        )
    )
    sequence = int(inserted.inserted_primary_key[0])  # type: ignore[index]  # one row was inserted
    if entry.person is not None:
        connection.execute(insert(tables.audit_people).values(sequence=sequence, **entry.person.model_dump()))
    concerned = sorted({*entry.owners, *([entry.agency] if entry.agency else [])})
    if concerned:
        connection.execute(
            insert(tables.audit_owners), [{"agency": agency, "sequence": sequence} for agency in concerned]
        )
    version = connection.execute(select(tables.policy_version.c.version)).scalar_one()
    return Receipt(sequence=sequence, at=at, policy_version=version)


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
        for chunk in _chunks(sorted(names))
        for name in (
            *_holds(connection, agency, chunk),
            *_requests(connection, agency, chunk),
            *_officers(connection, agency, chunk),
            *_agreements(connection, agency, chunk),
        )
    )


def _chunks(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), CHUNK):
        yield names[start : start + CHUNK]


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
