"""`/v1/me/tokens`, `/v1/me/sessions`, and under `/v1/officers/{id}` what an administrator does for others: tokens,
designations, accounts, sessions, subjects of identity providers."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import ConfigDict, Field

from adapters.contract.models import Instant
from broker.agencies.models import NewToken, Scope
from broker.http.calls import Body, CurrentCaller, IdempotencyKey, Line
from broker.http.services import CurrentServices
from broker.identity import examples
from broker.identity.views import (
    CodeView,
    DesignationList,
    DesignationView,
    MadeTokenView,
    TokenList,
    code_view,
    designation_view,
    made_token_view,
    token_view,
)
from broker.keyed_calls import keyed_call

router = APIRouter(prefix="/v1", tags=["identity"])

OfficerId = Annotated[str, Field(max_length=64, examples=[examples.OFFICER_ID])]
TokenId = Annotated[str, Field(max_length=64, examples=[examples.TOKEN_ID])]
DesignationId = Annotated[str, Field(max_length=64, examples=[examples.DESIGNATION_ID])]


class TokenBody(Body):
    """`scopes` null: as many as one calls with. `until` null: as long as the designation lasts."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.NEW_TOKEN]})

    name: Line | None = None
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(Scope))] | None = None
    until: Instant | None = None


class DesignationBody(Body):
    """`from` null is now; `until` null is without end."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.NEW_DESIGNATION]})

    start: Instant | None = Field(default=None, alias="from")
    until: Instant | None = None


class AccountBody(Body):
    """`username` null keeps the one that the officer has."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.NEW_ACCOUNT]})

    username: Annotated[Line, Field(max_length=64)] | None = None


class SubjectBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.SUBJECT]})

    provider: Annotated[Line, Field(max_length=64)]
    subject: Annotated[str, Field(min_length=1, max_length=255)]


@router.get("/me/tokens", response_model=TokenList, summary="One's own tokens")
async def list_own_tokens(caller: CurrentCaller, services: CurrentServices) -> TokenList:
    """Those that are good for anything; never a token itself."""
    await services.authority.require_purpose(caller)
    return TokenList(tokens=[token_view(facts) for facts in await services.identity.tokens.own(caller)])


@router.post("/me/tokens", response_model=MadeTokenView, status_code=201, summary="Make a token for oneself")
async def make_own_token(
    body: TokenBody,
    caller: CurrentCaller,
    services: CurrentServices,
    idempotency_key: IdempotencyKey = None,
) -> MadeTokenView:
    """No wider than what one calls with, and no longer than one's designation, or the token that one calls with,
    lasts. It is shown this once."""
    await services.authority.require_purpose(caller)
    new = NewToken(
        name=body.name,
        scopes=None if body.scopes is None else frozenset(body.scopes),
        until=body.until,
    )
    call = keyed_call(idempotency_key, "issue_token", body.model_dump_json())
    return made_token_view(*await services.identity.tokens.issue_own(new, caller, call))


@router.delete("/me/tokens/{token_id}", status_code=204, summary="Revoke one of one's own tokens")
async def revoke_own_token(token_id: TokenId, caller: CurrentCaller, services: CurrentServices) -> None:
    await services.authority.require_purpose(caller)
    await services.identity.tokens.revoke_own(token_id, caller)


@router.delete("/me/sessions", status_code=204, summary="End all of one's own sessions")
async def end_own_sessions(caller: CurrentCaller, services: CurrentServices) -> None:
    """This one too, where the call is made in one. Tokens stay."""
    await services.authority.require_purpose(caller)
    await services.identity.sessions.end_all_own(caller)


@router.delete("/officers/{officer_id}/sessions", status_code=204, summary="End an officer's sessions")
async def end_sessions(officer_id: OfficerId, caller: CurrentCaller, services: CurrentServices) -> None:
    """By an administrator of their agency. Tokens stay."""
    await services.authority.require_purpose(caller)
    await services.identity.sessions.end_all_of(officer_id, caller)


@router.get("/officers/{officer_id}/tokens", response_model=TokenList, summary="An officer's tokens")
async def list_tokens(officer_id: OfficerId, caller: CurrentCaller, services: CurrentServices) -> TokenList:
    """For an administrator of their agency; never a token itself."""
    await services.authority.require_purpose(caller)
    return TokenList(
        tokens=[token_view(facts) for facts in await services.identity.tokens.of(officer_id, caller)]
    )


@router.delete(
    "/officers/{officer_id}/tokens/{token_id}", status_code=204, summary="Revoke one of an officer's tokens"
)
async def revoke_token(
    officer_id: OfficerId, token_id: TokenId, caller: CurrentCaller, services: CurrentServices
) -> None:
    """By an administrator of their agency."""
    await services.authority.require_purpose(caller)
    await services.identity.tokens.revoke_of(officer_id, token_id, caller)


@router.get(
    "/officers/{officer_id}/designations", response_model=DesignationList, summary="An officer's designations"
)
async def list_designations(
    officer_id: OfficerId, caller: CurrentCaller, services: CurrentServices
) -> DesignationList:
    """For an administrator of their agency: all of them, by whom, from when until when."""
    await services.authority.require_purpose(caller)
    kept = await services.identity.designations.list(officer_id, caller)
    return DesignationList(designations=[designation_view(each) for each in kept])


@router.post(
    "/officers/{officer_id}/designations",
    response_model=DesignationView,
    status_code=201,
    summary="Designate an officer again",
)
async def add_designation(
    officer_id: OfficerId,
    body: DesignationBody,
    caller: CurrentCaller,
    services: CurrentServices,
    idempotency_key: IdempotencyKey = None,
) -> DesignationView:
    """By an administrator of their agency. The tokens of an earlier designation are not made longer by it."""
    await services.authority.require_purpose(caller)
    call = keyed_call(idempotency_key, f"designate {officer_id}", body.model_dump_json())
    return designation_view(
        await services.identity.designations.add(officer_id, body.start, body.until, caller, call)
    )


@router.delete(
    "/officers/{officer_id}/designations/{designation_id}",
    response_model=DesignationView,
    summary="End a designation",
)
async def end_designation(
    officer_id: OfficerId, designation_id: DesignationId, caller: CurrentCaller, services: CurrentServices
) -> DesignationView:
    """Now, by an administrator of their agency: at the next call nothing is shown any more."""
    await services.authority.require_purpose(caller)
    return designation_view(await services.identity.designations.end(officer_id, designation_id, caller))


@router.post(
    "/officers/{officer_id}/account",
    response_model=CodeView,
    status_code=201,
    summary="Make a local account, or reset its password",
)
async def issue_code(
    officer_id: OfficerId, body: AccountBody, caller: CurrentCaller, services: CurrentServices
) -> CodeView:
    """By an administrator of their agency. The code sets the password once, within a day; until then an earlier
    password stays good. Each call makes a new code and ends the one before."""
    await services.authority.require_purpose(caller)
    return code_view(await services.identity.accounts.issue_code(officer_id, body.username, caller))


@router.post("/officers/{officer_id}/subjects", status_code=204, summary="Bind a provider's person")
async def bind_subject(
    officer_id: OfficerId, body: SubjectBody, caller: CurrentCaller, services: CurrentServices
) -> None:
    """By an administrator of their agency: the identity provider's subject signs in as this officer from now on."""
    await services.authority.require_purpose(caller)
    await services.identity.provider_sign_ins.bind(officer_id, body.provider, body.subject, caller)
