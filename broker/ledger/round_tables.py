"""The tables of what is done again and again, and of what it remembers."""

from sqlalchemy import Column, String, Table

from broker.ledger.columns import InstantColumn
from broker.ledger.tables import lease_columns, metadata

rounds = Table(
    "rounds",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("ended_at", InstantColumn),
    *lease_columns(),
)
"""What is done again and again, by whichever worker has it."""

unnamed_holds = Table(
    "unnamed_holds",
    metadata,
    Column("network", String(64), primary_key=True),
    Column("handle", String(512), primary_key=True),
    Column("seen_at", InstantColumn, nullable=False),
)
"""Holds found at recorders that no row of `holds` names."""
