"""Tokens, designations, accounts and sessions as they leave over HTTP."""

from pydantic import ConfigDict, Field

from broker.agencies.models import KeptDesignation, TokenFacts
from broker.http.calls import InstantView, View
from broker.identity import examples
from broker.identity.models import IssuedCode


class TokenView(View):
    """`scopes` null is all that the officer's roles allow; `used_at` is true to the minute."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.TOKEN]})

    id: str
    name: str | None
    scopes: list[str] | None
    created_at: InstantView
    expires_at: InstantView | None
    used_at: InstantView | None


class MadeTokenView(TokenView):
    """`token` is shown this once: null where the same call with its key made it before."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.MADE_TOKEN]})

    token: str | None


class TokenList(View):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.TOKENS]})

    tokens: list[TokenView]


class DesignationView(View):
    """`designated_by` and `ended_by` are officers, `host`, or an identity provider."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [examples.DESIGNATION]}, populate_by_name=True, frozen=True
    )

    id: str
    designated_by: str
    valid_from: InstantView = Field(serialization_alias="from", validation_alias="from")
    valid_until: InstantView | None = Field(serialization_alias="until", validation_alias="until")
    ended_by: str | None


class DesignationList(View):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.DESIGNATIONS]})

    designations: list[DesignationView]


class CodeView(View):
    """`code` is shown this once: it sets the password at `/auth/password`."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.CODE]})

    officer_id: str
    username: str
    code: str
    expires_at: InstantView


class SessionView(View):
    """`csrf` goes with every call of the session that changes something, as the header `Entrevue-CSRF`."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.SESSION]})

    officer_id: str
    agency: str
    name: str
    roles: list[str]
    designated: bool
    purpose: str | None
    case_ref: str | None
    expires_at: InstantView | None
    csrf: str


def token_view(facts: TokenFacts) -> TokenView:
    return TokenView(
        id=facts.id,
        name=facts.name,
        scopes=None if facts.scopes is None else sorted(scope.value for scope in facts.scopes),
        created_at=facts.created_at,
        expires_at=facts.expires_at,
        used_at=facts.used_at,
    )


def made_token_view(facts: TokenFacts, secret: str | None) -> MadeTokenView:
    return MadeTokenView(**token_view(facts).model_dump(), token=secret)


def designation_view(kept: KeptDesignation) -> DesignationView:
    return DesignationView(
        id=kept.id,
        designated_by=kept.designated_by,
        valid_from=kept.valid_from,
        valid_until=kept.valid_until,
        ended_by=kept.ended_by,
    )


def code_view(issued: IssuedCode) -> CodeView:
    return CodeView(
        officer_id=issued.officer_id,
        username=issued.username,
        code=issued.code,
        expires_at=issued.expires_at,
    )
