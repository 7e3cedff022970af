"""Documents that requesters attach, and items that wait for one."""

import sqlalchemy as sa
from alembic import op

from broker.ledger.columns import InstantColumn

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "documents",
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("vault_key", sa.Text(), nullable=False),
        sa.Column("added_at", InstantColumn(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_documents_request_id")),
        sa.PrimaryKeyConstraint("request_id", "sha256", "owner", name=op.f("pk_documents")),
    )
    op.add_column(
        "request_items", sa.Column("needs_document", sa.Boolean(), nullable=False, server_default=sa.false())
    )
