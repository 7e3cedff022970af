"""An entry of the log. Operations are the law's six words; actions are ours."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from adapters.contract.models import Instant


class Operation(StrEnum):
    COLLECTION = "collection"
    ALTERATION = "alteration"
    CONSULTATION = "consultation"
    DISCLOSURE = "disclosure"
    COMBINATION = "combination"
    ERASURE = "erasure"


class Verdict(StrEnum):
    ALLOWED = "allowed"
    DENIED = "denied"


class Person(BaseModel):
    """An officer as the law wants them named: kept beside the entry, so that it can be erased."""

    model_config = ConfigDict(frozen=True)

    service: str
    personnel_number: str
    name: str


class Facts(BaseModel):
    """What an entry says. `objects` are the ids that were shown or changed, `owners` whose they are; without an
    `agency` the host itself acted. `recipient` is the agency to which something was handed."""

    model_config = ConfigDict(frozen=True)

    operation: Operation
    action: str
    officer_id: str | None = None
    agency: str | None = None
    person: Person | None = None
    decision: Verdict = Verdict.ALLOWED
    objects: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    query: dict[str, Any] | None = None
    purpose: str | None = None
    case_ref: str | None = None
    basis: tuple[str, ...] = ()
    recipient: str | None = None
    request_id: str | None = None


class NewEntry(Facts):
    """What is written. `whose` says, of an id among objects and basis or of the request's, which of the owners may know
    it; `network:` there stands for the cameras and places of a network. What it does not say is in `apportioning`."""

    whose: Mapping[str, tuple[str, ...]] = {}


class Part(BaseModel):
    """A text that the entry commits to: SHA-256 over the salt's bytes (hexadecimal here) and the content's is one of
    the leaf's commitments."""

    model_config = ConfigDict(frozen=True)

    salt: str
    content: str


class Entry(Facts):
    """A written entry as one agency, or the host, may know it; `sequence` grows by one with each.

    `leaf` is what the log's tree hashes, `parts` what this reading of it rests on.
    """

    sequence: int
    at: Instant
    leaf: str
    parts: tuple[Part, ...]


class Page(BaseModel):
    """Entries in order; `until` is the newest entry of the log when its first page was read."""

    model_config = ConfigDict(frozen=True)

    entries: tuple[Entry, ...]
    until: int
    more: bool


class Receipt(NamedTuple):
    """What an append returns: where it stands and the policy's version in the same transaction."""

    sequence: int
    policy_version: int


class Change(NamedTuple):
    """That something was changed or handed out, as far as one agency may know of it."""

    sequence: int
    at: datetime
    action: str
    agency: str
    objects: tuple[str, ...]
    request_id: str | None
    recipient: str | None
