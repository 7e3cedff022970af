"""Emergencies, their reviews, and notices that wait for their addressees."""

import sqlalchemy as sa
from alembic import op

from broker.ledger.columns import InstantColumn

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "emergencies",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("officer_id", sa.String(length=64), nullable=False),
        sa.Column("agency", sa.String(length=64), nullable=False),
        sa.Column("person", sa.JSON(), nullable=False),
        sa.Column("purpose", sa.String(length=64), nullable=False),
        sa.Column("case_ref", sa.Text()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("owners", sa.JSON(), nullable=False),
        sa.Column("area", sa.JSON()),
        sa.Column("started_at", InstantColumn(), nullable=False),
        sa.Column("ends_at", InstantColumn(), nullable=False),
        sa.Column("ended_at", InstantColumn()),
        sa.Column("ended_by", sa.String(length=64)),
        sa.Column("closed_at", InstantColumn()),
        sa.ForeignKeyConstraint(["officer_id"], ["officers.id"], name=op.f("fk_emergencies_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergencies")),
    )
    op.create_index(op.f("ix_emergencies_officer_id"), "emergencies", ["officer_id"])
    op.create_index(op.f("ix_emergencies_ends_at"), "emergencies", ["ends_at"])
    op.create_table(
        "emergency_reviews",
        sa.Column("emergency_id", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("officer_id", sa.String(length=64), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reviewed_at", InstantColumn(), nullable=False),
        sa.ForeignKeyConstraint(
            ["emergency_id"], ["emergencies.id"], name=op.f("fk_emergency_reviews_emergency_id")
        ),
        sa.PrimaryKeyConstraint("emergency_id", "owner", name=op.f("pk_emergency_reviews")),
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("agency", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("at", InstantColumn(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_index("ix_notices_addressee", "notices", ["agency", "role"])
