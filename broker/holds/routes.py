"""`/v1/holds`: urgent holds without a request."""

from typing import Annotated, Self

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field, model_validator

from broker.agencies.models import Action, Caller
from broker.catalog.questions import Question, Radius
from broker.errors import Problem
from broker.holds import examples
from broker.holds.models import HoldInterval
from broker.holds.views import HoldList, HoldView, hold_view
from broker.http.calls import Body, CurrentCaller, IdempotencyKey, OpenIntervalText, Reason, parse_reach
from broker.http.paging import CurrentList
from broker.http.services import CurrentServices, Services
from broker.keyed_calls import keyed_call

router = APIRouter(prefix="/v1/holds", tags=["holds"])

HoldId = Annotated[str, Field(max_length=64, examples=[examples.HOLD_ID])]
CameraId = Annotated[str, Field(min_length=1, max_length=500)]
CameraIds = Annotated[list[CameraId], Field(min_length=1, max_length=1000)]


class AreaBody(Body):
    """Every camera within the radius whose footage the caller may hold."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.AREA]})

    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
    radius_m: Annotated[float, Field(gt=0, le=20_000, allow_inf_nan=False)]
    sees: bool = False


class HoldBody(Body):
    """Either `camera_ids` or `area`."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [examples.ORDER_OF_CAMERAS, examples.ORDER_OF_AREA]}
    )

    camera_ids: CameraIds | None = None
    area: AreaBody | None = None
    interval: OpenIntervalText
    reason: Reason

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.camera_ids is None) == (self.area is None):
            raise ValueError("give either camera_ids or area")
        return self


async def cameras_of_area(
    services: Services, caller: Caller, area: AreaBody, action: Action, interval: str
) -> tuple[str, ...]:
    """The cameras there with which the caller may do this; `no_camera` where there is none."""
    question = Question(
        area=Radius(area.lat, area.lon, area.radius_m),
        as_of=services.clock.now(),
        limit=services.settings.broker.max_items + 1,
        sees=area.sees,
        offering=action,
    )
    answer = await services.catalog.search(caller, question)
    if not answer.camera_ids:
        raise Problem("no_camera", f"no camera there offers footage of {interval} to you")
    return answer.camera_ids


@router.post("", response_model=HoldList, status_code=201, summary="Hold footage at once")
async def order_holds(
    body: HoldBody,
    caller: CurrentCaller,
    services: CurrentServices,
    idempotency_key: IdempotencyKey = None,
) -> HoldList:
    """Keeps footage without a request, for a short time; every order is durable when this answers 201. An interval
    `start/..` grows until it is stopped."""
    call = keyed_call(idempotency_key, "order_holds", body.model_dump_json())
    if call is not None and (earlier := await services.holds.earlier(caller, call)) is not None:
        return HoldList(holds=[hold_view(hold) for hold in earlier], links=[])
    start, end = parse_reach(body.interval)
    interval = HoldInterval(start=start, end=end)
    ids = tuple(body.camera_ids or ())
    if body.area is not None:
        ids = await cameras_of_area(services, caller, body.area, Action.HOLD, body.interval)
    holds = await services.holds.order(caller, ids, interval, body.reason, call)
    return HoldList(holds=[hold_view(hold) for hold in holds], links=[])


@router.get("", response_model=HoldList, summary="List holds")
async def list_holds(
    asked: CurrentList,
    caller: CurrentCaller,
    services: CurrentServices,
    order: Annotated[str | None, Query(max_length=64, examples=[examples.ORDER_ID])] = None,
) -> HoldList:
    """The caller's own, and for a custodian all on their agency's cameras; newest first. With an `order`, the
    `order_id` of what one call ordered: camera by camera how far it is, and what was gone already."""
    cut = await services.holds.list_holds(caller, asked.page, order)
    return HoldList(holds=[hold_view(hold) for hold in cut.rows], links=asked.links(cut.last))


@router.get("/{hold_id}", response_model=HoldView, summary="One hold")
async def show_hold(hold_id: HoldId, caller: CurrentCaller, services: CurrentServices) -> HoldView:
    return hold_view(await services.holds.show(caller, hold_id))


@router.post("/{hold_id}/stop", response_model=HoldView, summary="End what grows")
async def stop_hold(hold_id: HoldId, caller: CurrentCaller, services: CurrentServices) -> HoldView:
    """Ends a hold whose end is open, now: what is kept stays kept. By who ordered it, or by the owner's custodian."""
    return hold_view(await services.holds.stop(caller, hold_id))


@router.delete("/{hold_id}", response_model=HoldView, summary="Release a hold")
async def release_hold(hold_id: HoldId, caller: CurrentCaller, services: CurrentServices) -> HoldView:
    """By who ordered it, or by the owner's custodian unless a judicial basis holds it."""
    return hold_view(await services.holds.release(caller, hold_id))
