"""What came of the footage, as its requester says once a request is finished."""

import sqlalchemy as sa
from alembic import op

from broker.ledger.columns import InstantColumn

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("requests", sa.Column("outcome", sa.String(length=16), nullable=True))
    op.add_column("requests", sa.Column("outcome_reason", sa.Text(), nullable=True))
    op.add_column("requests", sa.Column("closed_at", InstantColumn(), nullable=True))
