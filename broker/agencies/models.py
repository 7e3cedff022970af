"""Frozen facts about agencies, officers and agreements."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from adapters.contract.models import CameraKind, Instant, Interval
from broker.agencies.substitutes.models import Substitution
from broker.audit.models import Person
from broker.hours import Hours


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Role(StrEnum):
    OPERATOR = "operator"
    INVESTIGATOR = "investigator"
    CUSTODIAN = "custodian"
    AUDITOR = "auditor"
    DPO = "dpo"
    ADMINISTRATOR = "administrator"


class Action(StrEnum):
    """What can be done with a camera, by right of one's own agency or by agreement."""

    LOCATE = "locate"
    VIEW_SNAPSHOT = "view_snapshot"
    VIEW_LIVE = "view_live"
    HOLD = "hold"
    REQUEST_CLIP = "request_clip"


class AgencyAction(StrEnum):
    """What a role allows within one's own agency; no agreement ever grants it."""

    READ_LOG = "read_log"
    ADMINISTER = "administer"
    READ_AGREEMENTS = "read_agreements"
    MANAGE_AGREEMENTS = "manage_agreements"
    SEARCH = "search"
    SUBMIT_REQUEST = "submit_request"
    FETCH_OWN = "fetch_own"
    HOLD = "hold"
    READ_REQUESTS = "read_requests"
    DECIDE = "decide"
    RELEASE_HOLD = "release_hold"
    START_EMERGENCY = "start_emergency"
    READ_EMERGENCIES = "read_emergencies"
    REVIEW_EMERGENCY = "review_emergency"
    READ_NOTICES = "read_notices"
    READ_REGISTER = "read_register"


class Scope(StrEnum):
    """What a token is good for, within what its officer's roles allow."""

    SEARCH = "search"
    SNAPSHOTS = "snapshots"
    REQUESTS = "requests"
    DECIDE = "decide"
    AUDIT = "audit"
    ADMIN = "admin"


class Agency(Model):
    id: str
    name: str


class Designation(Model):
    """A period in which an officer is individually designated; without a current one nothing is shown."""

    designated_by: str
    valid_from: Instant
    valid_until: Instant | None

    def covers(self, at: datetime) -> bool:
        return self.valid_from <= at and (self.valid_until is None or at < self.valid_until)


class KeptDesignation(Designation):
    """One as the ledger has it; `ended_by` says who ended it early."""

    id: str
    ended_by: str | None


class Officer(Model):
    """A person who signs in, designated by name, service and personnel number.

    `scopes` is what the token that they call with is good for: None is all that the roles allow.
    """

    id: str
    agency: str
    name: str
    service: str
    personnel_number: str
    roles: frozenset[Role]
    designations: tuple[Designation, ...]
    substitutions: tuple[Substitution, ...] = ()
    scopes: frozenset[Scope] | None = None

    @property
    def person(self) -> Person:
        return Person(service=self.service, personnel_number=self.personnel_number, name=self.name)

    def is_designated(self, at: datetime) -> bool:
        return any(designation.covers(at) for designation in self.designations)

    def acting(self, at: datetime) -> "Officer":
        """With the roles in which they act then: a custodian's too while they stand in for one."""
        if not any(substitution.covers(at) for substitution in self.substitutions):
            return self
        return self.model_copy(update={"roles": self.roles | {Role.CUSTODIAN}})

    def designated_until(self, at: datetime) -> datetime | None:
        """When the last of the designations that follow each other from now on ends; None is without end."""
        until = at
        for designation in sorted(self.designations, key=lambda each: each.valid_from):
            if designation.valid_from <= until:
                if designation.valid_until is None:
                    return None
                until = max(until, designation.valid_until)
        return until


class Caller(Model):
    """Who makes a call, through which token or session, and why. `expires_at` is the end of either."""

    officer: Officer
    token_id: str
    is_session: bool = False
    expires_at: Instant | None = None
    purpose: str | None
    case_ref: str | None
    designated: bool


@dataclass(frozen=True)
class RecalledCaller:
    """A caller as this process last knew them, at one version of the policy. Good for an answer whose entry is
    committed at that very version, and for nothing else."""

    caller: Caller
    token: str
    version: int


class Approval(StrEnum):
    AUTOMATIC = "automatic"
    MANUAL = "manual"
    TWO_PERSON = "two_person"

    @property
    def approvals_needed(self) -> int:
        return {Approval.AUTOMATIC: 0, Approval.MANUAL: 1, Approval.TWO_PERSON: 2}[self]


class Terms(Model):
    """What an owner lets its partners do. None means no restriction of that sort; `area` is GeoJSON."""

    owner: str
    partners: tuple[str, ...]
    networks: tuple[str, ...] | None
    area: dict[str, Any] | None
    kinds: tuple[CameraKind, ...] | None
    tags_any: tuple[str, ...] | None
    tags_none: tuple[str, ...] | None
    actions: tuple[Literal["locate", "view_snapshot", "view_live", "hold", "request_clip"], ...]
    purposes: tuple[str, ...]
    valid: Interval
    approval: Approval
    max_clip_s: float | None
    hold_max_days: float | None
    grace_days: float
    audio: bool
    lead_in: bool = True
    hours: Hours | None = None
    decide_within_h: float | None = None
    requires_document: bool = False

    @property
    def parties(self) -> tuple[str, ...]:
        return self.owner, *self.partners


class AgreementState(StrEnum):
    PROPOSED = "proposed"
    ACTIVE = "active"
    ENDED = "ended"


class Agreement(Model):
    """One version of an agreement. An ended one never comes back: a new version is proposed."""

    id: str
    version: int
    state: AgreementState
    terms: Terms
    proposed_at: Instant
    activated_at: Instant | None
    ended_at: Instant | None

    @property
    def name(self) -> str:
        """This version of it, in the log."""
        return f"{self.id}@{self.version}"

    @property
    def word(self) -> str:
        """What tells this state of this version from every other."""
        return f"{self.version}-{self.state.value}"

    def in_period(self, at: datetime) -> bool:
        return self.terms.valid.start <= at < self.terms.valid.end

    def in_force(self, at: datetime) -> bool:
        """Agreed and within its period, whatever it grants and at which hours."""
        return self.state is AgreementState.ACTIVE and self.in_period(at)

    def in_hours(self, at: datetime) -> bool:
        return self.terms.hours is None or self.terms.hours.hold(at)


class Circle(Model):
    """Within `radius_m` of a point, over the sphere; degrees in WGS 84."""

    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
    radius_m: Annotated[float, Field(gt=0, le=50_000, allow_inf_nan=False)]


class ReviewVerdict(StrEnum):
    JUSTIFIED = "justified"
    UNJUSTIFIED = "unjustified"


class Review(Model):
    """What a custodian of one of the owners found."""

    owner: str
    officer_id: str
    verdict: ReviewVerdict
    reason: str
    reviewed_at: Instant


class Notice(Model):
    """What every officer of a role of an agency, or one officer, must be told: `kind` happened to `subject`."""

    id: str
    agency: str
    role: Role | None
    officer_id: str | None
    kind: str
    subject: str
    at: Instant


class Emergency(Model):
    """Danger to life: what one officer may see beyond the agreements, on their word, until it ends by itself. `owners`
    are those whose cameras it reaches; `area` None is all of theirs."""

    id: str
    officer_id: str
    agency: str
    person: Person
    purpose: str
    case_ref: str | None
    reason: str
    owners: tuple[str, ...]
    area: Circle | None
    started_at: Instant
    ends_at: Instant
    ended_at: Instant | None
    ended_by: str | None
    closed_at: Instant | None = None
    reviews: tuple[Review, ...] = ()

    @property
    def basis(self) -> str:
        return f"emergency:{self.id}"

    @property
    def parties(self) -> tuple[str, ...]:
        return *self.owners, self.agency

    @property
    def over_at(self) -> datetime:
        return self.ends_at if self.ended_at is None else min(self.ended_at, self.ends_at)

    @property
    def unreviewed(self) -> tuple[str, ...]:
        """The owners who have not reviewed it."""
        done = {review.owner for review in self.reviews}
        return tuple(owner for owner in self.owners if owner not in done)

    def runs(self, at: datetime) -> bool:
        return self.started_at <= at < self.over_at


class PolicyBook(Model):
    """Every agreement, and every emergency that is not over, as of one policy version."""

    version: int
    agreements: tuple[Agreement, ...]
    emergencies: tuple[Emergency, ...] = ()

    def parties(self, ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Who is party to these agreements and emergencies, by the names that bases have; what is none is left out."""
        wanted = frozenset(ids)
        agreed = {a.id: a.terms.parties for a in self.agreements if a.id in wanted}
        return agreed | {e.basis: e.parties for e in self.emergencies if e.basis in wanted}


class NewOfficer(Model):
    """What is needed to designate a person. `until` None is without end."""

    agency: str
    name: str
    service: str
    personnel_number: str
    roles: frozenset[Role]
    designated_by: str
    until: Instant | None = None


class IssuedToken(Model):
    """Shown once: the token itself is stored nowhere."""

    id: str
    token: str


class TokenFacts(Model):
    """What is kept of a token. `scopes` None is all that the officer's roles allow; `name` is its owner's own word."""

    id: str
    officer_id: str
    name: str | None
    scopes: frozenset[Scope] | None
    created_at: Instant
    expires_at: Instant | None
    used_at: Instant | None


class Session(Model):
    """A sign-in by a browser; `provider` None is a local account."""

    id: str
    officer_id: str
    provider: str | None
    started_at: Instant
    expires_at: Instant


class NewToken(Model):
    """What is asked for. None: as much, and as long, as who asks may give."""

    name: str | None = None
    scopes: frozenset[Scope] | None = None
    until: Instant | None = None
