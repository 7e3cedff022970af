"""The table of who stands in for whom."""

from sqlalchemy import JSON, Column, ForeignKey, String, Table, Text

from broker.ledger.columns import InstantColumn
from broker.ledger.tables import metadata

substitutions = Table(
    "substitutions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("agency", String(64), nullable=False, index=True),
    Column("principal_id", String(64), ForeignKey("officers.id"), nullable=False),
    Column("substitute_id", String(64), ForeignKey("officers.id"), nullable=False, index=True),
    Column("valid_from", InstantColumn, nullable=False),
    Column("valid_until", InstantColumn, nullable=False),
    Column("hours", JSON(none_as_null=True)),
    Column("reason", Text, nullable=False),
    Column("ended_by", String(64)),
)
