"""The sections of the configuration, each with its defaults."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import parse_qs, urlsplit

from pydantic import AfterValidator, Field, field_validator, model_validator

from broker.hours import Hours
from broker.settings.values import (
    ActionName,
    Box,
    Days,
    HoursLong,
    Identifier,
    KindName,
    RoleName,
    Seconds,
    Secret,
    Section,
    is_loopback,
)


class BasisSettings(Section):
    """A legal basis. Under a judicial one a hold lasts until it is released."""

    judicial: bool = False
    hold_max_days: Days | None = None
    decide_within_h: HoursLong | None = None
    evidence_days: Days | None = None

    @property
    def hold_days(self) -> float | None:
        """Days that a hold may last, None without a limit."""
        return self.hold_max_days if self.judicial else (self.hold_max_days or 30.0)


DEFAULT_PURPOSES = (
    "public_safety",
    "judicial_inquiry",
    "administrative_inquiry",
    "accident",
    "data_subject_request",
    "test",
)
DEFAULT_BASES = {
    "judicial_requisition": BasisSettings(judicial=True),
    "flagrante_delicto": BasisSettings(judicial=True),
    "customs": BasisSettings(judicial=True),
    "owner_internal": BasisSettings(),
    "data_subject_access": BasisSettings(),
}


def _holds_password(url: str) -> bool:
    """Whether the address names a user, a password or a key, in whatever spelling the client understands."""
    try:
        names = parse_qs(urlsplit(url).query, keep_blank_values=True)
    except ValueError:
        raise ValueError(
            "this is no address: write redis://host:port/number, postgresql://host:port/database or s3://bucket"
        ) from None
    return "@" in url or any(word in name.casefold() for name in names for word in ("password", "key"))


def _without_password(value: str | Secret) -> str | Secret:
    if isinstance(value, str) and _holds_password(value):
        raise ValueError("an address with a password is a secret: write { file = … } or { env = … }")
    return value


Address = Annotated[str | Secret, AfterValidator(_without_password)]
"""Where a store is."""


class BrokerSettings(Section):
    """Limits and where things are. Durations in seconds stand in the names."""

    data: Path = Path("data")
    public_url: str = "http://127.0.0.1:8080"
    redis_url: Address | None = None
    database_url: Address | None = None
    storage_url: Address | None = None
    purposes: tuple[str, ...] = DEFAULT_PURPOSES
    bases: dict[str, BasisSettings] = Field(default_factory=lambda: dict(DEFAULT_BASES))
    max_clip_s: Seconds = 6 * 3600
    max_items: Annotated[int, Field(gt=0, le=1000)] = 100
    urgent_hold_h: HoursLong = 48
    hold_extend_s: Seconds = 60
    decide_within_h: HoursLong = 7 * 24
    remind_before_h: HoursLong = 24
    escalate_before_h: HoursLong = 4
    emergency_min: Annotated[float, Field(gt=0, le=24 * 60, allow_inf_nan=False)] = 60
    emergency_review_h: Annotated[float, Field(ge=0, le=24 * 366, allow_inf_nan=False)] = 72
    emergency_radius_m: Annotated[float, Field(gt=0, le=50_000, allow_inf_nan=False)] = 5_000
    vanished_keep_days: Days = 30
    evidence_days: Days = 30
    snapshot_days: Days = 30
    recorder_answer_s: Seconds = 300
    host_rounds: Annotated[int, Field(gt=0, le=1000)] = 2
    lease_s: Seconds = 30
    max_attempts: Annotated[int, Field(gt=0)] = 8
    max_snapshot_bytes: Annotated[int, Field(gt=0)] = 8 * 1024 * 1024
    log_origin: Annotated[str, Field(pattern=r"^[^\s+]{1,200}$")] | None = None
    log_personal_days: Days = 183

    def evidence_kept_days(self, basis: str) -> float:
        """How long clips and bundle of a request under this legal basis are kept once they are there."""
        known = self.bases.get(basis)
        return self.evidence_days if known is None or known.evidence_days is None else known.evidence_days

    @property
    def origin(self) -> str:
        """The log's name in its checkpoints: where none is configured, the broker's address without its scheme."""
        if self.log_origin is not None:
            return self.log_origin
        return f"{urlsplit(self.public_url).netloc.rpartition('@')[2]}/log"

    @field_validator("public_url")
    @classmethod
    def _is_an_origin(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
            raise ValueError("the public address is written as https://host or https://host:port")
        return value.rstrip("/")


MailAddress = Annotated[str, Field(pattern=r"^[^@\s<>,;:\"\\]+@[^@\s<>,;:\"\\]+$", max_length=254)]


class AgencySettings(Section):
    """An agency; `vault_url`, `hold_key` and `hold_identity` are about copies of its footage that holds make."""

    id: Identifier
    name: Annotated[str, Field(min_length=1)]
    witness: str | None = None
    mail: tuple[MailAddress, ...] = ()
    vault_url: Address | None = None
    hold_key: Annotated[str, Field(pattern=r"^age1[0-9a-z]{58}$")] | None = None
    hold_identity: Secret | None = None

    @model_validator(mode="after")
    def _seals_to_a_key(self) -> Self:
        if self.hold_identity is not None and self.hold_key is None:
            raise ValueError("hold_identity opens what is sealed to hold_key: write that too")
        return self


class NetworkSettings(Section):
    """One camera network; `options` are the adapter's own."""

    id: Identifier
    agency: Identifier
    adapter: str
    name: str | None = None
    refresh_s: Seconds = 60
    exports_at_once: Annotated[int, Field(gt=0, le=1000)] = 2
    area: Box | Path | None = None
    host: Annotated[str, Field(min_length=1)] | None = None
    masks: Path | None = None
    authorisation: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    authorised_until: date | None = None
    options: dict[str, Any] = Field(default_factory=dict)

    @field_validator("area")
    @classmethod
    def _is_a_box(cls, value: Box | Path | None) -> Box | Path | None:
        if isinstance(value, tuple):
            min_lon, min_lat, max_lon, max_lat = value
            if not (-90 <= min_lat < max_lat <= 90 and -180 <= min_lon <= 180 and -180 <= max_lon <= 180):
                raise ValueError("a box is [min_lon, min_lat, max_lon, max_lat] in degrees")
            if min_lon == max_lon:
                raise ValueError("the box is empty: its longitudes are equal")
        return value


class AgreementSettings(Section):
    """What one agency lets another do. The words are those of `broker.agencies.models.Terms`."""

    id: Identifier
    owner: Identifier
    partners: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    networks: tuple[Identifier, ...] | None = None
    area: Path | None = None
    kinds: tuple[KindName, ...] | None = None
    tags_any: tuple[str, ...] | None = None
    tags_none: tuple[str, ...] | None = None
    actions: Annotated[tuple[ActionName, ...], Field(min_length=1)]
    purposes: Annotated[tuple[str, ...], Field(min_length=1)]
    valid: str
    approval: Literal["automatic", "manual", "two_person"] = "manual"
    max_clip_s: Seconds | None = None
    hold_max_days: Days | None = None
    decide_within_h: HoursLong | None = None
    grace_days: Annotated[float, Field(ge=0, le=36_525, allow_inf_nan=False)] = 0
    audio: bool = False
    lead_in: bool = True
    hours: Hours | None = None
    requires_document: bool = False

    @field_validator("valid")
    @classmethod
    def _is_interval(cls, value: str) -> str:
        start, _, end = value.partition("/")
        for part in (start, end):
            if datetime.fromisoformat(part).tzinfo is None:
                raise ValueError(f"{part!r} has no zone: write it with Z")
        if datetime.fromisoformat(start) >= datetime.fromisoformat(end):
            raise ValueError("valid must end after it starts")
        return value


class SessionSettings(Section):
    """How long a sign-in by a browser lasts."""

    idle_min: Annotated[float, Field(ge=5, le=24 * 60, allow_inf_nan=False)] = 30
    absolute_h: Annotated[float, Field(gt=0, le=24 * 31, allow_inf_nan=False)] = 12


class LimitSettings(Section):
    """How many calls are answered in a minute, by all processes together."""

    officer_per_min: Annotated[int, Field(gt=0, le=10**9)] = 1200
    agency_per_min: Annotated[int, Field(gt=0, le=10**9)] = 12_000
    sign_in_per_min: Annotated[int, Field(gt=0, le=10**9)] = 60


class IdentityProviderSettings(Section):
    """An OpenID Connect provider. Nobody signs in whom its claims do not name in full, or an administrator bound."""

    id: Identifier
    name: Annotated[str, Field(min_length=1)]
    issuer: str
    client_id: Annotated[str, Field(min_length=1)]
    client_secret: Secret | None = None
    scopes: tuple[str, ...] = ("openid", "profile")
    designates: bool = False
    designation_h: HoursLong = 12
    agency: Identifier | None = None
    agency_claim: str | None = None
    agencies: dict[str, Identifier] = Field(default_factory=dict)
    role_claim: str | None = None
    roles: dict[str, tuple[RoleName, ...]] = Field(default_factory=dict)
    name_claim: str = "name"
    service_claim: str = "department"
    personnel_number_claim: str = "employee_number"

    @field_validator("issuer")
    @classmethod
    def _is_guarded(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
            raise ValueError("an issuer's address begins with https://")
        if parts.query or parts.fragment or "@" in value:
            raise ValueError("an issuer's address has no query, fragment or password")
        return value

    @model_validator(mode="after")
    def _says_whose(self) -> Self:
        if (self.agency is None) == (self.agency_claim is None):
            raise ValueError("an identity provider has either agency or agency_claim with agencies")
        if self.designates and (self.role_claim is None or not self.roles):
            raise ValueError("a provider that designates says which roles: role_claim and roles")
        return self


class WebhookSettings(Section):
    """Where an agency's own system is told what happens: signed as Standard Webhooks, with CloudEvents as bodies."""

    id: Identifier
    agency: Identifier
    url: str
    secret: Secret
    previous_secret: Secret | None = None
    kinds: Annotated[tuple[Literal["request", "hold", "notice"], ...], Field(min_length=1)] = (
        "request",
        "hold",
        "notice",
    )

    @field_validator("url")
    @classmethod
    def _is_guarded(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
            raise ValueError("a webhook's address begins with https://")
        if parts.fragment or "@" in parts.netloc:
            raise ValueError("a webhook's address has no fragment and no password")
        return value


class MailSettings(Section):
    """The server that takes mail for agencies that have `mail`."""

    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(gt=0, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    sender: MailAddress
    username: str | None = None
    password: Secret | None = None

    @model_validator(mode="after")
    def _says_no_password_in_the_clear(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password come together")
        if self.security == "none" and self.password is not None and not is_loopback(self.host):
            raise ValueError("a password is not sent in the clear: security is starttls or tls")
        return self
