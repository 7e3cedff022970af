"""Who stands in for a custodian, and when."""

import sqlalchemy as sa
from alembic import op

from broker.ledger.columns import InstantColumn

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "substitutions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("agency", sa.String(length=64), nullable=False),
        sa.Column("principal_id", sa.String(length=64), nullable=False),
        sa.Column("substitute_id", sa.String(length=64), nullable=False),
        sa.Column("valid_from", InstantColumn(), nullable=False),
        sa.Column("valid_until", InstantColumn(), nullable=False),
        sa.Column("hours", sa.JSON(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ended_by", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["principal_id"], ["officers.id"], name=op.f("fk_substitutions_principal_id")
        ),
        sa.ForeignKeyConstraint(
            ["substitute_id"], ["officers.id"], name=op.f("fk_substitutions_substitute_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_substitutions")),
    )
    op.create_index("ix_substitutions_agency", "substitutions", ["agency"])
    op.create_index("ix_substitutions_substitute_id", "substitutions", ["substitute_id"])
