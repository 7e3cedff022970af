"""Appends entries in the caller's transaction and reads them back. Nothing here changes or removes one."""

from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from broker.audit.models import Entry, NewEntry, Person, Receipt
from broker.ledger import tables

HOST = "host"
"""Stands for the machine's administrator in `officer_id` of what host commands do."""


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
