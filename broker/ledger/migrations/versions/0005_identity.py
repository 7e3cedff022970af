"""Sessions, local accounts, identity providers; scopes and last use of tokens; who ended a designation."""

import sqlalchemy as sa
from alembic import op

from broker.ledger.columns import InstantColumn

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("designations", sa.Column("ended_by", sa.String(length=64)))
    op.add_column("tokens", sa.Column("name", sa.Text()))
    op.add_column("tokens", sa.Column("scopes", sa.JSON()))
    op.add_column("tokens", sa.Column("used_at", InstantColumn()))
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("officer_id", sa.String(length=64), nullable=False),
        sa.Column("cookie_hash", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=64)),
        sa.Column("started_at", InstantColumn(), nullable=False),
        sa.Column("used_at", InstantColumn(), nullable=False),
        sa.Column("expires_at", InstantColumn(), nullable=False),
        sa.Column("ended_at", InstantColumn()),
        sa.Column("purpose", sa.String(length=64)),
        sa.Column("case_ref", sa.Text()),
        sa.ForeignKeyConstraint(["officer_id"], ["officers.id"], name=op.f("fk_sessions_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("cookie_hash", name=op.f("uq_sessions_cookie_hash")),
    )
    op.create_index(op.f("ix_sessions_officer_id"), "sessions", ["officer_id"])
    op.create_table(
        "accounts",
        sa.Column("officer_id", sa.String(length=64), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("password_hash", sa.Text()),
        sa.Column("code_hash", sa.String(length=64)),
        sa.Column("code_expires_at", InstantColumn()),
        sa.ForeignKeyConstraint(["officer_id"], ["officers.id"], name=op.f("fk_accounts_officer_id")),
        sa.PrimaryKeyConstraint("officer_id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("username", name=op.f("uq_accounts_username")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_accounts_code_hash")),
    )
    op.create_table(
        "sign_in_failures",
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("at", InstantColumn(), nullable=False),
        sa.Column("locked_until", InstantColumn()),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_sign_in_failures")),
    )
    op.create_table(
        "provider_subjects",
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("officer_id", sa.String(length=64), nullable=False),
        sa.Column("by_claims", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["officers.id"], name=op.f("fk_provider_subjects_officer_id")
        ),
        sa.PrimaryKeyConstraint("provider", "subject", name=op.f("pk_provider_subjects")),
    )
    op.create_index(op.f("ix_provider_subjects_officer_id"), "provider_subjects", ["officer_id"])
    op.create_table(
        "provider_sign_ins",
        sa.Column("cookie_hash", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("verifier", sa.String(length=128), nullable=False),
        sa.Column("expires_at", InstantColumn(), nullable=False),
        sa.PrimaryKeyConstraint("cookie_hash", name=op.f("pk_provider_sign_ins")),
    )
