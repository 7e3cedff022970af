"""By when an item is to be decided on, who was reminded, and notices that are addressed to one officer.

Items that wait already have no deadline: nobody told their owners of one.
"""

import sqlalchemy as sa
from alembic import op

from broker.ledger.columns import InstantColumn

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("request_items", sa.Column("decide_by", InstantColumn(), nullable=True))
    op.add_column("request_items", sa.Column("decide_by_limit", sa.String(length=16), nullable=True))
    op.add_column("request_items", sa.Column("press_at", InstantColumn(), nullable=True))
    op.add_column("request_items", sa.Column("reminders", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("ix_request_items_deadline", "request_items", ["state", "press_at"])
    op.create_index(
        "ix_request_items_to_decide", "request_items", ["owner", "state", "press_at", "request_id"]
    )
    op.create_index("ix_request_items_whose", "request_items", ["request_id", "owner", "state"])
    with op.batch_alter_table("notices") as notices:
        notices.alter_column("role", existing_type=sa.String(length=16), nullable=True)
        notices.add_column(sa.Column("officer_id", sa.String(length=64), nullable=True))
    op.create_index("ix_notices_subject", "notices", ["subject"])
