"""The first ledger: its tables, the policy version, and triggers that keep the log append-only."""

import sqlalchemy as sa
from alembic import op

from broker.ledger.columns import InstantColumn

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agencies",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agencies")),
    )
    op.create_table(
        "audit_entries",
        sa.Column("sequence", sa.Integer().with_variant(sa.BigInteger(), "postgresql"), nullable=False),
        sa.Column("at", InstantColumn(), nullable=False),
        sa.Column("officer_id", sa.String(length=64), nullable=True),
        sa.Column("agency", sa.String(length=64), nullable=True),
        sa.Column("operation", sa.String(length=16), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("objects", sa.JSON(), nullable=False),
        sa.Column("owners", sa.JSON(), nullable=False),
        sa.Column("query", sa.JSON(), nullable=True),
        sa.Column("purpose", sa.String(length=64), nullable=True),
        sa.Column("case_ref", sa.Text(), nullable=True),
        sa.Column("basis", sa.JSON(), nullable=True),
        sa.Column("recipient", sa.String(length=64), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_entries")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entries_agency"), ["agency"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entries_request_id"), ["request_id"], unique=False)

    op.create_table(
        "audit_owners",
        sa.Column("agency", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.Integer().with_variant(sa.BigInteger(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("agency", "sequence", name=op.f("pk_audit_owners")),
    )
    op.create_table(
        "audit_people",
        sa.Column("sequence", sa.Integer().with_variant(sa.BigInteger(), "postgresql"), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("personnel_number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_people")),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("officer_id", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("created", sa.JSON(), nullable=False),
        sa.Column("created_at", InstantColumn(), nullable=False),
        sa.PrimaryKeyConstraint("officer_id", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_table(
        "policy_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_version")),
    )
    op.create_table(
        "agreements",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("proposed_at", InstantColumn(), nullable=False),
        sa.Column("proposed_by", sa.String(length=64), nullable=True),
        sa.Column("activated_at", InstantColumn(), nullable=True),
        sa.Column("activated_by", sa.String(length=64), nullable=True),
        sa.Column("ended_at", InstantColumn(), nullable=True),
        sa.Column("ended_by", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["owner"], ["agencies.id"], name=op.f("fk_agreements_owner")),
        sa.PrimaryKeyConstraint("id", "version", name=op.f("pk_agreements")),
    )
    op.create_table(
        "officers",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("agency", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("personnel_number", sa.Text(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("created_at", InstantColumn(), nullable=False),
        sa.ForeignKeyConstraint(["agency"], ["agencies.id"], name=op.f("fk_officers_agency")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officers")),
    )
    op.create_table(
        "designations",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("officer_id", sa.String(length=64), nullable=False),
        sa.Column("designated_by", sa.Text(), nullable=False),
        sa.Column("valid_from", InstantColumn(), nullable=False),
        sa.Column("valid_until", InstantColumn(), nullable=True),
        sa.ForeignKeyConstraint(["officer_id"], ["officers.id"], name=op.f("fk_designations_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_designations")),
    )
    with op.batch_alter_table("designations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_designations_officer_id"), ["officer_id"], unique=False)

    op.create_table(
        "requests",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("agency", sa.String(length=64), nullable=False),
        sa.Column("officer_id", sa.String(length=64), nullable=False),
        sa.Column("requester", sa.JSON(), nullable=False),
        sa.Column("case_ref", sa.Text(), nullable=False),
        sa.Column("purpose", sa.String(length=64), nullable=False),
        sa.Column("basis_kind", sa.String(length=64), nullable=False),
        sa.Column("basis_reference", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("submitted_at", InstantColumn(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("finished_at", InstantColumn(), nullable=True),
        sa.Column("sealed_at", InstantColumn(), nullable=True),
        sa.Column("bundle_key", sa.Text(), nullable=True),
        sa.Column("lease_owner", sa.String(length=64), nullable=True),
        sa.Column("lease_until", InstantColumn(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", InstantColumn(), nullable=False),
        sa.ForeignKeyConstraint(["officer_id"], ["officers.id"], name=op.f("fk_requests_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requests")),
    )
    with op.batch_alter_table("requests", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_requests_agency"), ["agency"], unique=False)
        batch_op.create_index(batch_op.f("ix_requests_officer_id"), ["officer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_requests_state"), ["state"], unique=False)

    op.create_table(
        "tokens",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("officer_id", sa.String(length=64), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", InstantColumn(), nullable=False),
        sa.Column("expires_at", InstantColumn(), nullable=True),
        sa.Column("revoked_at", InstantColumn(), nullable=True),
        sa.Column("purpose", sa.String(length=64), nullable=True),
        sa.Column("case_ref", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["officer_id"], ["officers.id"], name=op.f("fk_tokens_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_tokens_token_hash")),
    )
    with op.batch_alter_table("tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tokens_officer_id"), ["officer_id"], unique=False)

    op.create_table(
        "holds",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("n", sa.Integer(), nullable=True),
        sa.Column("camera_id", sa.Text(), nullable=False),
        sa.Column("camera", sa.JSON(), nullable=False),
        sa.Column("network", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("agency", sa.String(length=64), nullable=False),
        sa.Column("officer_id", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=64), nullable=False),
        sa.Column("case_ref", sa.Text(), nullable=True),
        sa.Column("judicial", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("interval_start", InstantColumn(), nullable=False),
        sa.Column("interval_end", InstantColumn(), nullable=False),
        sa.Column("ordered_at", InstantColumn(), nullable=False),
        sa.Column("until", InstantColumn(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("state_reason", sa.Text(), nullable=True),
        sa.Column("how", sa.String(length=16), nullable=True),
        sa.Column("handle", sa.Text(), nullable=True),
        sa.Column("held", sa.JSON(), nullable=False),
        sa.Column("release_at", InstantColumn(), nullable=True),
        sa.Column("released_at", InstantColumn(), nullable=True),
        sa.Column("lease_owner", sa.String(length=64), nullable=True),
        sa.Column("lease_until", InstantColumn(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", InstantColumn(), nullable=False),
        sa.ForeignKeyConstraint(["officer_id"], ["officers.id"], name=op.f("fk_holds_officer_id")),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_holds_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
    )
    with op.batch_alter_table("holds", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_holds_officer_id"), ["officer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_holds_owner"), ["owner"], unique=False)
        batch_op.create_index(batch_op.f("ix_holds_request_id"), ["request_id"], unique=False)
        batch_op.create_index("ix_holds_work", ["state", "due_at"], unique=False)

    op.create_table(
        "request_items",
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("camera_id", sa.Text(), nullable=False),
        sa.Column("network", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("camera", sa.JSON(), nullable=False),
        sa.Column("requested_start", InstantColumn(), nullable=False),
        sa.Column("requested_end", InstantColumn(), nullable=False),
        sa.Column("approved_start", InstantColumn(), nullable=True),
        sa.Column("approved_end", InstantColumn(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("state_reason", sa.Text(), nullable=True),
        sa.Column("agreement_id", sa.String(length=64), nullable=True),
        sa.Column("agreement_version", sa.Integer(), nullable=True),
        sa.Column("approvals_needed", sa.Integer(), nullable=False),
        sa.Column("audio", sa.Boolean(), nullable=False),
        sa.Column("hold_id", sa.String(length=64), nullable=False),
        sa.Column("available", sa.JSON(), nullable=False),
        sa.Column("delivered", sa.JSON(), nullable=False),
        sa.Column("gaps", sa.JSON(), nullable=False),
        sa.Column("overwrite_at", InstantColumn(), nullable=True),
        sa.Column("clock_offset_ms", sa.JSON(), nullable=True),
        sa.Column("finished_at", InstantColumn(), nullable=True),
        sa.Column("lease_owner", sa.String(length=64), nullable=True),
        sa.Column("lease_until", InstantColumn(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", InstantColumn(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_request_items_request_id")),
        sa.PrimaryKeyConstraint("request_id", "n", name=op.f("pk_request_items")),
    )
    with op.batch_alter_table("request_items", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_request_items_owner"), ["owner"], unique=False)
        batch_op.create_index("ix_request_items_work", ["state", "due_at"], unique=False)

    op.create_table(
        "clips",
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("vault_key", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("made_at", InstantColumn(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id", "n"],
            ["request_items.request_id", "request_items.n"],
            name=op.f("fk_clips_request_id_n"),
        ),
        sa.PrimaryKeyConstraint("request_id", "n", "part", name=op.f("pk_clips")),
    )
    op.create_table(
        "decisions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("officer_id", sa.String(length=64), nullable=False),
        sa.Column("officer", sa.JSON(), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("interval_start", InstantColumn(), nullable=True),
        sa.Column("interval_end", InstantColumn(), nullable=True),
        sa.Column("decided_at", InstantColumn(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id", "n"],
            ["request_items.request_id", "request_items.n"],
            name=op.f("fk_decisions_request_id_n"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.create_index("ix_decisions_item", ["request_id", "n"], unique=False)

    op.execute("INSERT INTO policy_version (id, version) VALUES (1, 1)")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the log is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_entries_refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_entries_refuse_{change.lower()} BEFORE {change} ON audit_entries "
            "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"
        )
    # REPLACE removes a row without asking a trigger for DELETE
    op.execute(
        "CREATE TRIGGER audit_entries_refuse_replace BEFORE INSERT ON audit_entries "
        "WHEN EXISTS (SELECT 1 FROM audit_entries WHERE sequence = NEW.sequence) "
        "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"
    )
