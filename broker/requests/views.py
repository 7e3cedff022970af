"""Requests as they leave over HTTP. A custodian sees the items of their own agency only."""

from pydantic import ConfigDict

from broker.agencies.policy import RequestView
from broker.holds.views import HeldView, held_view
from broker.http.calls import InstantView, View
from broker.requests import examples
from broker.requests.deadlines import Limit
from broker.requests.documents import shown_documents
from broker.requests.models import (
    Clip,
    Decision,
    Document,
    Item,
    LegalBasis,
    Outcome,
    Request,
    Signatory,
)
from broker.requests.states import ItemState, derive
from broker.requests.versions import version_of


class PersonView(View):
    agency: str
    service: str
    personnel_number: str
    name: str


class DecisionView(View):
    """`interval` is what was granted, null while nothing is."""

    by: list[PersonView]
    needed: int
    reason: str | None
    interval: str | None
    agreement: str | None


class ClipView(View):
    name: str
    href: str
    size: int
    sha256: str
    interval: str
    first_frame_at: InstantView
    last_frame_at: InstantView


class ItemView(View):
    """`needs_document`: it is not approved before its requester has attached one."""

    n: int
    camera_id: str
    camera_name: str
    agency: str
    state: str
    state_reason: str | None
    requested: str
    held: HeldView | None
    decision: DecisionView
    needs_document: bool
    available: list[str]
    delivered: list[str]
    gaps: list[str]
    overwrite_at: InstantView | None
    decide_by: InstantView | None
    decide_by_limit: Limit | None
    clock_offset_ms: float | None
    clips: list[ClipView]


class DocumentView(View):
    """`owner` is whose custodians it is for, null those of all owners."""

    owner: str | None
    name: str
    sha256: str
    size: int
    added_at: InstantView
    href: str


class OutcomeView(View):
    outcome: Outcome
    reason: str | None
    at: InstantView


class RequestBodyView(View):
    """A request with the items that the caller may see. `version` is its ETag; `state_reason` says what its sealing
    waits for. Its clips, bundle and documents are erased at `erase_at`. `outcome` is the requester's own: owners do not
    see it."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.REQUEST]})

    id: str
    version: str
    state: str
    state_reason: str | None
    submitted_at: InstantView
    finished_at: InstantView | None
    sealed_at: InstantView | None
    erase_at: InstantView | None
    erased_at: InstantView | None
    agency: str
    requester: PersonView
    case_ref: str
    purpose: str
    legal_basis: LegalBasis
    reason: str
    outcome: OutcomeView | None
    documents: list[DocumentView]
    items: list[ItemView]


class RequestList(View):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.REQUESTS]})

    requests: list[RequestBodyView]
    links: list[dict[str, str]]


def _person(signatory: Signatory) -> PersonView:
    return PersonView(
        agency=signatory.agency,
        service=signatory.service,
        personnel_number=signatory.personnel_number,
        name=signatory.name,
    )


def _decision(item: Item) -> DecisionView:
    words: tuple[Decision, ...] = item.decisions
    return DecisionView(
        by=[_person(decision.by) for decision in words],
        needed=item.approvals_needed,
        reason=words[-1].reason if words else None,
        interval=None if item.approved is None else str(item.approved),
        agreement=item.agreement_id,
    )


def _clip(item: Item, clip: Clip) -> ClipView:
    return ClipView(
        name=clip.name,
        href=f"/v1/requests/{item.request_id}/clips/{clip.name}.mp4",
        size=clip.size,
        sha256=clip.sha256,
        interval=str(clip.facts.interval),
        first_frame_at=clip.facts.first_frame_at,
        last_frame_at=clip.facts.last_frame_at,
    )


def _item(item: Item) -> ItemView:
    return ItemView(
        n=item.n,
        camera_id=item.camera.id,
        camera_name=item.camera.name,
        agency=item.camera.agency,
        state=item.state.value,
        state_reason=item.state_reason,
        requested=str(item.requested),
        held=None if item.hold is None else held_view(item.hold),
        decision=_decision(item),
        needs_document=item.needs_document,
        available=[str(interval) for interval in item.available],
        delivered=[str(interval) for interval in item.delivered],
        gaps=[str(interval) for interval in item.gaps],
        overwrite_at=item.overwrite_at,
        decide_by=item.decide_by if item.state is ItemState.PENDING else None,
        decide_by_limit=item.decide_by_limit if item.state is ItemState.PENDING else None,
        clock_offset_ms=item.clock_offset_ms,
        clips=[_clip(item, clip) for clip in item.clips],
    )


def _document(request: Request, document: Document) -> DocumentView:
    href = f"/v1/requests/{request.id}/documents/{document.sha256}"
    return DocumentView(**document.model_dump(exclude={"vault_key"}), href=href)


def _outcome(request: Request) -> OutcomeView | None:
    said = request.closing
    return None if said is None else OutcomeView(outcome=said.outcome, reason=said.reason, at=said.at)


def request_body(request: Request, view: RequestView) -> RequestBodyView:
    """The request with the items that the view shows. Its state follows from these alone, and where some are
    hidden it is not told when all were finished: that would tell of the other owners."""
    items = [item for item in request.items if view.shows(item.camera.agency)]
    whole = len(items) == len(request.items)
    return RequestBodyView(
        id=request.id,
        version=version_of(request, view),
        state=derive(item.state for item in items).value,
        state_reason=request.state_reason if whole else None,
        submitted_at=request.submitted_at,
        finished_at=request.finished_at if whole else None,
        sealed_at=request.sealed_at if whole else None,
        erase_at=request.erase_at if whole else None,
        erased_at=request.erased_at if whole else None,
        agency=request.agency,
        requester=_person(request.requester),
        case_ref=request.case_ref,
        purpose=request.purpose,
        legal_basis=request.legal_basis,
        reason=request.reason,
        documents=[_document(request, each) for each in shown_documents(request, view)],
        outcome=_outcome(request) if view.as_requester else None,
        items=[_item(item) for item in items],
    )
