"""`/v1/emergencies`: danger to life."""

from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import ConfigDict, Field, model_validator

from broker.agencies.emergencies import examples
from broker.agencies.emergencies.service import Danger
from broker.agencies.emergencies.views import (
    EmergencyList,
    EmergencyView,
    emergency_view,
)
from broker.agencies.models import Circle, ReviewVerdict
from broker.http.calls import Body, CurrentCaller, IdempotencyKey, Reason
from broker.http.paging import CurrentList
from broker.http.services import CurrentServices
from broker.keyed_calls import keyed_call

router = APIRouter(prefix="/v1", tags=["emergencies"])

EmergencyId = Annotated[str, Field(max_length=64, examples=[examples.EMERGENCY_ID])]


class EmergencyBody(Body):
    """Which cameras: an owner's, those of an area, or an owner's in an area."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.START]})

    reason: Reason
    agency: Annotated[str, Field(max_length=64)] | None = None
    area: Circle | None = None

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if self.agency is None and self.area is None:
            raise ValueError("give an agency, an area, or both")
        return self


class ReviewBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.REVIEW]})

    verdict: ReviewVerdict
    reason: Reason


@router.post("/emergencies", response_model=EmergencyView, status_code=201, summary="Start an emergency")
async def start_emergency(
    body: EmergencyBody,
    caller: CurrentCaller,
    services: CurrentServices,
    idempotency_key: IdempotencyKey = None,
) -> EmergencyView:
    """An operator sees beyond the agreements, for an hour, because life is in danger. Owners and auditors are told."""
    call = keyed_call(idempotency_key, "start_emergency", body.model_dump_json())
    danger = Danger(body.reason, body.agency, body.area)
    started = await services.emergencies.start(caller, danger, call)
    return emergency_view(started, services.clock.now())


@router.get("/emergencies", response_model=EmergencyList, summary="Emergencies")
async def list_emergencies(
    asked: CurrentList, caller: CurrentCaller, services: CurrentServices
) -> EmergencyList:
    """One's own, those towards one's agency for a custodian, those of either side for an auditor."""
    cut, at = await services.emergencies.find(caller, asked.page), services.clock.now()
    return EmergencyList(
        emergencies=[emergency_view(each, at) for each in cut.rows], links=asked.links(cut.last)
    )


@router.get("/emergencies/{emergency_id}", response_model=EmergencyView, summary="One emergency")
async def show_emergency(
    emergency_id: EmergencyId, caller: CurrentCaller, services: CurrentServices
) -> EmergencyView:
    return emergency_view(await services.emergencies.show(caller, emergency_id), services.clock.now())


@router.post("/emergencies/{emergency_id}/end", response_model=EmergencyView, summary="End an emergency")
async def end_emergency(
    emergency_id: EmergencyId, caller: CurrentCaller, services: CurrentServices
) -> EmergencyView:
    """By its officer or a custodian of an owner, before the clock does."""
    return emergency_view(await services.emergencies.end(caller, emergency_id), services.clock.now())


@router.post(
    "/emergencies/{emergency_id}/review", response_model=EmergencyView, summary="Review an emergency"
)
async def review_emergency(
    emergency_id: EmergencyId, body: ReviewBody, caller: CurrentCaller, services: CurrentServices
) -> EmergencyView:
    """By a custodian of an owner, once it is over; closed when each owner has reviewed it."""
    reviewed = await services.emergencies.review(caller, emergency_id, body.verdict, body.reason)
    return emergency_view(reviewed, services.clock.now())
