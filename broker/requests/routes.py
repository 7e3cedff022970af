"""`/v1/requests`: parses submissions and decisions, renders requests, hands out clips."""

from typing import Annotated, Self

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, model_validator

from broker.agencies.models import Action, Caller
from broker.errors import Problem
from broker.holds.routes import AreaBody, cameras_of_area
from broker.http.calls import (
    Body,
    CurrentCaller,
    IdempotencyKey,
    IfMatch,
    IntervalText,
    Line,
    Reason,
    parse_interval,
)
from broker.http.paging import decode_cursor, encode_cursor, next_href
from broker.http.ranges import ranged
from broker.http.services import CurrentServices, Services
from broker.ledger.idempotency import keyed_call
from broker.requests.models import DecidedItem, Filter, LegalBasis, Submission, WantedItem
from broker.requests.states import ItemState, RequestState
from broker.requests.views import RequestBodyView, RequestList, request_body

router = APIRouter(prefix="/v1/requests", tags=["requests"])

RequestId = Annotated[str, Field(max_length=64)]


class ItemBody(Body):
    camera_id: Annotated[str, Field(min_length=1, max_length=500)]
    interval: IntervalText


class BasisBody(Body):
    kind: Line
    reference: Line


class SubmissionBody(Body):
    """Either `items`, or `area` with one `interval` for all of its cameras."""

    case_ref: Line
    purpose: Line
    legal_basis: BasisBody
    reason: Reason
    items: Annotated[list[ItemBody], Field(min_length=1, max_length=1000)] | None = None
    area: AreaBody | None = None
    interval: IntervalText | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.items is None) == (self.area is None):
            raise ValueError("give either items, or area with interval")
        if (self.area is None) != (self.interval is None):
            raise ValueError("interval goes with area; each item has its own")
        return self


class DecidedBody(Body):
    n: Annotated[int, Field(ge=1, le=100_000)]
    interval: IntervalText | None = None


class DecisionBody(Body):
    """Without `items`, everything that is open. An item's `interval` shortens what is granted."""

    reason: Reason
    items: Annotated[list[DecidedBody], Field(min_length=1, max_length=1000)] | None = None

    def named(self) -> list[DecidedItem]:
        return [
            DecidedItem(n=item.n, interval=None if item.interval is None else parse_interval(item.interval))
            for item in self.items or ()
        ]


def _etag(response: Response, version: int) -> None:
    response.headers["ETag"] = f'"{version}"'


@router.post("", response_model=RequestBodyView, status_code=201, summary="Submit a request")
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
        request = await services.requests.submit(caller, await _submission(body, caller, services), call)
    response.headers["Location"] = f"/v1/requests/{request.id}"
    _etag(response, request.version)
    return request_body(request, services.requests.own_view())


async def _submission(body: SubmissionBody, caller: Caller, services: Services) -> Submission:
    """The body with its area resolved into items."""
    items: tuple[WantedItem, ...]
    if body.area is not None and body.interval is not None:
        interval = parse_interval(body.interval)
        ids = await cameras_of_area(services, caller, body.area, Action.REQUEST_CLIP, interval)
        items = tuple(WantedItem(camera_id=camera_id, interval=interval) for camera_id in ids)
    else:
        items = tuple(
            WantedItem(camera_id=item.camera_id, interval=parse_interval(item.interval))
            for item in body.items or ()
        )
    return Submission(
        case_ref=body.case_ref,
        purpose=body.purpose,
        legal_basis=LegalBasis(kind=body.legal_basis.kind, reference=body.legal_basis.reference),
        reason=body.reason,
        items=items,
    )


@router.get("", response_model=RequestList, summary="List requests")
async def list_requests(
    asked: Request,
    caller: CurrentCaller,
    services: CurrentServices,
    state: RequestState | None = None,
    owner: Annotated[str | None, Query(max_length=64)] = None,
    case_ref: Annotated[str | None, Query(max_length=200)] = None,
    to_decide: bool = False,
    mine: bool = False,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
) -> RequestList:
    """The caller's own requests, and for a custodian those about their agency's cameras; newest first."""
    identity = [state, owner, case_ref, to_decide, mine]
    before = None
    if cursor is not None:
        before = decode_cursor(identity, cursor).get("before")
        if not isinstance(before, str):
            raise Problem("cursor_invalid", "the cursor is damaged: start without one")
    wanted = Filter(
        view_requester=None,
        view_owner=None,
        state=state,
        owner=owner,
        case_ref=case_ref,
        to_decide=to_decide,
        mine=mine,
        before=before,
        limit=limit,
    )
    found, more = await services.requests.list_requests(caller, wanted)
    links = []
    if more:
        following = encode_cursor(identity, {"before": found[-1][0].id})
        href = next_href("/v1/requests", asked.query_params.multi_items(), following)
        links.append({"rel": "next", "href": href})
    return RequestList(requests=[request_body(request, view) for request, view in found], links=links)


@router.get("/{request_id}", response_model=RequestBodyView, summary="One request")
async def show_request(
    request_id: RequestId, caller: CurrentCaller, services: CurrentServices, response: Response
) -> RequestBodyView:
    request, view = await services.requests.show(caller, request_id)
    _etag(response, request.version)
    return request_body(request, view)


async def _decide(
    services: Services,
    caller: Caller,
    response: Response,
    request_id: str,
    verdict: ItemState,
    body: DecisionBody,
    if_match: int | None,
) -> RequestBodyView:
    request, view = await services.decisions.decide(
        caller, request_id, verdict, body.reason, body.named(), if_match
    )
    _etag(response, request.version)
    return request_body(request, view)


@router.post("/{request_id}/approve", response_model=RequestBodyView, summary="Approve items")
async def approve_request(
    request_id: RequestId,
    body: DecisionBody,
    caller: CurrentCaller,
    services: CurrentServices,
    response: Response,
    version: IfMatch,
) -> RequestBodyView:
    """By a custodian of the cameras' owner."""
    return await _decide(services, caller, response, request_id, ItemState.APPROVED, body, version)


@router.post("/{request_id}/deny", response_model=RequestBodyView, summary="Deny items")
async def deny_request(
    request_id: RequestId,
    body: DecisionBody,
    caller: CurrentCaller,
    services: CurrentServices,
    response: Response,
    version: IfMatch,
) -> RequestBodyView:
    """By a custodian of the cameras' owner."""
    return await _decide(services, caller, response, request_id, ItemState.DENIED, body, version)


@router.post("/{request_id}/cancel", response_model=RequestBodyView, summary="Withdraw items")
async def cancel_request(
    request_id: RequestId,
    body: DecisionBody,
    caller: CurrentCaller,
    services: CurrentServices,
    response: Response,
    version: IfMatch,
) -> RequestBodyView:
    """By the requester; holds are let go."""
    request, view = await services.decisions.cancel(caller, request_id, body.reason, body.named(), version)
    _etag(response, request.version)
    return request_body(request, view)


@router.get(
    "/{request_id}/clips/{item}.{part}.mp4",
    summary="One clip",
    responses={200: {"content": {"video/mp4": {}}}, 206: {"content": {"video/mp4": {}}}},
)
async def fetch_clip(
    request: Request,
    request_id: RequestId,
    item: Annotated[int, Field(ge=1, le=100_000)],
    part: Annotated[int, Field(ge=1, le=100_000)],
    caller: CurrentCaller,
    services: CurrentServices,
) -> Response:
    """The clip, by byte ranges; also before the other items are finished."""
    delivered = await services.delivery.clip(caller, request_id, item, part)
    return ranged(
        request,
        lambda start, end: services.delivery.stream(delivered, start, end),
        delivered.size,
        delivered.etag,
        "video/mp4",
        delivered.filename,
    )


@router.get(
    "/{request_id}/bundle.zip",
    summary="The bundle",
    responses={200: {"content": {"application/zip": {}}}, 206: {"content": {"application/zip": {}}}},
)
async def fetch_bundle(
    request: Request, request_id: RequestId, caller: CurrentCaller, services: CurrentServices
) -> Response:
    """Everything that was delivered, signed; only in a final state."""
    delivered = await services.delivery.bundle(caller, request_id)
    return ranged(
        request,
        lambda start, end: services.delivery.stream(delivered, start, end),
        delivered.size,
        delivered.etag,
        "application/zip",
        delivered.filename,
    )
