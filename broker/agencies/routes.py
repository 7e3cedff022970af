"""`/v1/me`, `/v1/officers`, `/v1/agreements`: who calls, who may sign in, what was agreed."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import ConfigDict, Field

from adapters.contract.models import Instant
from broker.agencies import examples
from broker.agencies.models import Agreement, NewOfficer, Role, Terms
from broker.agencies.terms import area_of, terms_of
from broker.agencies.views import (
    AgreementList,
    AgreementView,
    IssuedView,
    MeView,
    OfficerList,
    agreement_view,
    me_view,
    officer_view,
)
from broker.errors import Problem
from broker.hours import Hours
from broker.http.calls import (
    ETAG_HEADER,
    WITH_ETAG,
    Body,
    CurrentCaller,
    IdempotencyKey,
    IfMatch,
    IntervalText,
    Line,
)
from broker.http.paging import CurrentList
from broker.http.services import CurrentServices
from broker.keyed_calls import keyed_call
from broker.settings import Settings
from broker.settings.sections import AgreementSettings
from broker.settings.values import ActionName, Days, HoursLong, Identifier, KindName, Seconds

router = APIRouter(prefix="/v1", tags=["agencies"])

Tags = Annotated[list[Line], Field(max_length=100)]


class PurposeBody(Body):
    """`purpose` null ends the session's purpose."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.PURPOSE, examples.NO_PURPOSE]})

    purpose: Annotated[str, Field(max_length=64)] | None
    case_ref: Annotated[str, Field(max_length=200)] | None = None


class OfficerBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.NEW_OFFICER]})

    agency: Line
    name: Line
    service: Line
    personnel_number: Line
    roles: Annotated[list[Role], Field(min_length=1, max_length=6)]
    until: Instant | None = None


class AgreementBody(Body):
    """The words are those of the configuration's `[[agreement]]`; `area` is GeoJSON with polygons."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.NEW_AGREEMENT]})

    id: Identifier
    owner: Identifier
    partners: Annotated[list[Identifier], Field(min_length=1, max_length=100)]
    networks: Annotated[list[Identifier], Field(max_length=1000)] | None = None
    area: dict[str, Any] | None = None
    kinds: list[KindName] | None = None
    tags_any: Tags | None = None
    tags_none: Tags | None = None
    actions: Annotated[list[ActionName], Field(min_length=1, max_length=5)]
    purposes: Annotated[list[Line], Field(min_length=1, max_length=100)]
    valid: IntervalText
    approval: Literal["automatic", "manual", "two_person"] = "manual"
    max_clip_s: Seconds | None = None
    hold_max_days: Days | None = None
    decide_within_h: HoursLong | None = None
    grace_days: Annotated[float, Field(ge=0, le=36_525, allow_inf_nan=False)] = 0
    audio: bool = False
    lead_in: bool = True
    hours: Hours | None = None
    requires_document: bool = False

    def terms(self, settings: Settings) -> Terms:
        """By the same rules as the configuration's; `Problem` says what is wrong."""
        try:
            written = AgreementSettings.model_validate(self.model_dump(exclude={"area"}))
            settings.check_agreements([written])
            area = None if self.area is None else area_of(self.area)
        except ValueError as error:
            raise Problem("invalid", f"the agreement is not right: {error}") from error
        return terms_of(written, settings.base_dir).model_copy(update={"area": area})


AgreementId = Annotated[str, Field(max_length=64, examples=[examples.AGREEMENT_ID])]
OfficerId = Annotated[str, Field(max_length=64, examples=[examples.OFFICER_ID])]


@router.get("/me", response_model=MeView, summary="Who calls")
async def show_me(caller: CurrentCaller) -> MeView:
    return me_view(caller)


@router.put("/me/purpose", response_model=MeView, summary="Set the session's purpose")
async def set_purpose(body: PurposeBody, caller: CurrentCaller, services: CurrentServices) -> MeView:
    """Used by every later call with this token that brings no purpose of its own."""
    await services.officers.set_purpose(caller, body.purpose, body.case_ref)
    return me_view(caller.model_copy(update={"purpose": body.purpose, "case_ref": body.case_ref}))


@router.get("/officers", response_model=OfficerList, summary="Officers")
async def list_officers(asked: CurrentList, caller: CurrentCaller, services: CurrentServices) -> OfficerList:
    """Everyone who may sign in; for an administrator. Oneself is `/v1/me`."""
    await services.authority.require_purpose(caller)
    cut = await services.officers.find_officers(caller, asked.page)
    return OfficerList(officers=[officer_view(o) for o in cut.rows], links=asked.links(cut.last))


@router.post("/officers", response_model=IssuedView, status_code=201, summary="Designate an officer")
async def add_officer(
    body: OfficerBody,
    caller: CurrentCaller,
    services: CurrentServices,
    idempotency_key: IdempotencyKey = None,
) -> IssuedView:
    """By an administrator. The token is shown this once: the same keyed call again answers with null."""
    await services.authority.require_purpose(caller)
    officer, issued = await services.officers.designate(
        NewOfficer(
            agency=body.agency,
            name=body.name,
            service=body.service,
            personnel_number=body.personnel_number,
            roles=frozenset(body.roles),
            designated_by=caller.officer.id,
            until=body.until,
        ),
        caller,
        keyed_call(idempotency_key, "add_officer", body.model_dump_json()),
    )
    return IssuedView(id=officer.id, token=None if issued is None else issued.token)


@router.delete("/officers/{officer_id}/tokens", status_code=204, summary="Revoke an officer's tokens")
async def revoke_tokens(officer_id: OfficerId, caller: CurrentCaller, services: CurrentServices) -> None:
    """By an administrator; every session of the officer ends at once."""
    await services.authority.require_purpose(caller)
    await services.officers.revoke_tokens(officer_id, caller)


@router.get("/agreements", response_model=AgreementList, summary="Agreements")
async def list_agreements(
    asked: CurrentList, caller: CurrentCaller, services: CurrentServices
) -> AgreementList:
    """Every version of those that the caller's agency is party to; of all for an administrator."""
    await services.authority.require_purpose(caller)
    cut = await services.agreements.find_agreements(caller, asked.page)
    return AgreementList(agreements=[agreement_view(a) for a in cut.rows], links=asked.links(cut.last))


@router.post(
    "/agreements",
    response_model=AgreementView,
    status_code=201,
    summary="Propose an agreement",
    responses={201: {"headers": ETAG_HEADER}},
)
async def propose_agreement(
    body: AgreementBody,
    caller: CurrentCaller,
    services: CurrentServices,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> AgreementView:
    """By a custodian of a party. It changes nothing until a custodian of the owner activates it."""
    await services.authority.require_purpose(caller)
    call = keyed_call(idempotency_key, "propose_agreement", body.model_dump_json())
    terms = body.terms(services.settings)
    return _answer(response, await services.agreements.propose(body.id, terms, caller, call))


@router.get(
    "/agreements/{agreement_id}",
    response_model=AgreementView,
    summary="One agreement",
    responses=WITH_ETAG,
)
async def show_agreement(
    agreement_id: AgreementId, caller: CurrentCaller, services: CurrentServices, response: Response
) -> AgreementView:
    """Its latest version; the ETag goes with a decision on it."""
    await services.authority.require_purpose(caller)
    return _answer(response, await services.agreements.show(agreement_id, caller))


@router.post(
    "/agreements/{agreement_id}/activate",
    response_model=AgreementView,
    summary="Activate",
    responses=WITH_ETAG,
)
async def activate_agreement(
    agreement_id: AgreementId,
    caller: CurrentCaller,
    services: CurrentServices,
    response: Response,
    version: IfMatch,
) -> AgreementView:
    """Puts the latest proposal in force; by a custodian of the owner."""
    await services.authority.require_purpose(caller)
    return _answer(response, await services.agreements.activate(agreement_id, caller, version))


@router.post(
    "/agreements/{agreement_id}/end",
    response_model=AgreementView,
    summary="End",
    responses=WITH_ETAG,
)
async def end_agreement(
    agreement_id: AgreementId,
    caller: CurrentCaller,
    services: CurrentServices,
    response: Response,
    version: IfMatch,
) -> AgreementView:
    """Ends what is in force; by a custodian of either side. It never comes back: a new one is proposed."""
    await services.authority.require_purpose(caller)
    return _answer(response, await services.agreements.end(agreement_id, caller, version))


def _answer(response: Response, agreement: Agreement) -> AgreementView:
    response.headers["ETag"] = f'"{agreement.word}"'
    return agreement_view(agreement)
