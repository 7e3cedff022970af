"""`/v1/substitutes`: who decides while a custodian is away."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import ConfigDict, Field

from adapters.contract.models import Instant
from broker.agencies.substitutes import examples
from broker.agencies.substitutes.views import SubstitutionList, SubstitutionView, substitution_view
from broker.hours import Hours
from broker.http.calls import Body, CurrentCaller, IdempotencyKey, Reason
from broker.http.services import CurrentServices
from broker.keyed_calls import keyed_call

router = APIRouter(prefix="/v1", tags=["agencies"])


class SubstituteBody(Body):
    """From `start`, or now, until `until`; with `hours` in those alone."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.NEW]})

    officer_id: Annotated[str, Field(max_length=64)]
    start: Instant | None = None
    until: Instant
    hours: Hours | None = None
    reason: Reason


@router.post(
    "/substitutes", response_model=SubstitutionView, status_code=201, summary="Name who stands in for oneself"
)
async def name_substitute(
    body: SubstituteBody,
    caller: CurrentCaller,
    services: CurrentServices,
    idempotency_key: IdempotencyKey = None,
) -> SubstitutionView:
    """By a custodian: another officer of the agency has a custodian's rights for that time, and decides in their own
    name."""
    call = keyed_call(idempotency_key, "name_substitute", body.model_dump_json())
    named = await services.substitutes.name(
        caller, body.officer_id, body.start, body.until, body.hours, body.reason, call
    )
    return substitution_view(named, services.clock.now())


@router.get("/substitutes", response_model=SubstitutionList, summary="Who stands in for whom")
async def list_substitutes(caller: CurrentCaller, services: CurrentServices) -> SubstitutionList:
    """In one's own agency, for its custodians and administrators; also those that are over."""
    found, at = await services.substitutes.list_substitutions(caller), services.clock.now()
    return SubstitutionList(substitutes=[substitution_view(each, at) for each in found])


@router.delete(
    "/substitutes/{substitution_id}", response_model=SubstitutionView, summary="End a substitution"
)
async def end_substitute(
    substitution_id: Annotated[str, Path(max_length=64, examples=[examples.SUBSTITUTION_ID])],
    caller: CurrentCaller,
    services: CurrentServices,
) -> SubstitutionView:
    """By any custodian or administrator of the agency, at once. What was decided under it stands."""
    ended = await services.substitutes.end(caller, substitution_id)
    return substitution_view(ended, services.clock.now())
