"""The manifest of a bundle: the exact JSON that the owning agencies sign.

Frozen and complete: everything a reader needs years later stands in it, without the ledger. `RequestFacts`
is what the broker knows before sealing; `Manifest` adds what sealing adds. Reading and writing files is not
here. Every size is in bytes.
A change that an older reader would misunderstand needs a new `FORMAT`.
"""

from collections import Counter
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from adapters.contract.models import Instant, Interval, Model, NonEmpty, Position

FORMAT: Final = "entrevue-bundle/2"
WITHOUT_PROOFS: Final = "entrevue-bundle/1"
"""The format of older bundles, which carry no proofs of the log's entries."""
MANIFEST_PATH = "manifest.json"
SIGNATURE_PATH = "manifest.json.cms"
REPORT_PATH = "report.html"
INSTRUCTIONS_PATH = "VERIFY.txt"
MANIFEST_LIMIT = 32 * 2**20
"""Bytes; a larger manifest is neither written nor read."""

AgencyId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""Short name of an agency; safe as a file name."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 in lower-case hexadecimal."""

BundlePath = Annotated[
    str,
    StringConstraints(
        pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$", max_length=200
    ),
]
"""Relative path inside the bundle: `/` between parts, no part starts with a dot."""

ClipName = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]*\.[1-9][0-9]*$")]
"""`<item>.<part>`; both count from 1."""

Count = Annotated[int, Field(ge=0)]
Ordinal = Annotated[int, Field(ge=1)]


class ItemState(StrEnum):
    """Where one item of a request stands; a bundle is made in a final state, the others are never sealed."""

    COMPLETED = "completed"
    DENIED = "denied"
    UNAVAILABLE = "unavailable"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class HoldState(StrEnum):
    """What became of the order to keep the footage."""

    ORDERED = "ordered"
    PLACING = "placing"
    HELD = "held"
    PARTIAL = "partial"
    FAILED = "failed"
    RELEASED = "released"
    EXPIRED = "expired"


class HoldMethod(StrEnum):
    """`native`: the recorder itself kept it; `copied`: a sealed copy was taken."""

    NATIVE = "native"
    COPIED = "copied"


class DecisionState(StrEnum):
    """What the owner said; `none` where the request ended before anybody decided."""

    APPROVED = "approved"
    DENIED = "denied"
    NONE = "none"


class LegalBasis(Model):
    """The ground that the requester named, and the reference of its document."""

    kind: NonEmpty
    reference: NonEmpty


class Agency(Model):
    """An organisation that takes part."""

    id: AgencyId
    name: NonEmpty


class Person(Model):
    """Whoever acted, as designated when acting. `number` is the personnel number."""

    officer_id: NonEmpty
    agency: AgencyId
    service: NonEmpty
    number: NonEmpty
    name: NonEmpty


class Camera(Model):
    """The camera's facts as they were when the request was submitted; `agency` owns its footage."""

    id: NonEmpty
    name: NonEmpty
    network: NonEmpty
    agency: AgencyId
    position: Position | None = None
    place: NonEmpty | None = None
    level: NonEmpty | None = None


class Held(Model):
    """What was really kept, sorted; `how` is None where nothing was kept, `until` None where without end."""

    state: HoldState
    intervals: tuple[Interval, ...] = ()
    how: HoldMethod | None = None
    until: Instant | None = None


class Decision(Model):
    """The owner's word: `by` holds two people under two-person approval, nobody where an agreement approves.

    `interval` is what was granted, None where nothing was; `agreement` is the agreement's id, None inside one
    agency.
    """

    state: DecisionState
    by: tuple[Person, ...] = ()
    reason: NonEmpty | None = None
    interval: Interval | None = None
    at: Instant | None = None
    agreement: NonEmpty | None = None


class HiddenPackets(Model):
    """Video packets in the file that its edit list hides; `interval` is None where there are none."""

    packets: Count = 0
    interval: Interval | None = None

    @model_validator(mode="after")
    def _interval_where_packets(self) -> Self:
        if (self.packets > 0) != (self.interval is not None):
            raise ValueError("hidden packets have an interval, and no packets have none")
        return self


class Clip(Model):
    """One delivered file: an uninterrupted stretch of one camera, with its mapping to true UTC.

    `shown` is what a player shows; `frames` counts the shown frames; `first_frame_at` and `last_frame_at` are
    the presentation instants of the first and last of them. `size` is in bytes.
    """

    name: ClipName
    path: BundlePath
    sha256: Sha256
    size: Annotated[int, Field(gt=0)]
    shown: Interval
    first_frame_at: Instant
    last_frame_at: Instant
    frames: Ordinal
    hidden_head: HiddenPackets = HiddenPackets()
    hidden_tail: HiddenPackets = HiddenPackets()
    codec: NonEmpty
    width: Ordinal
    height: Ordinal

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.path != clip_path(self.name):
            raise ValueError(f"clip {self.name} must lie at {clip_path(self.name)}, not at {self.path}")
        if not self.shown.start <= self.first_frame_at <= self.last_frame_at < self.shown.end:
            raise ValueError(f"clip {self.name} must show its first and last frame inside {self.shown}")
        return self


class Document(Model):
    """A file that the requester attached, such as the requisition itself; `size` in bytes."""

    name: NonEmpty
    path: BundlePath
    sha256: Sha256
    size: Annotated[int, Field(gt=0)]
    added_at: Instant


class Item(Model):
    """One camera of the request: asked, held, decided, available, delivered, and what is missing.

    All intervals are true UTC. `clock_offset_ms` = recorder clock - UTC; None is unknown and was treated as
    0. `reason` says why nothing, or not everything, was delivered.
    """

    n: Ordinal
    camera: Camera
    requested: Interval
    state: ItemState
    reason: NonEmpty | None = None
    held: Held
    decision: Decision
    available: tuple[Interval, ...] = ()
    delivered: tuple[Interval, ...] = ()
    gaps: tuple[Interval, ...] = ()
    clock_offset_ms: Annotated[float, Field(allow_inf_nan=False)] | None
    clips: tuple[Clip, ...] = ()

    @model_validator(mode="after")
    def _clips_are_its_own(self) -> Self:
        expected = [f"{self.n}.{part}" for part in range(1, len(self.clips) + 1)]
        if [clip.name for clip in self.clips] != expected:
            raise ValueError(f"the clips of item {self.n} must be named {self.n}.1, {self.n}.2, … in order")
        return self


class LogReference(Model):
    """An entry of the append-only log that this bundle rests on, by its sequence number."""

    sequence: Count
    event: NonEmpty


class LogKeys(Model):
    """The public keys (C2SP vkeys) of the log and of the witnesses that its broker knew when it sealed."""

    log: NonEmpty
    witnesses: tuple[NonEmpty, ...] = ()


class RequestFacts(Model):
    """Everything about a request that its bundle states; the input of sealing.

    `agencies` names every agency that appears in it: owners, and those of requester and deciders.
    """

    request_id: NonEmpty
    case_ref: NonEmpty
    purpose: NonEmpty
    legal_basis: LegalBasis
    reason: NonEmpty | None = None
    requester: Person
    created_at: Instant
    agencies: tuple[Agency, ...]
    items: Annotated[tuple[Item, ...], Field(min_length=1)]
    documents: tuple[Document, ...] = ()
    log: tuple[LogReference, ...] = ()
    log_keys: LogKeys | None = None

    @model_validator(mode="after")
    def _names_resolve(self) -> Self:
        named = [agency.id for agency in self.agencies]
        people = [self.requester, *(person for item in self.items for person in item.decision.by)]
        missing = {*self.owners, *(person.agency for person in people)} - set(named)
        if missing:
            raise ValueError(f"agencies without a name: {', '.join(sorted(missing))}")
        _refuse_repeats("agency", [name.casefold() for name in named])
        _refuse_repeats("item", [str(item.n) for item in self.items])
        _refuse_repeats("entry of the log", [str(entry.sequence) for entry in self.log])
        return self

    @property
    def owners(self) -> tuple[str, ...]:
        """Ids of the agencies whose cameras were asked for, sorted; each of them signs."""
        return tuple(sorted({item.camera.agency for item in self.items}))

    @property
    def clips(self) -> tuple[Clip, ...]:
        return tuple(clip for item in self.items for clip in item.clips)

    @property
    def given(self) -> tuple["Clip | Document", ...]:
        """The files that sealing puts in as they are: clips and documents."""
        return self.clips + self.documents

    @property
    def people(self) -> frozenset[str]:
        """Ids of the officers whom the bundle names: who asked, and who decided."""
        deciders = (person for item in self.items for person in item.decision.by)
        return frozenset(person.officer_id for person in (self.requester, *deciders))

    def agency_name(self, agency_id: str) -> str:
        """The name that this request gives to an agency; KeyError for one that does not appear in it."""
        return {agency.id: agency.name for agency in self.agencies}[agency_id]


class Signer(Model):
    """An owner that signs, bound to its certificate by the SHA-256 of the certificate's DER form.

    `issuers_sha256` are the certificates above it, up to the root that it hands out as trust anchor.
    """

    agency: AgencyId
    certificate_path: BundlePath
    certificate_sha256: Sha256
    issuers_sha256: tuple[Sha256, ...]


class FileEntry(Model):
    """One file of the bundle; `size` in bytes."""

    path: BundlePath
    sha256: Sha256
    size: Count


class Software(Model):
    """What sealed the bundle."""

    name: NonEmpty
    version: NonEmpty


class Manifest(RequestFacts):
    """What the owners sign. `files` lists every file of the bundle but the manifest and its signature."""

    format: Literal["entrevue-bundle/1", "entrevue-bundle/2"] = FORMAT
    sealed_at: Instant
    software: Software
    signers: tuple[Signer, ...]
    files: tuple[FileEntry, ...]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if tuple(signer.agency for signer in self.signers) != self.owners:
            raise ValueError("the signers must be exactly the owners of the items, in order of their ids")
        if (self.log_keys is None) != (self.format == WITHOUT_PROOFS):
            raise ValueError(
                f"a bundle of {self.format} has {'no keys' if self.log_keys is None else 'keys'} of the log"
            )
        paths = [entry.path for entry in self.files]
        _refuse_repeats("file", paths)
        if {MANIFEST_PATH, SIGNATURE_PATH} & set(paths):
            raise ValueError("the manifest and its signature cannot list themselves")
        listed = {entry.path: (entry.sha256, entry.size) for entry in self.files}
        for file in self.given:
            if listed.get(file.path) != (file.sha256, file.size):
                raise ValueError(f"{file.path} and the list of files disagree")
        if unlisted := {signer.certificate_path for signer in self.signers} - set(paths):
            raise ValueError(f"certificates that the list of files lacks: {', '.join(sorted(unlisted))}")
        return self


def clip_path(name: str) -> str:
    """Where the clip `<item>.<part>` lies in the bundle."""
    return f"clips/{name}.mp4"


def document_path(n: int) -> str:
    """Where the n-th document lies in the bundle."""
    return f"documents/{n}.pdf"


def certificate_path(agency_id: str) -> str:
    """Where an agency's signing certificate and its issuers lie in the bundle."""
    return f"certificates/{agency_id}.pem"


def manifest_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of `manifest.json`, for whoever reads bundles without this software."""
    return Manifest.model_json_schema(mode="serialization")


def _refuse_repeats(kind: str, names: list[str]) -> None:
    repeated = sorted(name for name, times in Counter(names).items() if times > 1)
    if repeated:
        raise ValueError(f"each {kind} appears once; repeated: {', '.join(repeated)}")
