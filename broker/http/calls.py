"""Reads what every call carries: the token, the purpose, intervals, versions."""

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Header
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from adapters.contract.models import Instant, Interval
from broker.agencies.models import Caller
from broker.errors import Problem
from broker.http.services import CurrentServices


class Body(BaseModel):
    """Base of what clients send: unknown members are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class View(BaseModel):
    """Base of what clients get."""

    model_config = ConfigDict(frozen=True)


def parse_interval(text: str) -> Interval:
    """`start/end`, both with a zone; `Problem` says what is wrong."""
    start, slash, end = text.partition("/")
    if not slash:
        raise Problem("interval_invalid", "an interval is written start/end, as in 2026-06-15T20:00:00Z/…")
    try:
        instants = [datetime.fromisoformat(part) for part in (start, end)]
    except ValueError as error:
        raise Problem(
            "interval_invalid", "an interval's start and end are ISO 8601 instants with Z"
        ) from error
    if any(instant.tzinfo is None for instant in instants):
        raise Problem("interval_invalid", "an interval's start and end need a zone: write them with Z")
    try:
        return Interval(start=instants[0], end=instants[1])
    except (ValidationError, OverflowError) as error:
        raise Problem("interval_invalid", "an interval must end after it starts") from error


def _check_interval(text: str) -> str:
    try:
        parse_interval(text)
    except Problem as problem:
        raise ValueError(problem.detail) from problem
    return text


IntervalText = Annotated[
    str,
    AfterValidator(_check_interval),
    Field(description="start/end, half-open", examples=["2026-06-15T20:00:00Z/2026-06-15T20:05:00Z"]),
]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
InstantView = Instant


def _header_text(value: str) -> str:
    """A header's text as its sender wrote it: header bytes arrive read as Latin-1, and most clients send UTF-8."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value


async def current_caller(
    services: CurrentServices,
    authorization: Annotated[str | None, Header(description="Bearer token")] = None,
    entrevue_purpose: Annotated[str | None, Header(max_length=64)] = None,
    entrevue_case: Annotated[str | None, Header(max_length=200)] = None,
) -> Caller:
    """The officer behind the bearer token, with the call's purpose or the session's own."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Problem("token_missing", "send the header Authorization: Bearer, with your token")
    case_ref = None if entrevue_case is None else _header_text(entrevue_case)
    return await services.authority.authenticate(token.strip(), entrevue_purpose, case_ref)


CurrentCaller = Annotated[Caller, Depends(current_caller)]


async def if_match(
    header: Annotated[str | None, Header(alias="If-Match", max_length=200)] = None,
) -> str | None:
    """The version that the client read, from `If-Match`; whether it is the current one is for who decides."""
    if header is None or header.strip() == "*":
        return None
    return header.strip().removeprefix("W/").strip('"')


IfMatch = Annotated[str | None, Depends(if_match)]
IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=255)]
