"""`/v1/audit`: an agency's auditors read what concerns its cameras and officers."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import ConfigDict

from broker.agencies.models import AgencyAction
from broker.audit import examples
from broker.audit.models import Entry, Operation
from broker.errors import Problem
from broker.http.calls import CurrentCaller, InstantView, View
from broker.http.paging import decode_cursor, encode_cursor, next_href
from broker.http.services import CurrentServices

router = APIRouter(prefix="/v1/audit", tags=["audit"])


class PartView(View):
    """A text that an entry commits to: SHA-256 over the salt's bytes and the content's is one of its commitments."""

    salt: str
    content: str


class EntryView(View):
    """One entry. Once the person was erased `officer_id`, `person` and `case_ref` are null, as for what the host did.

    `leaf` is what the log's tree hashes, `parts` the texts behind all that the leaf does not say itself.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [examples.ENTRY]})

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
    leaf: str
    parts: list[PartView]


class EntryList(View):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.ENTRIES]})

    entries: list[EntryView]
    links: list[dict[str, str]]


def entry_view(entry: Entry) -> EntryView:
    body = entry.model_dump()
    return EntryView.model_validate(
        body | {"operation": entry.operation.value, "decision": entry.decision.value}
    )


@router.get("/entries", response_model=EntryList, summary="Log entries")
async def list_entries(
    request: Request,
    caller: CurrentCaller,
    services: CurrentServices,
    request_id: Annotated[str | None, Query(max_length=64, examples=[examples.REQUEST_ID])] = None,
    limit: Annotated[int, Query(ge=1, le=1000, examples=[100])] = 100,
    cursor: Annotated[str | None, Query(max_length=500, examples=[examples.CURSOR])] = None,
) -> EntryList:
    """Oldest first, as the log was when its first page was read; reading is itself logged."""
    await services.authority.require_purpose(caller)
    await services.authority.require(caller, AgencyAction.READ_LOG, "read_log")
    identity = ["audit", request_id]
    after: int = 0
    until: int | None = None
    if cursor is not None:
        position = decode_cursor(identity, cursor)
        last_shown, until = position.get("after"), position.get("until")
        if not isinstance(last_shown, int) or not isinstance(until, int):
            raise Problem("cursor_invalid", "the cursor is damaged: start without one")
        after = last_shown
    reading = services.authority.entry(caller, Operation.CONSULTATION, "read_log")
    page = await services.audit.page(reading, caller.officer.agency, after, until, limit, request_id)
    links = []
    if page.more:
        following = encode_cursor(identity, {"after": page.entries[-1].sequence, "until": page.until})
        href = next_href("/v1/audit/entries", request.scope["query_string"], following)
        links.append({"rel": "next", "href": href})
    return EntryList(entries=[entry_view(entry) for entry in page.entries], links=links)
