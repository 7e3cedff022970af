"""The log: entries that commit to what each agency may know of them, and the tree over them. Older ones are moved.

What an agency could read of an older entry was worked out at reading, from whose its objects are now; here that is done
once, and kept.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from broker.ledger.columns import InstantColumn

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

AT_ONCE = 500
HOST_PART = "@host"
EVERYBODYS = re.compile(r"\d+\.\d+|[0-9a-f]{64}")
APPEND_ONLY = {
    "audit_entries": "sequence = NEW.sequence",
    "audit_parts": "agency = NEW.agency AND sequence = NEW.sequence",
    "log_checkpoints": "size = NEW.size",
}
OLD = ("audit_entries", "audit_people", "audit_owners")

Whose = dict[str, set[str]]


def upgrade() -> None:
    for table in OLD:
        op.execute(f"CREATE TEMPORARY TABLE old_{table} AS SELECT * FROM {table}")  # noqa: S608  # names of ours
        op.drop_table(table)
    _create()
    _move(op.get_bind())
    for table in OLD:
        op.drop_table(f"old_{table}")
    if op.get_bind().dialect.name == "postgresql":
        _refuse_changes_on_postgresql()
    else:
        _refuse_changes_on_sqlite()


def _create() -> None:
    number = sa.Integer().with_variant(sa.BigInteger(), "postgresql")
    op.create_table(
        "audit_entries",
        sa.Column("sequence", number, nullable=False),
        sa.Column("at", InstantColumn(), nullable=False),
        sa.Column("agency", sa.String(length=64), nullable=True),
        sa.Column("operation", sa.String(length=16), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("purpose", sa.String(length=64), nullable=True),
        sa.Column("commitments", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_entries")),
    )
    op.create_table(
        "audit_people",
        sa.Column("sequence", number, nullable=False),
        sa.Column("at", InstantColumn(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_people")),
    )
    op.create_table(
        "audit_parts",
        sa.Column("sequence", number, nullable=False),
        sa.Column("agency", sa.String(length=64), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("agency", "sequence", name=op.f("pk_audit_parts")),
    )
    op.create_index("ix_audit_people_at", "audit_people", ["at"])
    about = sa.text("request_id IS NOT NULL")
    op.create_index(
        "ix_audit_parts_request_id", "audit_parts", ["request_id"], sqlite_where=about, postgresql_where=about
    )
    op.create_table(
        "log_tiles",
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("n", number, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "n", name=op.f("pk_log_tiles")),
    )
    op.create_table(
        "log_checkpoints",
        sa.Column("size", number, nullable=False),
        sa.Column("at", InstantColumn(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_log_checkpoints")),
    )
    op.create_table(
        "log_cosignatures",
        sa.Column("size", number, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("at", InstantColumn(), nullable=False),
        sa.ForeignKeyConstraint(["size"], ["log_checkpoints.size"], name=op.f("fk_log_cosignatures_size")),
        sa.PrimaryKeyConstraint("size", "name", name=op.f("pk_log_cosignatures")),
    )


def _refuse_changes_on_postgresql() -> None:
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    op.execute(
        "CREATE TRIGGER audit_people_refuse_change BEFORE UPDATE ON audit_people "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def _refuse_changes_on_sqlite() -> None:
    refuse = "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"
    for table, same in APPEND_ONLY.items():
        for change in ("UPDATE", "DELETE"):
            op.execute(f"CREATE TRIGGER {table}_refuse_{change.lower()} BEFORE {change} ON {table} {refuse}")
        # REPLACE removes a row without asking a trigger for DELETE
        op.execute(
            f"CREATE TRIGGER {table}_refuse_replace BEFORE INSERT ON {table} "  # noqa: S608  # names of ours
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) {refuse}"
        )
    op.execute(f"CREATE TRIGGER audit_people_refuse_update BEFORE UPDATE ON audit_people {refuse}")


# moving what was written before


def _move(connection: sa.Connection) -> None:
    if connection.execute(sa.text("SELECT 1 FROM old_audit_entries LIMIT 1")).first() is None:
        return
    whose = _whose(connection)
    for rows in _old_entries(connection):
        moved = [_moved(row, whose) for row in rows]
        _insert(
            connection,
            "audit_entries",
            "sequence at agency operation action decision purpose commitments",
            [entry for entry, _, _ in moved],
        )
        _insert(connection, "audit_people", "sequence at salt content", [who for _, who, _ in moved if who])
        _insert(
            connection,
            "audit_parts",
            "sequence agency salt content request_id",
            [part for _, _, parts in moved for part in parts],
        )


def _insert(connection: sa.Connection, table: str, columns: str, rows: list[tuple[Any, ...]]) -> None:
    names = columns.split()
    if rows:
        statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(':' + n for n in names)})"  # noqa: S608
        connection.execute(sa.text(statement), [dict(zip(names, row, strict=True)) for row in rows])


def _old_entries(connection: sa.Connection) -> Iterator[list[dict[str, Any]]]:
    """Entries in order, some at a time, with their lists read; the temporary table is not indexed."""
    query = sa.text(
        "SELECT e.*, p.service, p.personnel_number, p.name FROM old_audit_entries e "
        "LEFT JOIN old_audit_people p ON p.sequence = e.sequence ORDER BY e.sequence"
    )
    connection.execute(sa.text("CREATE INDEX ix_old_audit_people ON old_audit_people (sequence)"))
    found = connection.execute(query).mappings()
    while rows := found.fetchmany(AT_ONCE):
        yield [
            dict(row) | {name: _list(row[name]) for name in ("objects", "owners", "basis")} for row in rows
        ]


def _list(value: Any) -> list[str]:
    """A JSON column as the driver gives it."""
    return (json.loads(value) if isinstance(value, str) else value) or []


def _whose(connection: sa.Connection) -> Whose:
    """Every id in the ledger, and the agencies that it concerns; networks by what the log says of their rounds."""
    whose: Whose = {}

    def learn(statement: str) -> None:
        for name, agency in connection.execute(sa.text(statement)):
            whose.setdefault(name, set()).add(agency)

    learn("SELECT network, owner FROM holds")
    learn("SELECT network, owner FROM request_items")
    learn("SELECT id, owner FROM holds UNION SELECT id, agency FROM holds")
    learn("SELECT id, agency FROM requests UNION SELECT request_id, owner FROM request_items")
    learn("SELECT id, agency FROM officers")
    for name, version, owner, terms in connection.execute(
        sa.text("SELECT id, version, owner, terms FROM agreements")
    ):
        stated = json.loads(terms) if isinstance(terms, str) else terms
        for key in (name, f"{name}@{version}"):
            whose.setdefault(key, set()).update({owner, *stated["partners"]})
    rounds = sa.text(
        "SELECT objects, owners FROM old_audit_entries WHERE operation = 'collection' "
        "AND officer_id = 'host' AND request_id IS NULL"
    )
    for objects, owners in connection.execute(rounds):
        about, agencies = _list(objects), _list(owners)
        if len(about) == len(agencies) == 1:
            whose.setdefault(about[0], set()).update(agencies)
    return whose


def _moved(
    row: dict[str, Any], whose: Whose
) -> tuple[tuple[Any, ...], tuple[Any, ...] | None, list[tuple[Any, ...]]]:
    """The entry's own row, the person's and the parts'."""
    contents = [_content(row, agency, whose) for agency in dict.fromkeys((row["agency"], *row["owners"]))]
    person = None
    if row["agency"] is not None or row["name"] is not None or row["case_ref"] is not None:
        names = ("case_ref", "name", "officer_id", "personnel_number", "service")
        person = {name: row[name] for name in names}
    salted = [_salted(content) for content in (*contents, *([person] if person else []))]
    hashes = [hashlib.sha256(bytes.fromhex(salt) + text.encode()).hexdigest() for salt, text in salted]
    hashes += [secrets.token_hex(32) for _ in range(-len(hashes) % 4)]
    entry = (
        *(row[name] for name in ("sequence", "at", "agency", "operation", "action", "decision", "purpose")),
        _json(sorted(hashes)),
    )
    acted = (row["sequence"], row["at"], *salted[-1]) if person else None
    parts = [
        (row["sequence"], content["agency"], salt, text, content["request_id"])
        for content, (salt, text) in zip(contents, salted[: len(contents)], strict=True)
    ]
    return entry, acted, parts


def _content(row: dict[str, Any], agency: str | None, whose: Whose) -> dict[str, Any]:
    query = json.loads(row["query"]) if isinstance(row["query"], str) else row["query"]
    about, owners, objects, basis = row["request_id"], row["owners"], row["objects"], row["basis"]
    if agency == row["agency"]:
        if agency is not None and row["decision"] != "allowed":
            owners = [owner for owner in owners if owner == agency]
    else:
        owners = [agency]
        objects = [name for name in objects if _is_of(whose, name, agency) or EVERYBODYS.fullmatch(name)]
        basis = [name for name in basis if ":" in name or _is_of(whose, name, agency)]
        about = about if about is not None and _is_of(whose, about, agency) else None
        query = query and {
            name: [word for word in value if not _is_others(whose, word, agency)]
            if isinstance(value, list)
            else value
            for name, value in query.items()
        }
    return {
        "agency": HOST_PART if agency is None else agency,
        "basis": basis,
        "objects": objects,
        "owners": owners,
        "query": query,
        "recipient": row["agency"] if row["recipient"] == row["officer_id"] else row["recipient"],
        "request_id": about,
    }


def _is_of(whose: Whose, name: str, agency: str | None) -> bool:
    return agency in whose.get(name.partition(":")[0], ())


def _is_others(whose: Whose, word: object, agency: str | None) -> bool:
    return isinstance(word, str) and ":" in word and not _is_of(whose, word, agency)


def _salted(content: dict[str, Any]) -> tuple[str, str]:
    return secrets.token_hex(16), _json(content)


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
