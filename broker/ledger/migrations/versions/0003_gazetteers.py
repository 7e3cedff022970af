"""Gazetteers and their places, which the catalog may lose and the ledger must not."""

import sqlalchemy as sa
from alembic import op

from broker.ledger.columns import InstantColumn

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gazetteers",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("imported_at", InstantColumn(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gazetteers")),
    )
    op.create_table(
        "gazetteer_parts",
        sa.Column("gazetteer", sa.String(length=64), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("places", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["gazetteer"], ["gazetteers.id"], name=op.f("fk_gazetteer_parts_gazetteer")),
        sa.PrimaryKeyConstraint("gazetteer", "n", name=op.f("pk_gazetteer_parts")),
    )
