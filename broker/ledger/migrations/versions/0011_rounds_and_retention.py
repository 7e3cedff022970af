"""Rounds, holds that nobody ordered, and when a request's evidence is erased: a month after it was sealed, where it was
sealed before there was a rule."""

from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from alembic import op

from broker.ledger.columns import InstantColumn

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KEPT: Final = timedelta(days=30)


def upgrade() -> None:
    op.create_table(
        "rounds",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("ended_at", InstantColumn(), nullable=True),
        sa.Column("lease_owner", sa.String(length=64), nullable=True),
        sa.Column("lease_until", InstantColumn(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", InstantColumn(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_rounds")),
    )
    op.create_table(
        "unnamed_holds",
        sa.Column("network", sa.String(length=64), nullable=False),
        sa.Column("handle", sa.String(length=512), nullable=False),
        sa.Column("seen_at", InstantColumn(), nullable=False),
        sa.PrimaryKeyConstraint("network", "handle", name=op.f("pk_unnamed_holds")),
    )
    op.add_column("requests", sa.Column("erase_at", InstantColumn(), nullable=True))
    op.add_column("requests", sa.Column("erased_at", InstantColumn(), nullable=True))
    op.create_index("ix_requests_erase_at", "requests", ["erase_at"])
    requests = sa.table(
        "requests",
        sa.column("id", sa.String()),
        sa.column("sealed_at", InstantColumn()),
        sa.column("erase_at", InstantColumn()),
    )
    connection = op.get_bind()
    sealed = sa.select(requests.c.id, requests.c.sealed_at).where(requests.c.sealed_at.is_not(None))
    for request_id, sealed_at in connection.execute(sealed).all():
        later = sa.update(requests).where(requests.c.id == request_id).values(erase_at=sealed_at + KEPT)
        connection.execute(later)
