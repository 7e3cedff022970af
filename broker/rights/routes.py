"""`/v1/policy/explain` and `/v1/agreements/{id}/dry-run`: what rights are, and what they would be."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from broker.agencies.models import Action
from broker.http.calls import CurrentCaller
from broker.http.paging import CurrentList
from broker.http.services import CurrentServices
from broker.rights import examples
from broker.rights.views import DryRunView, ExplanationView, dry_run_view, explanation_view

router = APIRouter(prefix="/v1", tags=["rights"])

CameraQuery = Annotated[str, Query(min_length=1, max_length=500, examples=[examples.CAMERA_ID])]
ActionQuery = Annotated[Action, Query(examples=["view_live"])]
AgreementId = Annotated[str, Field(max_length=64, examples=["sncf-police"])]


@router.get("/policy/explain", response_model=ExplanationView, summary="Why one may, or may not")
async def explain_right(
    camera: CameraQuery, action: ActionQuery, caller: CurrentCaller, services: CurrentServices
) -> ExplanationView:
    """Of oneself, rule by rule. A camera that one may not locate is as unknown as one that is not there."""
    return explanation_view(await services.explanations.of_caller(caller, camera, action))


@router.get(
    "/agreements/{agreement_id}/dry-run", response_model=DryRunView, summary="What activating would change"
)
async def dry_run_agreement(
    agreement_id: AgreementId, asked: CurrentList, caller: CurrentCaller, services: CurrentServices
) -> DryRunView:
    """Of the latest proposal, for a custodian of the owner: which cameras would be seen or no more, by which agency,
    for which action and purpose. Weekly hours are left out of account."""
    found, last = await services.dry_runs.of_proposal(caller, agreement_id, asked.page)
    return dry_run_view(found, asked.links(last))
