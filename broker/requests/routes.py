"""`/v1/requests`: parses submissions and decisions, renders requests, hands out clips."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Response
from fastapi import Request as Call
from pydantic import Field

from broker.agencies.policy import RequestView
from broker.errors import Problem
from broker.http.calls import (
    ETAG_HEADER,
    WITH_ETAG,
    CurrentCaller,
    IdempotencyKey,
    IfMatch,
)
from broker.http.paging import decode_cursor, encode_cursor, next_href
from broker.http.ranges import RANGE_HEADERS, file_responses, ranged
from broker.http.services import CurrentServices
from broker.keyed_calls import keyed_call
from broker.requests import examples
from broker.requests.asking import DecisionBody, DocumentBody, OutcomeBody, SubmissionBody, submission_of
from broker.requests.models import (
    Filter,
    Request,
)
from broker.requests.service import AS_REQUESTER
from broker.requests.states import ItemState, RequestState
from broker.requests.views import RequestBodyView, RequestList, request_body

router = APIRouter(prefix="/v1/requests", tags=["requests"])

RequestId = Annotated[str, Field(max_length=64, examples=[examples.REQUEST_ID])]
LOCATION_HEADER: Final[dict[str, Any]] = {
    "Location": {
        "description": "Where the request is",
        "schema": {"type": "string", "examples": [f"/v1/requests/{examples.REQUEST_ID}"]},
    }
}
PartNumber = Annotated[int, Field(ge=1, le=100_000, examples=[1])]


def _answer(response: Response, request: Request, view: RequestView) -> RequestBodyView:
    """The request as the view shows it, with the ETag of what it shows."""
    body = request_body(request, view)
    response.headers["ETag"] = f'"{body.version}"'
    return body


@dataclass(frozen=True)
class DecisionCall:
    """What approving, denying and withdrawing have in common."""

    request_id: RequestId
    body: DecisionBody
    caller: CurrentCaller
    services: CurrentServices
    response: Response
    version: IfMatch

    async def decide(self, verdict: ItemState) -> RequestBodyView:
        word = self.body.word(self.version)
        decided = await self.services.decisions.decide(self.caller, self.request_id, verdict, word)
        return _answer(self.response, *decided)

    async def cancel(self) -> RequestBodyView:
        word = self.body.word(self.version)
        return _answer(
            self.response, *await self.services.decisions.cancel(self.caller, self.request_id, word)
        )


CurrentDecision = Annotated[DecisionCall, Depends()]


@router.post(
    "",
    response_model=RequestBodyView,
    status_code=201,
    summary="Submit a request",
    responses={201: {"headers": ETAG_HEADER | LOCATION_HEADER}},
)
async def submit_request(
    body: SubmissionBody,
    caller: CurrentCaller,
    services: CurrentServices,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> RequestBodyView:
    """Creates the request; every hold order is durable when this answers 201."""
    services.authority.check_purpose(body.purpose)
    caller = caller.model_copy(update={"purpose": body.purpose, "case_ref": body.case_ref})
    call = keyed_call(idempotency_key, "submit_request", body.model_dump_json())
    request = None if call is None else await services.requests.earlier(caller, call)
    if request is None:
        request = await services.requests.submit(caller, await submission_of(body, caller, services), call)
    response.headers["Location"] = f"/v1/requests/{request.id}"
    return _answer(response, request, AS_REQUESTER)


@router.get("", response_model=RequestList, summary="List requests")
async def list_requests(
    asked: Call,
    caller: CurrentCaller,
    services: CurrentServices,
    state: Annotated[RequestState | None, Query(examples=["pending"])] = None,
    owner: Annotated[str | None, Query(max_length=64, examples=["sncf"])] = None,
    case_ref: Annotated[str | None, Query(max_length=200, examples=["PV-2026-118"])] = None,
    to_decide: Annotated[bool, Query(examples=[True])] = False,
    mine: Annotated[bool, Query(examples=[True])] = False,
    limit: Annotated[int, Query(ge=1, le=200, examples=[50])] = 50,
    cursor: Annotated[str | None, Query(max_length=1000, examples=[examples.CURSOR])] = None,
) -> RequestList:
    """The caller's own requests, and for a custodian those about their agency's cameras; newest first, and what waits
    for a decision by how much it presses."""
    identity = [state, owner, case_ref, to_decide, mine]
    position = {} if cursor is None else decode_cursor(identity, cursor)
    try:
        if cursor is not None and set(position) != {"after" if to_decide else "before"}:
            raise ValueError("it names no place in this list")
        wanted = Filter(
            view_requester=None,
            view_owner=None,
            state=state,
            owner=owner,
            case_ref=case_ref,
            to_decide=to_decide,
            mine=mine,
            limit=limit,
            **position,
        )
    except ValueError as error:
        raise Problem("cursor_invalid", "the cursor is damaged: start without one") from error
    found, following = await services.requests.list_requests(caller, wanted)
    links = []
    if following is not None:
        href = next_href("/v1/requests", asked.scope["query_string"], encode_cursor(identity, following))
        links.append({"rel": "next", "href": href})
    return RequestList(requests=[request_body(request, view) for request, view in found], links=links)


@router.get("/{request_id}", response_model=RequestBodyView, summary="One request", responses=WITH_ETAG)
async def show_request(
    request_id: RequestId, caller: CurrentCaller, services: CurrentServices, response: Response
) -> RequestBodyView:
    return _answer(response, *await services.requests.show(caller, request_id))


@router.post(
    "/{request_id}/approve", response_model=RequestBodyView, summary="Approve items", responses=WITH_ETAG
)
async def approve_request(decision: CurrentDecision) -> RequestBodyView:
    """By a custodian of the cameras' owner."""
    return await decision.decide(ItemState.APPROVED)


@router.post("/{request_id}/deny", response_model=RequestBodyView, summary="Deny items", responses=WITH_ETAG)
async def deny_request(decision: CurrentDecision) -> RequestBodyView:
    """By a custodian of the cameras' owner."""
    return await decision.decide(ItemState.DENIED)


@router.post(
    "/{request_id}/cancel", response_model=RequestBodyView, summary="Withdraw items", responses=WITH_ETAG
)
async def cancel_request(decision: CurrentDecision) -> RequestBodyView:
    """By the requester; holds are let go."""
    return await decision.cancel()


@router.post(
    "/{request_id}/documents",
    response_model=RequestBodyView,
    status_code=201,
    summary="Attach a document",
    responses={201: {"headers": ETAG_HEADER}},
)
async def attach_document(
    request_id: RequestId,
    body: DocumentBody,
    caller: CurrentCaller,
    services: CurrentServices,
    response: Response,
) -> RequestBodyView:
    """By the requester, until the request is finished: a PDF of at most 10 MiB. The same file again changes nothing."""
    attached = await services.documents.attach(caller, request_id, body.name, body.content, body.owner)
    return _answer(response, *attached)


@router.get(
    "/{request_id}/documents/{sha256}",
    response_class=Response,
    summary="One document",
    responses=file_responses("application/pdf"),
    openapi_extra=RANGE_HEADERS,
)
async def read_document(
    call: Call,
    request_id: RequestId,
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$", examples=[examples.DOCUMENT_SHA256])],
    caller: CurrentCaller,
    services: CurrentServices,
) -> Response:
    """For the requester and the custodians of the cameras' owners."""
    read = await services.documents.read(caller, request_id, sha256)
    return ranged(
        call,
        lambda start, end: services.delivery.stream(read, start, end),
        read.size,
        read.etag,
        "application/pdf",
        read.filename,
    )


@router.post(
    "/{request_id}/outcome", response_model=RequestBodyView, summary="Close a request", responses=WITH_ETAG
)
async def close_request(
    request_id: RequestId,
    body: OutcomeBody,
    caller: CurrentCaller,
    services: CurrentServices,
    response: Response,
) -> RequestBodyView:
    """By the requester, once it is finished: what came of the footage. The latest word counts."""
    closed = await services.outcomes.close(caller, request_id, body.outcome, body.reason)
    return _answer(response, *closed)


@router.get(
    "/{request_id}/clips/{item}.{part}.mp4",
    response_class=Response,
    summary="One clip",
    responses=file_responses("video/mp4"),
    openapi_extra=RANGE_HEADERS,
)
async def fetch_clip(
    call: Call,
    request_id: RequestId,
    item: PartNumber,
    part: PartNumber,
    caller: CurrentCaller,
    services: CurrentServices,
) -> Response:
    """The clip, by byte ranges; also before the other items are finished."""
    delivered = await services.delivery.clip(caller, request_id, item, part)
    return ranged(
        call,
        lambda start, end: services.delivery.stream(delivered, start, end),
        delivered.size,
        delivered.etag,
        "video/mp4",
        delivered.filename,
    )


@router.get(
    "/{request_id}/bundle.zip",
    response_class=Response,
    summary="The bundle",
    responses=file_responses("application/zip"),
    openapi_extra=RANGE_HEADERS,
)
async def fetch_bundle(
    call: Call, request_id: RequestId, caller: CurrentCaller, services: CurrentServices
) -> Response:
    """Everything that was delivered, signed; only in a final state."""
    delivered = await services.delivery.bundle(caller, request_id)
    return ranged(
        call,
        lambda start, end: services.delivery.stream(delivered, start, end),
        delivered.size,
        delivered.etag,
        "application/zip",
        delivered.filename,
    )
