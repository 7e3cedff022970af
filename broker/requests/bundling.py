"""Everything that a bundle states, taken from a finished request and the log's excerpt about it."""

from collections.abc import Collection, Sequence

from broker.agencies.models import Agency
from broker.audit.tree.excerpts import Excerpt, ProvenEntry
from broker.evidence.bundle import models as sealed
from broker.evidence.bundle.logged import LoggedEntry
from broker.requests.models import Clip, Document, Item, Request, Signatory
from broker.requests.states import ItemState
from broker.transparency.inclusion import write_proof


def bundle_facts(request: Request, agencies: Sequence[Agency], excerpt: Excerpt) -> sealed.RequestFacts:
    """Everything that the bundle states of the request."""
    people = [request.requester, *(d.by for item in request.items for d in item.decisions)]
    named = {*request.owners, *(person.agency for person in people)}
    return sealed.RequestFacts(
        request_id=request.id,
        case_ref=request.case_ref,
        purpose=request.purpose,
        legal_basis=sealed.LegalBasis(kind=request.legal_basis.kind, reference=request.legal_basis.reference),
        reason=request.reason,
        requester=_person(request.requester),
        created_at=request.submitted_at,
        agencies=tuple(sealed.Agency(id=a.id, name=a.name) for a in agencies if a.id in named),
        items=tuple(_item(item) for item in request.items),
        documents=bundled_documents(request),
        log=tuple(
            sealed.LogReference(sequence=proven.entry.sequence, event=proven.entry.action)
            for proven in excerpt.entries
        ),
        log_keys=sealed.LogKeys(
            log=excerpt.key.text, witnesses=tuple(witness.text for witness in excerpt.witnesses)
        ),
    )


def bundled_documents(request: Request) -> tuple[sealed.Document, ...]:
    """The documents, each of the same bytes once, in the order in which they came."""
    once: dict[str, Document] = {}
    for document in request.documents:
        once.setdefault(document.sha256, document)
    return tuple(
        sealed.Document(
            name=each.name,
            path=sealed.document_path(n),
            sha256=each.sha256,
            size=each.size,
            added_at=each.added_at,
        )
        for n, each in enumerate(once.values(), start=1)
    )


def logged_entries(excerpt: Excerpt, people: Collection[str]) -> list[LoggedEntry]:
    """The excerpt as files; of who acted, only those whom the bundle names anyway."""
    return [_logged(proven, people) for proven in excerpt.entries]


def _logged(proven: ProvenEntry, people: Collection[str]) -> LoggedEntry:
    entry = proven.entry
    part, *acted = (bytes.fromhex(each.salt) + each.content.encode() for each in entry.parts)
    return LoggedEntry(
        sequence=entry.sequence,
        event=entry.action,
        leaf=entry.leaf.encode(),
        proof=write_proof(proven.proof).encode(),
        part=part,
        person=acted[0] if acted and entry.officer_id in people else None,
    )


def _person(signatory: Signatory) -> sealed.Person:
    return sealed.Person(
        officer_id=signatory.officer_id,
        agency=signatory.agency,
        service=signatory.service,
        number=signatory.personnel_number,
        name=signatory.name,
    )


def _item(item: Item) -> sealed.Item:
    camera = item.camera
    return sealed.Item(
        n=item.n,
        camera=sealed.Camera(
            id=camera.id,
            name=camera.name,
            network=camera.network,
            agency=camera.agency,
            position=camera.position,
            place=camera.place_name or camera.place,
            level=camera.level,
        ),
        requested=item.requested,
        state=sealed.ItemState(item.state.value),
        reason=item.state_reason,
        held=_held(item),
        decision=_decision(item),
        available=item.available,
        delivered=item.delivered,
        gaps=item.gaps,
        clock_offset_ms=item.clock_offset_ms,
        clips=tuple(_clip(clip) for clip in item.clips),
    )


def _held(item: Item) -> sealed.Held:
    hold = item.hold
    if hold is None:
        return sealed.Held(state=sealed.HoldState.FAILED)
    return sealed.Held(
        state=sealed.HoldState(hold.state.value),
        intervals=hold.held,
        how=None if hold.how is None else sealed.HoldMethod(hold.how.value),
        until=hold.until,
    )


def _decision(item: Item) -> sealed.Decision:
    words = item.decisions
    if item.state is ItemState.DENIED:
        state = sealed.DecisionState.DENIED
    elif item.approved is not None:
        state = sealed.DecisionState.APPROVED
    else:
        state = sealed.DecisionState.NONE
    return sealed.Decision(
        state=state,
        by=tuple(_person(word.by) for word in words),
        reason=words[-1].reason if words else None,
        interval=item.approved,
        at=words[-1].at if words else None,
        agreement=item.agreement_id,
    )


def _clip(clip: Clip) -> sealed.Clip:
    facts = clip.facts
    return sealed.Clip(
        name=clip.name,
        path=sealed.clip_path(clip.name),
        sha256=clip.sha256,
        size=clip.size,
        shown=facts.interval,
        first_frame_at=facts.first_frame_at,
        last_frame_at=facts.last_frame_at,
        frames=facts.frames_shown,
        hidden_head=sealed.HiddenPackets(packets=facts.hidden_head_packets, interval=facts.hidden_head),
        hidden_tail=sealed.HiddenPackets(packets=facts.hidden_tail_packets, interval=facts.hidden_tail),
        codec=facts.codec,
        width=facts.width,
        height=facts.height,
    )
