"""The ledger's tables. Migrations in `migrations/versions` bring a database to this shape; a test compares.

Rows of `holds`, `request_items` and `requests` are the work queue: the `lease_…` columns say who works on
one and until when, `due_at` when it may be tried, `attempts` how often it was.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    false,
)

from broker.ledger.columns import InstantColumn

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def lease_columns() -> list[Column[object]]:
    """What makes a table's rows work that one worker at a time has."""
    return [
        Column("lease_owner", String(64)),
        Column("lease_until", InstantColumn),
        Column("attempts", Integer, nullable=False, default=0),
        Column("due_at", InstantColumn, nullable=False),
    ]


policy_version = Table(
    "policy_version",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("version", BigInteger, nullable=False),
)

agencies = Table(
    "agencies",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("served_at", InstantColumn),
)
"""`served_at` is when a clip for it was last begun: agencies take turns."""

officers = Table(
    "officers",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("agency", String(64), ForeignKey("agencies.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("personnel_number", Text, nullable=False),
    Column("roles", JSON, nullable=False),
    Column("created_at", InstantColumn, nullable=False),
)

designations = Table(
    "designations",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("officer_id", String(64), ForeignKey("officers.id"), nullable=False, index=True),
    Column("designated_by", Text, nullable=False),
    Column("valid_from", InstantColumn, nullable=False),
    Column("valid_until", InstantColumn),
    Column("ended_by", String(64)),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("officer_id", String(64), ForeignKey("officers.id"), nullable=False, index=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("created_at", InstantColumn, nullable=False),
    Column("expires_at", InstantColumn),
    Column("revoked_at", InstantColumn),
    Column("purpose", String(64)),
    Column("case_ref", Text),
    Column("name", Text),
    Column("scopes", JSON(none_as_null=True)),
    Column("used_at", InstantColumn),
)
"""`scopes` NULL is all that the officer's roles allow."""

sessions = Table(
    "sessions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("officer_id", String(64), ForeignKey("officers.id"), nullable=False, index=True),
    Column("cookie_hash", String(64), nullable=False, unique=True),
    Column("provider", String(64)),
    Column("started_at", InstantColumn, nullable=False),
    Column("used_at", InstantColumn, nullable=False),
    Column("expires_at", InstantColumn, nullable=False),
    Column("ended_at", InstantColumn),
    Column("purpose", String(64)),
    Column("case_ref", Text),
)
"""Sign-ins by a browser; `provider` NULL is a local account."""

accounts = Table(
    "accounts",
    metadata,
    Column("officer_id", String(64), ForeignKey("officers.id"), primary_key=True),
    Column("username", String(64), nullable=False, unique=True),
    Column("password_hash", Text),
    Column("code_hash", String(64), unique=True),
    Column("code_expires_at", InstantColumn),
)
"""Local accounts; the code sets the password once."""

sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("subject", String(80), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("at", InstantColumn, nullable=False),
    Column("locked_until", InstantColumn),
)
"""`subject` is the hash of a user name or of an address, whether or not there is such an account."""

provider_subjects = Table(
    "provider_subjects",
    metadata,
    Column("provider", String(64), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("officer_id", String(64), ForeignKey("officers.id"), nullable=False, index=True),
    Column("by_claims", Boolean, nullable=False),
)
"""Who at an identity provider is which officer. `by_claims`: the provider designated them."""

provider_sign_ins = Table(
    "provider_sign_ins",
    metadata,
    Column("cookie_hash", String(64), primary_key=True),
    Column("provider", String(64), nullable=False),
    Column("state", String(64), nullable=False),
    Column("nonce", String(64), nullable=False),
    Column("verifier", String(128), nullable=False),
    Column("expires_at", InstantColumn, nullable=False),
)
"""Sign-ins that are at their provider; each is used once."""

agreements = Table(
    "agreements",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("owner", String(64), ForeignKey("agencies.id"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("terms", JSON, nullable=False),
    Column("proposed_at", InstantColumn, nullable=False),
    Column("proposed_by", String(64)),
    Column("activated_at", InstantColumn),
    Column("activated_by", String(64)),
    Column("ended_at", InstantColumn),
    Column("ended_by", String(64)),
)

requests = Table(
    "requests",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("agency", String(64), nullable=False, index=True),
    Column("officer_id", String(64), ForeignKey("officers.id"), nullable=False, index=True),
    Column("requester", JSON, nullable=False),
    Column("case_ref", Text, nullable=False),
    Column("purpose", String(64), nullable=False),
    Column("basis_kind", String(64), nullable=False),
    Column("basis_reference", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("submitted_at", InstantColumn, nullable=False),
    Column("state", String(24), nullable=False, index=True),
    Column("state_reason", Text),
    Column("finished_at", InstantColumn),
    Column("sealed_at", InstantColumn),
    Column("bundle_key", Text),
    Column("erase_at", InstantColumn, index=True),
    Column("erased_at", InstantColumn),
    Column("outcome", String(16)),
    Column("outcome_reason", Text),
    Column("closed_at", InstantColumn),
    *lease_columns(),
)

request_items = Table(
    "request_items",
    metadata,
    Column("request_id", String(64), ForeignKey("requests.id"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("camera_id", Text, nullable=False),
    Column("network", String(64), nullable=False),
    Column("owner", String(64), nullable=False, index=True),
    Column("camera", JSON, nullable=False),
    Column("requested_start", InstantColumn, nullable=False),
    Column("requested_end", InstantColumn, nullable=False),
    Column("approved_start", InstantColumn),
    Column("approved_end", InstantColumn),
    Column("state", String(16), nullable=False),
    Column("state_reason", Text),
    Column("agreement_id", String(64)),
    Column("agreement_version", Integer),
    Column("approvals_needed", Integer, nullable=False),
    Column("audio", Boolean, nullable=False),
    Column("needs_document", Boolean, nullable=False, server_default=false()),
    Column("hold_id", String(64), nullable=False),
    Column("available", JSON, nullable=False),
    Column("delivered", JSON, nullable=False),
    Column("gaps", JSON, nullable=False),
    Column("overwrite_at", InstantColumn),
    Column("decide_by", InstantColumn),
    Column("decide_by_limit", String(16)),
    Column("press_at", InstantColumn),
    Column("reminders", Integer, nullable=False, server_default="0"),
    Column("clock_offset_ms", JSON),
    Column("finished_at", InstantColumn),
    *lease_columns(),
    Index("ix_request_items_work", "state", "due_at"),
    Index("ix_request_items_deadline", "state", "press_at"),
    Index("ix_request_items_to_decide", "owner", "state", "press_at", "request_id"),
    Index("ix_request_items_whose", "request_id", "owner", "state"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("request_id", String(64), nullable=False),
    Column("n", Integer, nullable=False),
    Column("officer_id", String(64), nullable=False),
    Column("officer", JSON, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("interval_start", InstantColumn),
    Column("interval_end", InstantColumn),
    Column("decided_at", InstantColumn, nullable=False),
    ForeignKeyConstraint(["request_id", "n"], ["request_items.request_id", "request_items.n"]),
    Index("ix_decisions_item", "request_id", "n"),
)

holds = Table(
    "holds",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("request_id", String(64), ForeignKey("requests.id"), index=True),
    Column("n", Integer),
    Column("order_id", String(64), index=True),
    Column("camera_id", Text, nullable=False),
    Column("camera", JSON, nullable=False),
    Column("network", String(64), nullable=False),
    Column("owner", String(64), nullable=False, index=True),
    Column("agency", String(64), nullable=False),
    Column("officer_id", String(64), ForeignKey("officers.id"), nullable=False, index=True),
    Column("purpose", String(64), nullable=False),
    Column("case_ref", Text),
    Column("judicial", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("interval_start", InstantColumn, nullable=False),
    Column("interval_end", InstantColumn),
    Column("grows_until", InstantColumn),
    Column("ordered_at", InstantColumn, nullable=False),
    Column("until", InstantColumn),
    Column("state", String(16), nullable=False),
    Column("state_reason", Text),
    Column("remind_at", InstantColumn, index=True),
    Column("is_growing", Boolean, nullable=False, server_default=false()),
    Column("is_copied", Boolean, nullable=False, server_default=false()),
    Column("parts", JSON, nullable=False),
    Column("release_at", InstantColumn),
    Column("released_at", InstantColumn),
    *lease_columns(),
    Index("ix_holds_work", "state", "due_at"),
)

clips = Table(
    "clips",
    metadata,
    Column("request_id", String(64), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("vault_key", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("facts", JSON, nullable=False),
    Column("made_at", InstantColumn, nullable=False),
    ForeignKeyConstraint(["request_id", "n"], ["request_items.request_id", "request_items.n"]),
)

documents = Table(
    "documents",
    metadata,
    Column("request_id", String(64), ForeignKey("requests.id"), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("owner", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("vault_key", Text, nullable=False),
    Column("added_at", InstantColumn, nullable=False),
)
"""What requesters attached to their requests; `owner` is empty where it is for all of them."""

gazetteers = Table(
    "gazetteers",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("imported_at", InstantColumn, nullable=False),
)
"""Public lists of places; `version` is the sequence of the log's entry on the latest import."""

gazetteer_parts = Table(
    "gazetteer_parts",
    metadata,
    Column("gazetteer", String(64), ForeignKey("gazetteers.id"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("places", Text, nullable=False),
)
"""`places` is a JSON list of `count` places, each `[id, name, lat, lon, elevation_m, accuracy_m]`."""

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("officer_id", String(64), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("created", JSON, nullable=False),
    Column("created_at", InstantColumn, nullable=False),
)


emergencies = Table(
    "emergencies",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("officer_id", String(64), ForeignKey("officers.id"), nullable=False, index=True),
    Column("agency", String(64), nullable=False),
    Column("person", JSON, nullable=False),
    Column("purpose", String(64), nullable=False),
    Column("case_ref", Text),
    Column("reason", Text, nullable=False),
    Column("owners", JSON, nullable=False),
    Column("area", JSON(none_as_null=True)),
    Column("started_at", InstantColumn, nullable=False),
    Column("ends_at", InstantColumn, nullable=False, index=True),
    Column("ended_at", InstantColumn),
    Column("ended_by", String(64)),
    Column("closed_at", InstantColumn),
)
"""`closed_at` is when the last of the owners reviewed it."""

emergency_reviews = Table(
    "emergency_reviews",
    metadata,
    Column("emergency_id", String(64), ForeignKey("emergencies.id"), primary_key=True),
    Column("owner", String(64), primary_key=True),
    Column("officer_id", String(64), nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("reviewed_at", InstantColumn, nullable=False),
)

notices = Table(
    "notices",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("agency", String(64), nullable=False),
    Column("role", String(16)),
    Column("officer_id", String(64)),
    Column("kind", String(32), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("at", InstantColumn, nullable=False),
    Column("is_spread", Boolean, nullable=False, server_default=false(), index=True),
    Index("ix_notices_addressee", "agency", "role"),
    Index("ix_notices_subject", "subject"),
)
"""What officers of a role of an agency, or one officer, must be told; ids sort by time. `is_spread`: there are messages
to those outside who are told too."""
