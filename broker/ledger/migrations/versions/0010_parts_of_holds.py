"""Holds of several parts: native or copied, and growing where their end is open; agencies take turns."""

import json

import sqlalchemy as sa
from alembic import op

from broker.ledger.columns import InstantColumn

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("agencies", sa.Column("served_at", InstantColumn(), nullable=True))
    op.add_column("holds", sa.Column("parts", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("holds", sa.Column("grows_until", InstantColumn(), nullable=True))
    op.add_column("holds", sa.Column("remind_at", InstantColumn(), nullable=True))
    op.add_column("holds", sa.Column("order_id", sa.String(length=64), nullable=True))
    for name in ("is_growing", "is_copied"):
        op.add_column("holds", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    holds = sa.table(
        "holds",
        sa.column("id", sa.String()),
        sa.column("handle", sa.Text()),
        sa.column("held", sa.JSON()),
        sa.column("parts", sa.JSON()),
    )
    connection = op.get_bind()
    kept = connection.execute(sa.select(holds).where(holds.c.handle.is_not(None))).mappings().all()
    for row in kept:
        held = json.loads(row["held"]) if isinstance(row["held"], str) else row["held"]
        part = {"how": "native", "held": held, "handle": row["handle"], "files": []}
        connection.execute(sa.update(holds).where(holds.c.id == row["id"]).values(parts=[part]))
    with op.batch_alter_table("holds") as changed:
        changed.alter_column("parts", existing_type=sa.JSON(), existing_nullable=False, server_default=None)
        changed.alter_column("interval_end", existing_type=InstantColumn(), nullable=True)
        for name in ("how", "handle", "held"):
            changed.drop_column(name)
    op.create_index("ix_holds_order_id", "holds", ["order_id"])
    op.create_index("ix_holds_remind_at", "holds", ["remind_at"])
