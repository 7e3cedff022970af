"""Requests, items, decisions and clips in the ledger. Items and requests are also the queue of work."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import (
    Connection,
    RowMapping,
    insert,
    select,
    update,
)

from adapters.contract.gaps import gap_over_s, longest_period_s
from adapters.contract.models import Interval
from broker.catalog.models import Camera
from broker.holds import store as holds
from broker.holds.models import Hold
from broker.ledger import tables
from broker.requests.deadlines import Deadline, presses_at
from broker.requests.models import (
    Clip,
    ClipFacts,
    Closing,
    Decision,
    Document,
    Item,
    LegalBasis,
    NewItem,
    Request,
    Signatory,
    Submission,
    dumped,
)
from broker.requests.states import FINAL_REQUESTS, TRANSITIONS, ItemState, RequestState, derive

INTERVALS = TypeAdapter(tuple[Interval, ...])
MOST_IDS: Final = 500


def insert_request(
    connection: Connection,
    request_id: str,
    requester: Signatory,
    submission: Submission,
    items: tuple[NewItem, ...],
    at: datetime,
) -> None:
    connection.execute(
        insert(tables.requests).values(
            id=request_id,
            agency=requester.agency,
            officer_id=requester.officer_id,
            requester=dumped(requester),
            case_ref=submission.case_ref,
            purpose=submission.purpose,
            basis_kind=submission.legal_basis.kind,
            basis_reference=submission.legal_basis.reference,
            reason=submission.reason,
            submitted_at=at,
            state=derive(item.state for item in items).value,
            due_at=at,
        )
    )
    connection.execute(
        insert(tables.request_items),
        [
            {
                "request_id": request_id,
                "n": item.n,
                "camera_id": item.camera.id,
                "network": item.camera.network,
                "owner": item.camera.agency,
                "camera": dumped(item.camera),
                "requested_start": item.requested.start,
                "requested_end": item.requested.end,
                "approved_start": item.requested.start if item.state is ItemState.APPROVED else None,
                "approved_end": item.requested.end if item.state is ItemState.APPROVED else None,
                "state": item.state.value,
                "agreement_id": item.agreement_id,
                "agreement_version": item.agreement_version,
                "approvals_needed": item.approvals_needed,
                "audio": item.audio,
                "needs_document": item.needs_document,
                "hold_id": item.hold_id,
                "available": [],
                "delivered": [],
                "gaps": [],
                "overwrite_at": item.overwrite_at,
                "decide_by": None if item.deadline is None else item.deadline.at,
                "decide_by_limit": None if item.deadline is None else item.deadline.limit.value,
                "press_at": (
                    None
                    if item.deadline is None
                    else presses_at(item.deadline.at, item.overwrite_at, is_kept=False)
                ),
                "clock_offset_ms": item.camera.clock_offset_ms,
                "due_at": at,
                "attempts": 0,
            }
            for item in items
        ],
    )


def _interval(start: datetime | None, end: datetime | None) -> Interval | None:
    return None if start is None or end is None else Interval(start=start, end=end)


def _decisions(connection: Connection, request_ids: list[str]) -> dict[tuple[str, int], list[Decision]]:
    table, found = tables.decisions, dict[tuple[str, int], list[Decision]]()
    query = select(table).where(table.c.request_id.in_(request_ids)).order_by(table.c.id)
    for row in connection.execute(query).mappings():
        found.setdefault((row["request_id"], row["n"]), []).append(
            Decision(
                n=row["n"],
                by=Signatory.model_validate(row["officer"]),
                verdict=ItemState(row["verdict"]),
                reason=row["reason"],
                interval=_interval(row["interval_start"], row["interval_end"]),
                at=row["decided_at"],
            )
        )
    return found


def _clips(connection: Connection, request_ids: list[str]) -> dict[tuple[str, int], list[Clip]]:
    table, found = tables.clips, dict[tuple[str, int], list[Clip]]()
    query = select(table).where(table.c.request_id.in_(request_ids)).order_by(table.c.n, table.c.part)
    for row in connection.execute(query).mappings():
        found.setdefault((row["request_id"], row["n"]), []).append(
            Clip(
                n=row["n"],
                part=row["part"],
                vault_key=row["vault_key"],
                size=row["size"],
                sha256=row["sha256"],
                facts=ClipFacts.model_validate(row["facts"]),
            )
        )
    return found


def _documents(connection: Connection, request_ids: list[str]) -> dict[str, list[Document]]:
    table, found = tables.documents, dict[str, list[Document]]()
    query = (
        select(table).where(table.c.request_id.in_(request_ids)).order_by(table.c.added_at, table.c.sha256)
    )
    for row in connection.execute(query).mappings():
        facts = {name: row[name] for name in Document.model_fields} | {"owner": row["owner"] or None}
        found.setdefault(row["request_id"], []).append(Document(**facts))
    return found


def add_document(connection: Connection, request_id: str, document: Document) -> None:
    row = document.model_dump() | {"request_id": request_id, "owner": document.owner or ""}
    connection.execute(insert(tables.documents).values(row))


def _item(row: RowMapping, hold: Hold | None, decisions: list[Decision], clips: list[Clip]) -> Item:
    return Item(
        request_id=row["request_id"],
        n=row["n"],
        camera=Camera.model_validate(row["camera"]),
        requested=Interval(start=row["requested_start"], end=row["requested_end"]),
        approved=_interval(row["approved_start"], row["approved_end"]),
        state=ItemState(row["state"]),
        state_reason=row["state_reason"],
        agreement_id=row["agreement_id"],
        agreement_version=row["agreement_version"],
        approvals_needed=row["approvals_needed"],
        audio=row["audio"],
        needs_document=row["needs_document"],
        hold_id=row["hold_id"],
        hold=hold,
        available=INTERVALS.validate_python(row["available"]),
        delivered=INTERVALS.validate_python(row["delivered"]),
        gaps=INTERVALS.validate_python(row["gaps"]),
        overwrite_at=row["overwrite_at"],
        decide_by=row["decide_by"],
        decide_by_limit=row["decide_by_limit"],
        press_at=row["press_at"],
        reminders=row["reminders"],
        clock_offset_ms=row["clock_offset_ms"],
        decisions=tuple(decisions),
        clips=tuple(clips),
        attempts=row["attempts"],
    )


def read_rows(connection: Connection, rows: list[RowMapping]) -> list[Request]:
    """The requests of these rows, with all that belongs to them."""
    ids = [row["id"] for row in rows]
    held = holds.of_requests(connection, ids)
    decisions, clips = _decisions(connection, ids), _clips(connection, ids)
    documents = _documents(connection, ids)
    table, items = tables.request_items, dict[str, list[Item]]()
    query = select(table).where(table.c.request_id.in_(ids)).order_by(table.c.request_id, table.c.n)
    for row in connection.execute(query).mappings():
        key = (row["request_id"], row["n"])
        item = _item(row, held.get(key), decisions.get(key, []), clips.get(key, []))
        items.setdefault(item.request_id, []).append(item)
    return [
        Request(
            id=row["id"],
            agency=row["agency"],
            requester=Signatory.model_validate(row["requester"]),
            case_ref=row["case_ref"],
            purpose=row["purpose"],
            legal_basis=LegalBasis(kind=row["basis_kind"], reference=row["basis_reference"]),
            reason=row["reason"],
            submitted_at=row["submitted_at"],
            state=RequestState(row["state"]),
            state_reason=row["state_reason"],
            finished_at=row["finished_at"],
            sealed_at=row["sealed_at"],
            bundle_key=row["bundle_key"],
            erase_at=row["erase_at"],
            erased_at=row["erased_at"],
            closing=_closing(row),
            documents=tuple(documents.get(row["id"], ())),
            attempts=row["attempts"],
            items=tuple(items[row["id"]]),
        )
        for row in rows
    ]


def _closing(row: RowMapping) -> Closing | None:
    if row["outcome"] is None:
        return None
    return Closing(outcome=row["outcome"], reason=row["outcome_reason"], at=row["closed_at"])


def close(connection: Connection, request_id: str, closing: Closing) -> None:
    """Writes down what came of a request, in place of what was said before."""
    values = {"outcome": closing.outcome.value, "outcome_reason": closing.reason, "closed_at": closing.at}
    connection.execute(update(tables.requests).where(tables.requests.c.id == request_id).values(values))


def find(connection: Connection, request_id: str) -> Request | None:
    query = select(tables.requests).where(tables.requests.c.id == request_id)
    rows = list(connection.execute(query).mappings())
    return read_rows(connection, rows)[0] if rows else None


def find_all(connection: Connection, request_ids: Sequence[str]) -> list[Request]:
    """Those that there are."""
    requests, found = tables.requests, list[Request]()
    for start in range(0, len(request_ids), MOST_IDS):
        some = requests.c.id.in_(request_ids[start : start + MOST_IDS])
        rows = connection.execute(select(requests).where(some)).mappings().all()
        found += read_rows(connection, list(rows))
    return found


def touch(connection: Connection, request_id: str, at: datetime) -> RequestState:
    """Derives the request's state anew; called with every change of an item's."""
    requests, items = tables.requests, tables.request_items
    states = connection.execute(select(items.c.state).where(items.c.request_id == request_id)).scalars()
    state = derive(ItemState(name) for name in states)
    values: dict[str, Any] = {"state": state.value}
    if state in FINAL_REQUESTS:
        values |= {"finished_at": at, "due_at": at}
    connection.execute(update(requests).where(requests.c.id == request_id).values(values))
    return state


def move_item(
    connection: Connection,
    item: Item,
    state: ItemState,
    at: datetime,
    *,
    reason: str | None = None,
    approved: Interval | None = None,
    **values: Any,
) -> None:
    """Moves an item on, by the table of transitions, and the request with it."""
    if state not in TRANSITIONS[item.state]:
        raise ValueError(f"an item does not go from {item.state} to {state}")
    values |= {"state": state.value, "state_reason": reason, "lease_owner": None, "lease_until": None}
    if approved is not None:
        values |= {"approved_start": approved.start, "approved_end": approved.end}
    if not TRANSITIONS[state]:
        values["finished_at"] = at
    if "due_at" not in values:
        values["due_at"] = at
    connection.execute(_update_item(item).values(values))
    touch(connection, item.request_id, at)


def note_footage(
    connection: Connection,
    item: Item,
    available: tuple[Interval, ...],
    overwrite_at: datetime | None,
    clock_offset_ms: float | None,
) -> None:
    """Writes down what the recorder has of the requested interval."""
    connection.execute(
        _update_item(item).values(
            available=_dump(available),
            gaps=_dump(item.requested.gaps(available, _gap_over_s(item))),
            overwrite_at=overwrite_at,
            clock_offset_ms=clock_offset_ms,
        )
    )


def set_deadline(connection: Connection, item: Item, due: Deadline, press_at: datetime) -> None:
    values = {"decide_by": due.at, "decide_by_limit": due.limit.value, "press_at": press_at}
    connection.execute(_update_item(item).values(values))


def note_reminder(connection: Connection, item: Item, stage: int) -> None:
    """Counts who was told that the decision presses."""
    connection.execute(_update_item(item).values(reminders=stage))


def _gap_over_s(item: Item) -> float:
    return float(gap_over_s(longest_period_s(stream.fps for stream in item.camera.streams)))


def _update_item(item: Item) -> Any:
    table = tables.request_items
    return update(table).where(table.c.request_id == item.request_id, table.c.n == item.n)


def _dump(intervals: tuple[Interval, ...]) -> Any:
    return INTERVALS.dump_python(intervals, mode="json")


def add_decision(connection: Connection, decision_id: str, request_id: str, decision: Decision) -> None:
    connection.execute(
        insert(tables.decisions).values(
            id=decision_id,
            request_id=request_id,
            n=decision.n,
            officer_id=decision.by.officer_id,
            officer=dumped(decision.by),
            verdict=decision.verdict.value,
            reason=decision.reason,
            interval_start=decision.interval.start if decision.interval else None,
            interval_end=decision.interval.end if decision.interval else None,
            decided_at=decision.at,
        )
    )


def add_clips(
    connection: Connection,
    item: Item,
    clips: tuple[Clip, ...],
    gaps: tuple[Interval, ...],
    clock_offset_ms: float | None,
    at: datetime,
) -> None:
    """Writes down what was delivered, the gaps that the cutter found in the approved interval, and the
    recorder's clock offset that was taken off."""
    for clip in clips:
        connection.execute(
            insert(tables.clips).values(
                request_id=item.request_id,
                n=clip.n,
                part=clip.part,
                vault_key=clip.vault_key,
                size=clip.size,
                sha256=clip.sha256,
                facts=dumped(clip.facts),
                made_at=at,
            )
        )
    delivered = tuple(clip.facts.interval for clip in clips)
    connection.execute(
        _update_item(item).values(
            delivered=_dump(delivered), gaps=_dump(gaps), clock_offset_ms=clock_offset_ms
        )
    )
