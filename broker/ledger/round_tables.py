"""The tables of what workers do beside requests and holds: rounds and what they remember, messages to others."""

from sqlalchemy import BigInteger, Column, Index, String, Table, Text

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

subscribers = Table(
    "subscribers",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("sequence", BigInteger, nullable=False),
)
"""Webhooks and mailboxes, and up to which entry of the log messages to them were written."""

messages = Table(
    "messages",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("subscriber", String(80), nullable=False),
    Column("agency", String(64), nullable=False, index=True),
    Column("kind", String(64), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("at", InstantColumn, nullable=False),
    Column("state", String(16), nullable=False),
    Column("error", Text),
    Column("ended_at", InstantColumn),
    *lease_columns(),
    Index("ix_messages_work", "state", "due_at"),
)
"""What is to be told, as it is sent; ids sort by time."""
