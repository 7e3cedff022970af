"""`/v1/audit`: an agency's auditors read what concerns its cameras and officers."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from broker.agencies.models import AgencyAction
from broker.audit.models import Entry, Operation
from broker.errors import Problem
from broker.http.calls import CurrentCaller, InstantView, View
from broker.http.paging import decode_cursor, encode_cursor
from broker.http.services import CurrentServices

router = APIRouter(prefix="/v1/audit", tags=["audit"])


class EntryView(View):
    """One entry; `person` is null once it was erased, and for what the host itself did."""

    sequence: int
    at: InstantView
    officer_id: str | None
    agency: str | None
    person: dict[str, str] | None
    operation: str
    action: str
    decision: str
    objects: list[str]
    owners: list[str]
    query: dict[str, Any] | None
    purpose: str | None
    case_ref: str | None
    basis: list[str]
    recipient: str | None
    request_id: str | None


class EntryList(View):
    entries: list[EntryView]
    links: list[dict[str, str]]


def entry_view(entry: Entry) -> EntryView:
    body = entry.model_dump()
    return EntryView.model_validate(
        body | {"operation": entry.operation.value, "decision": entry.decision.value}
    )


@router.get("/entries", response_model=EntryList, summary="Log entries")
async def list_entries(
    caller: CurrentCaller,
    services: CurrentServices,
    request_id: Annotated[str | None, Query(max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> EntryList:
    """Oldest first; reading is itself logged."""
    await services.authority.require(caller, AgencyAction.READ_LOG, "read_log")
    after = 0
    if cursor is not None:
        after = decode_cursor(["audit", request_id], cursor).get("after", 0)
        if not isinstance(after, int):
            raise Problem("cursor_invalid", "the cursor is damaged: start without one")
    reading = services.authority.entry(caller, Operation.CONSULTATION, "read_log")
    entries = await services.audit.entries(reading, caller.officer.agency, after, limit, request_id)
    links = []
    if len(entries) == limit:
        following = encode_cursor(["audit", request_id], {"after": entries[-1].sequence})
        links.append({"rel": "next", "href": f"/v1/audit/entries?cursor={following}"})
    return EntryList(entries=[entry_view(entry) for entry in entries], links=links)
