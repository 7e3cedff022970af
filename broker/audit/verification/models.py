"""What checking the log finds: every fault with its kind and the entries it is about."""

from enum import StrEnum
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict


class Fault(StrEnum):
    """What was done to the log, as far as it can be told from what is left."""

    CHANGED_ENTRY = "changed_entry"
    REMOVED_ENTRIES = "removed_entries"
    INSERTED_ENTRIES = "inserted_entries"
    REORDERED_ENTRIES = "reordered_entries"
    TRUNCATED = "truncated"
    CHANGED_PART = "changed_part"
    REMOVED_PART = "removed_part"
    CHANGED_PERSON = "changed_person"
    REMOVED_PERSON = "removed_person"
    ORPHAN = "orphan"
    CHANGED_TILE = "changed_tile"
    FORKED = "forked"
    ROLLED_BACK = "rolled_back"
    BAD_CHECKPOINT = "bad_checkpoint"
    BAD_COSIGNATURE = "bad_cosignature"
    NO_CHECKPOINT = "no_checkpoint"
    BAD_NOTE = "bad_note"


class Finding(BaseModel):
    """One fault; `first` and `last` are the sequence numbers that it is about, None where it is about none."""

    model_config = ConfigDict(frozen=True)

    fault: Fault
    first: int | None
    last: int | None
    sentence: str


class WitnessCount(BaseModel):
    """How many checkpoints a known witness co-signed, and the largest of them."""

    model_config = ConfigDict(frozen=True)

    witness: str
    cosigned: int
    newest_size: int


class Verification(BaseModel):
    """The verdict over a whole log. `covered` entries are in the tree of the newest checkpoint, `root` is its root in
    hexadecimal; `erased` people were erased as the log itself says; `more` faults were found and are not listed."""

    model_config = ConfigDict(frozen=True)

    ok: bool
    entries: int
    covered: int
    root: str | None
    checkpoints: int
    erased: int
    witnesses: tuple[WitnessCount, ...]
    unknown_cosignatures: int
    findings: tuple[Finding, ...]
    more: int


class EntryRow(NamedTuple):
    """A row of `audit_entries` as it lies there; after tampering any value may be of any type."""

    sequence: int
    at: object
    agency: object
    operation: object
    action: object
    decision: object
    purpose: object
    commitments: object


class PartRow(NamedTuple):
    """A row of `audit_parts`."""

    sequence: int
    agency: object
    salt: object
    content: object
    request_id: object


class PersonRow(NamedTuple):
    """A row of `audit_people`."""

    sequence: int
    at: object
    salt: object
    content: object


class KeptNote(NamedTuple):
    """A checkpoint's note kept outside the database, and where it was found."""

    origin: str
    text: str
