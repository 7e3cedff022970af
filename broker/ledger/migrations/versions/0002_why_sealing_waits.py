"""A request says what its sealing waits for. Its counted version goes: an ETag follows from what is decided on."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("requests", sa.Column("state_reason", sa.Text(), nullable=True))
    op.drop_column("requests", "version")
