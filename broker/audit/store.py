"""Appends entries in the caller's transaction and reads them back. Nothing here changes one.

What each agency may read of an entry is written with it, as a part of its own.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import chain, count
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import Connection, RowMapping, Select, Table, func, select, text

from broker.audit.apportioning import HOST_PART, parts_of
from broker.audit.models import Change, Entry, NewEntry, Operation, Part, Person, Receipt, Verdict
from broker.audit.texts import (
    LeafRow,
    PartContent,
    PersonContent,
    Salted,
    committed,
    leaf_data,
    read_part,
    read_person,
)
from broker.ledger import log_tables
from broker.ledger.columns import EPOCH, MICROSECOND

HOST = "host"
"""Stands for the machine's administrator in `officer_id` of what host commands do."""
MOST_VALUES: Final = 15_000
"""Bound values a statement: SQLite takes 32 766."""

T = TypeVar("T")
Row = tuple[object, ...]


class Written(NamedTuple):
    """An entry as it goes to the ledger, without its sequence: its row, who acted, and the agencies' parts. It is
    written at this version of the policy only, at any where that is None."""

    row: Row
    person: Row | None
    parts: list[Row]
    version: int | None


class Draft(NamedTuple):
    """An entry as its author has it, to be written at this version of the policy only."""

    entry: NewEntry
    at: datetime
    version: int


class Unwritable(NamedTuple):
    """Stands for the receipt of a draft that cannot be put into words: a bug, which is its author's alone."""

    reason: str


def append_drafts(connection: Connection, drafts: Sequence[Draft]) -> list[Receipt | Unwritable | None]:
    """`append_together` of what is written out here, which may be beside the process that answers."""
    attempts = [_attempted(draft) for draft in drafts]
    receipts = iter(append_together(connection, [one for one in attempts if isinstance(one, Written)]))
    return [one if isinstance(one, Unwritable) else next(receipts) for one in attempts]


def _attempted(draft: Draft) -> Written | Unwritable:
    try:
        return write_out(*draft)
    except (TypeError, ValueError) as error:
        return Unwritable(f"{type(error).__name__} in an entry on {draft.entry.action}")


def write_out(entry: NewEntry, at: datetime, version: int | None = None) -> Written:
    """What `append_together` takes."""
    contents = parts_of(entry)
    acted = _person_of(entry)
    commitments = committed([*contents, acted] if acted else contents)
    moment = (at - EPOCH) // MICROSECOND
    row = (
        moment,
        entry.agency,
        entry.operation.value,
        entry.action,
        entry.decision.value,
        entry.purpose,
        commitments.text,
    )
    salted = commitments.salted
    person = (moment, *salted[-1]) if acted else None
    parts: list[Row] = [
        (content.agency, salt, written, content.request_id)
        for content, (salt, written) in zip(contents, salted[: len(contents)], strict=True)
    ]
    return Written(row, person, parts, version)


def _person_of(entry: NewEntry) -> PersonContent | None:
    """Who acted and the case; None where the host acted by itself and for no case."""
    if entry.agency is None and entry.person is None and entry.case_ref is None:
        return None
    who = entry.person
    name, number, service = (None,) * 3 if who is None else (who.name, who.personnel_number, who.service)
    return PersonContent(entry.case_ref, name, entry.officer_id, number, service)


_VERSION_AND_LAST: Final = (
    "SELECT (SELECT version FROM policy_version), (SELECT max(sequence) FROM audit_entries)"
)
"""As text, as the inserts are: composing a statement costs more than all that the database does for it."""


def append_together(connection: Connection, entries: Sequence[Written]) -> list[Receipt | None]:
    """Writes the entries in their order; they become durable with the transaction. None for an entry that was to be
    written at another version of the policy than it is now: it is not written."""
    version, last = connection.exec_driver_sql(_VERSION_AND_LAST).one()
    numbers = count((last or 0) + 1)
    receipts = [
        Receipt(next(numbers), version) if entry.version in (None, version) else None for entry in entries
    ]
    fitting = [(receipt.sequence, entry) for receipt, entry in zip(receipts, entries, strict=True) if receipt]
    people = [(sequence, *entry.person) for sequence, entry in fitting if entry.person is not None]
    parts = [(sequence, *part) for sequence, entry in fitting for part in entry.parts]
    _insert(connection, log_tables.audit_entries, [(sequence, *entry.row) for sequence, entry in fitting])
    _insert(connection, log_tables.audit_people, people)
    _insert(connection, log_tables.audit_parts, parts)
    return receipts


def _insert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Rows of values as the database keeps them, one for each column, in few statements: each is one call of the
    database's, during which other threads go on."""
    if connection.dialect.name == "postgresql":
        _copy(connection, table, rows)
        return
    for some in _chunks(rows, MOST_VALUES // len(table.columns)):
        statement = _insertion(table, len(some), connection.dialect.paramstyle)
        connection.exec_driver_sql(statement, tuple(chain.from_iterable(some)))


def _copy(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """The same by COPY, which binds no values: PostgreSQL's driver takes longer to bind them than the server to keep
    them."""
    driver = connection.connection.driver_connection
    if not rows or driver is None:
        return
    with driver.cursor() as cursor, cursor.copy(_copying(table)) as copy:
        for row in rows:
            copy.write_row(row)


@lru_cache
def _copying(table: Table) -> str:
    return f"COPY {table.name} ({', '.join(column.name for column in table.columns)}) FROM STDIN"


@lru_cache(maxsize=512)
def _insertion(table: Table, count: int, style: str) -> str:
    mark = {"qmark": "?", "format": "%s", "pyformat": "%s"}[style]
    names = ", ".join(column.name for column in table.columns)
    one = f"({', '.join([mark] * len(table.columns))})"
    return f"INSERT INTO {table.name} ({names}) VALUES {', '.join([one] * count)}"  # noqa: S608  # names of ours


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
    operations: Collection[Operation] | None = None,
) -> list[Entry]:
    """Entries after one sequence number up to another, oldest first; with `agency`, those that concern it, as far as
    they do, else all of them whole; with `operations`, those of these alone."""
    log, parts = log_tables.audit_entries, log_tables.audit_parts
    query = _with_people().where(log.c.sequence > after).order_by(log.c.sequence).limit(limit)
    if until is not None:
        query = query.where(log.c.sequence <= until)
    if operations is not None:
        query = query.where(log.c.operation.in_([operation.value for operation in operations]))
    if agency is not None:
        query = query.join(parts, parts.c.sequence == log.c.sequence).where(parts.c.agency == agency)
        if request_id is not None:
            query = query.where(parts.c.request_id == request_id)
    elif request_id is not None:
        about = select(parts.c.sequence).where(parts.c.request_id == request_id)
        query = query.where(log.c.sequence.in_(about))
    rows = connection.execute(query).mappings().all()
    beside = parts_of_entries(connection, [row["sequence"] for row in rows], agency)
    return [_entry(row, beside[row["sequence"]]) for row in rows]


def _with_people() -> Select[Any]:
    log, people = log_tables.audit_entries, log_tables.audit_people
    return select(
        log, people.c.salt.label("person_salt"), people.c.content.label("person_content")
    ).outerjoin(people, people.c.sequence == log.c.sequence)


def parts_of_entries(
    connection: Connection, numbers: Sequence[int], agency: str | None
) -> dict[int, list[Salted]]:
    """The parts of these entries: the agency's, else everybody's."""
    parts, found = log_tables.audit_parts, dict[int, list[Salted]]()
    whose = (agency,) if agency is not None else tuple(connection.execute(_READERS).scalars())
    for some in _chunks(numbers, MOST_VALUES - len(whose)):
        query = select(parts.c.sequence, parts.c.salt, parts.c.content).where(
            parts.c.agency.in_(whose), parts.c.sequence.in_(some)
        )
        for sequence, salt, content in connection.execute(query):
            found.setdefault(sequence, []).append(Salted(salt, content))
    return found


_READERS: Final = text(
    "WITH RECURSIVE found(agency) AS (SELECT min(agency) FROM audit_parts UNION ALL "
    "SELECT (SELECT min(agency) FROM audit_parts WHERE agency > found.agency) FROM found WHERE agency IS NOT NULL) "
    "SELECT agency FROM found WHERE agency IS NOT NULL"
)
"""Every agency that has a part, by one look at the index for each."""


def _entry(row: RowMapping, salted: Sequence[Salted]) -> Entry:
    """The entry by an agency's part, or by all of them."""
    contents = [read_part(part.content) for part in salted]
    actor = row["agency"] or HOST_PART
    part = next((content for content in contents if content.agency == actor), contents[0])
    acted = row["person_content"] and read_person(row["person_content"])
    shown = [*salted, Salted(row["person_salt"], row["person_content"])] if acted else salted
    return Entry(
        sequence=row["sequence"],
        at=row["at"],
        officer_id=acted.officer_id if acted else None if row["agency"] else HOST,
        agency=row["agency"],
        person=_person(acted) if acted else None,
        operation=row["operation"],
        action=row["action"],
        decision=row["decision"],
        objects=part.objects,
        owners=_owners(part, contents, row["decision"]),
        query=part.query,
        purpose=row["purpose"],
        case_ref=acted.case_ref if acted else None,
        basis=part.basis,
        recipient=part.recipient,
        request_id=part.request_id,
        leaf=leaf_data(LeafRow(*(_stored(row, name) for name in LeafRow._fields))),
        parts=tuple(Part(salt=salt, content=content) for salt, content in shown),
    )


def _stored(row: RowMapping, name: str) -> Any:
    return (row[name] - EPOCH) // MICROSECOND if name == "at" else row[name]


def _person(acted: PersonContent) -> Person | None:
    if acted.name is None or acted.personnel_number is None or acted.service is None:
        return None
    return Person(service=acted.service, personnel_number=acted.personnel_number, name=acted.name)


def _owners(part: PartContent, contents: Iterable[PartContent], decision: str) -> tuple[str, ...]:
    """Whose the things were: where the actor was refused, as far as the parts at hand tell it."""
    if decision == Verdict.ALLOWED.value:
        return part.owners
    return tuple(sorted({owner for content in contents for owner in content.owners}))


def sequence_before(connection: Connection, instant: datetime) -> int:
    """The number of the last entry from before the instant, as far as instants grow with numbers; 0 for none."""
    log = log_tables.audit_entries
    low, high = 0, last_sequence(connection)
    while low < high:
        middle = (low + high + 1) // 2
        at = connection.execute(select(log.c.at).where(log.c.sequence == middle)).scalar_one()
        low, high = (middle, high) if at < instant else (low, middle - 1)
    return low


def changes(connection: Connection, after: int, until: int, agency: str | None = None) -> list[Change]:
    """What was done after one sequence number up to another beside looking, once for each agency that it concerns, or
    for one alone; in order."""
    log, parts = log_tables.audit_entries, log_tables.audit_parts
    query = (
        select(log.c.sequence, log.c.at, log.c.action, parts.c.content)
        .join(parts, parts.c.sequence == log.c.sequence)
        .where(
            log.c.sequence > after,
            log.c.sequence <= until,
            log.c.operation != Operation.CONSULTATION.value,
            log.c.decision == Verdict.ALLOWED.value,
        )
        .order_by(log.c.sequence, parts.c.agency)
    )
    if agency is not None:
        query = query.where(parts.c.agency == agency)
    found = []
    for row in connection.execute(query):
        part = read_part(row.content)
        found.append(
            Change(
                row.sequence, row.at, row.action, part.agency, part.objects, part.request_id, part.recipient
            )
        )
    return found


def last_sequence(connection: Connection) -> int:
    """The newest entry's number, 0 in an empty log."""
    return connection.execute(select(func.max(log_tables.audit_entries.c.sequence))).scalar_one() or 0


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
