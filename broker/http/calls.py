"""Reads what every call carries: the token or the session's cookie, the purpose, intervals, versions."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Final, NamedTuple, TypeVar

from fastapi import Depends, Header, Request, Security
from fastapi.exceptions import RequestValidationError
from fastapi.security import APIKeyCookie, HTTPBearer
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)
from starlette.datastructures import Headers

from adapters.contract.models import Instant, Interval
from broker.agencies.models import Caller, RecalledCaller
from broker.errors import Problem
from broker.http.browser import CSRF_HEADER, SAFE, SESSION_COOKIE, check_csrf, session_secret
from broker.http.services import CurrentServices, Services
from broker.identifiers import SESSION_PREFIX


class Body(BaseModel):
    """Base of what clients send: unknown members are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class View(BaseModel):
    """Base of what clients get."""

    model_config = ConfigDict(frozen=True)


OPEN_END: Final = ".."


def parse_interval(text: str) -> Interval:
    """`start/end`, both with a zone; `Problem` says what is wrong."""
    start, end = parse_reach(text)
    if end is None:
        raise Problem("interval_invalid", "this interval needs an end: write it in place of ..")
    return Interval(start=start, end=end)


def parse_reach(text: str) -> tuple[datetime, datetime | None]:
    """The start and the end of `start/end`, or of `start/..`, which is open; `Problem` says what is wrong."""
    start, slash, end = text.partition("/")
    if not slash:
        raise Problem("interval_invalid", "an interval is written start/end, as in 2026-06-15T20:00:00Z/…")
    try:
        instants = [datetime.fromisoformat(part) for part in (start, end) if part != OPEN_END]
    except ValueError as error:
        raise Problem(
            "interval_invalid", "an interval's start and end are ISO 8601 instants with Z"
        ) from error
    if start == OPEN_END or any(instant.tzinfo is None for instant in instants):
        raise Problem("interval_invalid", "an interval's start and end need a zone: write them with Z")
    try:
        if end == OPEN_END:
            return instants[0].astimezone(UTC), None
        closed = Interval(start=instants[0], end=instants[1])
    except (ValidationError, OverflowError) as error:
        raise Problem("interval_invalid", "an interval must end after it starts") from error
    return closed.start, closed.end


def _check_interval(text: str) -> str:
    try:
        parse_interval(text)
    except Problem as problem:
        raise ValueError(problem.detail) from problem
    return text


def _check_reach(text: str) -> str:
    try:
        parse_reach(text)
    except Problem as problem:
        raise ValueError(problem.detail) from problem
    return text


OpenIntervalText = Annotated[
    str,
    AfterValidator(_check_reach),
    Field(
        description="start/end, half-open, or start/.. until somebody ends it",
        examples=["2026-06-15T20:00:00Z/2026-06-15T20:05:00Z", "2026-06-15T20:00:00Z/.."],
    ),
]
IntervalText = Annotated[
    str,
    AfterValidator(_check_interval),
    Field(description="start/end, half-open", examples=["2026-06-15T20:00:00Z/2026-06-15T20:05:00Z"]),
]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
InstantView = Annotated[Instant, WithJsonSchema({"type": "string", "format": "date-time"})]


BEARER: Final = HTTPBearer(
    scheme_name="officer",
    description="The officer's token, as `entrevue officer add` and `POST /v1/officers` show it once.",
    auto_error=False,
)
SESSION: Final = APIKeyCookie(
    name=SESSION_COOKIE,
    scheme_name="session",
    description=f"A browser's session. What changes something carries `{CSRF_HEADER}` of `GET /auth/session` too.",
    auto_error=False,
)
"""Both schemes are for the description: `_presented` reads what a call shows."""

Found = TypeVar("Found", Caller, Caller | RecalledCaller)


def _header_text(value: str | None) -> str | None:
    """A header's text as its sender wrote it: header bytes arrive read as Latin-1, and most clients send UTF-8."""
    if value is None:
        return None
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value


PurposeHeader = Annotated[
    str | None,
    BeforeValidator(_header_text),
    Header(
        max_length=64,
        description="What the call is for, one of the configured purposes; else the session's own counts",
        examples=["judicial_inquiry"],
    ),
]
CaseHeader = Annotated[
    str | None,
    BeforeValidator(_header_text),
    Header(max_length=200, description="Reference of the case, in UTF-8", examples=["PV-2026-118"]),
]


class _Presented(NamedTuple):
    """What a call shows of who makes it."""

    secret: str
    by_cookie: bool


def _presented(headers: Headers) -> _Presented:
    """The bearer token where the call names any authorization, whatever cookie comes with it; else the session's."""
    named = headers.getlist("authorization")
    if len(named) > 1:
        raise Problem("token_invalid", "the call names two authorizations: send one")
    stated = named[0] if named else None
    if stated is None:
        secret = session_secret(headers)
        if secret is not None:
            return _Presented(secret, by_cookie=True)
    scheme, _, token = (stated or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Problem("token_missing", "send the header Authorization: Bearer, with your token")
    if token.strip().startswith(SESSION_PREFIX):
        raise Problem("token_invalid", "a session's secret is no token: it comes as a cookie, from a browser")
    return _Presented(token.strip(), by_cookie=False)


async def _admitted(
    services: Services, method: str, headers: Headers, presented: _Presented, found: Found
) -> Found:
    """Counts the call, and refuses one that another site's page makes with the browser's cookie."""
    caller = found.caller if isinstance(found, RecalledCaller) else found
    await services.quotas.take(caller.officer.id, caller.officer.agency)
    if presented.by_cookie and method not in SAFE:
        try:
            check_csrf(
                headers, services.settings.broker.public_url, presented.secret, headers.get(CSRF_HEADER)
            )
        except Problem:
            await services.authority.deny(caller, "call_across_sites")
            raise
    return found


async def current_caller(
    request: Request,
    services: CurrentServices,
    _bearer: Annotated[object, Security(BEARER)],
    _session: Annotated[object, Security(SESSION)],
    entrevue_purpose: PurposeHeader = None,
    entrevue_case: CaseHeader = None,
) -> Caller:
    """The officer behind the token or the session, with the call's purpose or the session's own."""
    presented = _presented(request.headers)
    found = await services.authority.authenticate(presented.secret, entrevue_purpose, entrevue_case)
    return await _admitted(services, request.method, request.headers, presented, found)


async def recalled_caller(
    request: Request,
    services: CurrentServices,
    _bearer: Annotated[object, Security(BEARER)],
    _session: Annotated[object, Security(SESSION)],
    entrevue_purpose: PurposeHeader = None,
    entrevue_case: CaseHeader = None,
) -> Caller | RecalledCaller:
    """The same without asking the ledger where this process knows them, for an answer that is logged."""
    presented = _presented(request.headers)
    found = await services.authority.recall(presented.secret, entrevue_purpose, entrevue_case)
    return await _admitted(services, request.method, request.headers, presented, found)


_PURPOSE: Final[TypeAdapter[str | None]] = TypeAdapter(PurposeHeader)
_CASE: Final[TypeAdapter[str | None]] = TypeAdapter(CaseHeader)


async def recall_by_headers(services: Services, method: str, headers: Headers) -> Caller | RecalledCaller:
    """`recalled_caller` where FastAPI does not read the headers."""
    wrong: list[Any] = []
    purpose = _header(_PURPOSE, headers, "entrevue-purpose", wrong)
    case_ref = _header(_CASE, headers, "entrevue-case", wrong)
    if wrong:
        raise RequestValidationError(wrong)
    presented = _presented(headers)
    found = await services.authority.recall(presented.secret, purpose, case_ref)
    return await _admitted(services, method, headers, presented, found)


def _header(adapter: TypeAdapter[str | None], headers: Headers, name: str, wrong: list[Any]) -> str | None:
    """What the header says; what is wrong with it is added to `wrong`."""
    text = headers.get(name)
    if text is None:
        return None
    try:
        return adapter.validate_python(text)
    except ValidationError as error:
        wrong += ({**one, "loc": ("header", name)} for one in error.errors(include_url=False))
        return None


class Confirmed(NamedTuple):
    """The officer behind a call that lasts, and a way to ask for them again."""

    caller: Caller
    again: Callable[[], Awaitable[Caller]]


async def confirmed_caller(
    request: Request, services: CurrentServices, caller: Annotated[Caller, Depends(current_caller)]
) -> Confirmed:
    secret = _presented(request.headers).secret

    async def again() -> Caller:
        return await services.authority.authenticate(secret, caller.purpose, caller.case_ref)

    return Confirmed(caller, again)


CurrentCaller = Annotated[Caller, Depends(current_caller)]
ConfirmedCaller = Annotated[Confirmed, Depends(confirmed_caller)]
RecallableCaller = Annotated[Caller | RecalledCaller, Depends(recalled_caller)]


async def if_match(
    header: Annotated[
        str | None,
        Header(
            alias="If-Match",
            max_length=200,
            description="The ETag that the decision is about: refused with 412 where another one is current",
            examples=['"6f1d0a92c3b84e57"'],
        ),
    ] = None,
) -> str | None:
    """The version that the client read, from `If-Match`; whether it is the current one is for who decides."""
    if header is None or header.strip() == "*":
        return None
    return header.strip().removeprefix("W/").strip('"')


IfMatch = Annotated[str | None, Depends(if_match)]
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        description="The same key and body again change nothing and answer the same",
        examples=["7d0c6a4e-5b1f-4a0e-9a55-2f3f1d0f6c21"],
    ),
]
ETAG_HEADER: Final[dict[str, Any]] = {
    "ETag": {
        "description": "What If-Match takes",
        "schema": {"type": "string", "examples": ['"6f1d0a92c3b84e57"']},
    }
}
WITH_ETAG: Final[dict[int | str, dict[str, Any]]] = {200: {"headers": ETAG_HEADER}}
