"""The tables of the log: what was done, who did it, and the tree over it. They are the ledger's as all others are."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    text,
)

from broker.ledger.columns import InstantColumn
from broker.ledger.tables import metadata


def _sequence() -> Column[int]:
    """An entry's number."""
    return Column("sequence", Integer().with_variant(BigInteger, "postgresql"), primary_key=True)


audit_entries = Table(
    "audit_entries",
    metadata,
    _sequence(),
    Column("at", InstantColumn, nullable=False),
    Column("agency", String(64)),
    Column("operation", String(16), nullable=False),
    Column("action", String(32), nullable=False),
    Column("decision", String(16), nullable=False),
    Column("purpose", String(64)),
    Column("commitments", Text, nullable=False),
)
"""What the log's tree is over. Append-only: triggers refuse every change."""

audit_people = Table(
    "audit_people",
    metadata,
    _sequence(),
    Column("at", InstantColumn, nullable=False, index=True),
    Column("salt", String(32), nullable=False),
    Column("content", Text, nullable=False),
)
"""Who acted, beside the entry and not in it: the law's erasure removes the row and leaves the log whole."""

audit_parts = Table(
    "audit_parts",
    metadata,
    Column("sequence", Integer().with_variant(BigInteger, "postgresql")),
    Column("agency", String(64)),
    Column("salt", String(32), nullable=False),
    Column("content", Text, nullable=False),
    Column("request_id", String(64)),
    PrimaryKeyConstraint("agency", "sequence"),
    Index(
        "ix_audit_parts_request_id",
        "request_id",
        sqlite_where=text("request_id IS NOT NULL"),
        postgresql_where=text("request_id IS NOT NULL"),
    ),
)
"""What an agency may know of an entry, fixed when it was written. Append-only as the entries are."""

log_tiles = Table(
    "log_tiles",
    metadata,
    Column("level", Integer, primary_key=True),
    Column("n", Integer().with_variant(BigInteger, "postgresql"), primary_key=True),
    Column("hashes", LargeBinary, nullable=False),
)
"""The tree: up to 256 hashes of 32 bytes a row, of one level; the last row of a level may hold fewer and grows."""

log_checkpoints = Table(
    "log_checkpoints",
    metadata,
    Column("size", Integer().with_variant(BigInteger, "postgresql"), primary_key=True),
    Column("at", InstantColumn, nullable=False),
    Column("note", Text, nullable=False),
)
"""What was signed of the tree. Append-only as the entries are."""

log_cosignatures = Table(
    "log_cosignatures",
    metadata,
    Column("size", ForeignKey("log_checkpoints.size"), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("line", Text, nullable=False),
    Column("at", InstantColumn, nullable=False),
)
"""What witnesses signed under a checkpoint."""
