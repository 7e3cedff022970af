"""A request and its items: asked, held, decided, available and delivered are recorded apart."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from adapters.contract.models import Instant, Interval
from broker.catalog.models import Camera
from broker.holds.models import Hold
from broker.requests.deadlines import Deadline, Limit
from broker.requests.states import ItemState, RequestState


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Signatory(Model):
    """A person as they were when they acted."""

    officer_id: str
    agency: str
    service: str
    personnel_number: str
    name: str

    def is_same_person(self, other: "Signatory") -> bool:
        """Also under a second designation: a personnel number is one person of a service."""
        mine = (self.agency, self.service, self.personnel_number)
        return self.officer_id == other.officer_id or mine == (
            other.agency,
            other.service,
            other.personnel_number,
        )


class LegalBasis(Model):
    kind: Annotated[str, Field(min_length=1, max_length=64)]
    reference: Annotated[str, Field(min_length=1, max_length=500)]


class WantedItem(Model):
    """One camera and the time that is asked for, before anything was checked; with the urgent hold that has it already,
    where there is one."""

    camera_id: str
    interval: Interval
    hold_id: str | None = None


class Submission(Model):
    """What an investigator submits, with its area resolved into items."""

    case_ref: str
    purpose: str
    legal_basis: LegalBasis
    reason: str
    items: tuple[WantedItem, ...]


class Decision(Model):
    """One custodian's word on one item. `interval` is set where it was shortened."""

    n: int
    by: Signatory
    verdict: ItemState
    reason: str
    interval: Interval | None
    at: Instant


class ClipFacts(Model):
    """What a clip shows and hides, as the cutter found it. Instants are true UTC."""

    interval: Interval
    first_frame_at: Instant
    last_frame_at: Instant
    frames_shown: int
    hidden_head_packets: int
    hidden_head: Interval | None
    hidden_tail_packets: int
    hidden_tail: Interval | None
    codec: str
    width: int
    height: int
    has_audio: bool


class Clip(Model):
    """One delivered file; `name` is `<item>.<part>`."""

    n: int
    part: int
    vault_key: str
    size: int
    sha256: str
    facts: ClipFacts

    @property
    def name(self) -> str:
        return f"{self.n}.{self.part}"


class Document(Model):
    """A file that the requester attached, such as the requisition itself; `size` in bytes. `owner` is whose custodians
    it is for, None all owners': a requisition may name what is no business of the others."""

    sha256: str
    owner: str | None
    name: str
    size: int
    vault_key: str
    added_at: Instant

    def is_for(self, owner: str) -> bool:
        return self.owner in (None, owner)


class Item(Model):
    """One camera of a request. `camera` has its facts as they were at submission."""

    request_id: str
    n: int
    camera: Camera
    requested: Interval
    approved: Interval | None
    state: ItemState
    state_reason: str | None
    agreement_id: str | None
    agreement_version: int | None
    approvals_needed: int
    audio: bool
    needs_document: bool
    hold_id: str
    hold: Hold | None
    available: tuple[Interval, ...]
    delivered: tuple[Interval, ...]
    gaps: tuple[Interval, ...]
    overwrite_at: Instant | None
    decide_by: Instant | None
    decide_by_limit: Limit | None
    press_at: Instant | None
    reminders: int
    clock_offset_ms: float | None
    decisions: tuple[Decision, ...]
    clips: tuple[Clip, ...]
    attempts: int


class Outcome(StrEnum):
    """What came of the footage: somebody was identified or excluded, it was useful otherwise, it could not be used, or
    nobody looked at it."""

    IDENTIFIED = "identified"
    EXCLUDED = "excluded"
    USEFUL = "useful"
    UNUSABLE = "unusable"
    NOT_VIEWED = "not_viewed"


class Closing(Model):
    """The requester's latest word on what came of it."""

    outcome: Outcome
    reason: str | None
    at: Instant


class Request(Model):
    """A request with all of its items. `state_reason` says what its sealing waits for. At `erase_at` its clips, its
    bundle and its documents go; what was in them stays known by their digests."""

    id: str
    agency: str
    requester: Signatory
    case_ref: str
    purpose: str
    legal_basis: LegalBasis
    reason: str
    submitted_at: Instant
    state: RequestState
    state_reason: str | None
    finished_at: Instant | None
    sealed_at: Instant | None
    bundle_key: str | None
    erase_at: Instant | None
    erased_at: Instant | None
    closing: Closing | None
    documents: tuple[Document, ...]
    attempts: int
    items: tuple[Item, ...]

    @property
    def vault_keys(self) -> frozenset[str]:
        """Under which keys the vault holds what belongs to it."""
        if self.erased_at is not None:
            return frozenset()
        keys = {clip.vault_key for item in self.items for clip in item.clips}
        keys |= {document.vault_key for document in self.documents}
        return frozenset(keys if self.bundle_key is None else keys | {self.bundle_key})

    def item(self, n: int) -> Item | None:
        return next((item for item in self.items if item.n == n), None)

    @property
    def owners(self) -> tuple[str, ...]:
        return tuple(sorted({item.camera.agency for item in self.items}))

    @property
    def whose(self) -> dict[str, tuple[str, ...]]:
        """Who may know of it, as an entry of the log says it."""
        return {self.id: (*self.owners, self.agency)}


class NewItem(Model):
    """An item as it is first written, with its hold order."""

    n: int
    camera: Camera
    requested: Interval
    state: ItemState
    agreement_id: str | None
    agreement_version: int | None
    approvals_needed: int
    audio: bool
    needs_document: bool
    hold_id: str
    has_hold: bool
    hold_until: Instant | None
    overwrite_at: Instant | None
    deadline: Deadline | None


class DecidedItem(Model):
    """An item that a decision names; without an interval the whole of it."""

    n: int
    interval: Interval | None = None


class Word(Model):
    """What a person says to a request: why, to which items (every open one where none is named), and having read
    which version of it."""

    reason: str
    named: tuple[DecidedItem, ...] = ()
    version: str | None = None


class Filter(Model):
    """Which requests a list shows. `view_…` restrict it to what the caller may see; it goes on from what comes `before`
    in a list of the newest, or `after` in one of what presses."""

    view_requester: str | None
    view_owner: str | None
    state: RequestState | None = None
    owner: str | None = None
    case_ref: str | None = None
    to_decide: bool = False
    mine: bool = False
    before: str | None = None
    after: tuple[Instant, str] | None = None
    limit: int = 50


def dumped(model: BaseModel) -> dict[str, Any]:
    """The model as JSON values, for a JSON column."""
    body: dict[str, Any] = model.model_dump(mode="json")
    return body
