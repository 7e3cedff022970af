"""Talks to a broker over HTTP for the client commands. Every refusal is a `Failure` with the problem's words."""

import unicodedata
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar
from urllib.parse import urlsplit

import httpx
from pydantic import ValidationError

from broker.cli.answers import Answer, RefusedCall
from broker.cli.failures import UNREACHABLE, USAGE, Failure
from broker.cli.options import ClientOptions
from broker.cli.output import waiting

SHOWN_AFTER_S: Final = 2.0
TIMEOUT_S: Final = 60.0
CONNECT_TIMEOUT_S: Final = 10.0
CONTROL: Final = frozenset({"Cc", "Zl", "Zp"})
"""Unicode's categories of control characters and line breaks."""

A = TypeVar("A", bound=Answer)


@dataclass(frozen=True)
class Answered(Generic[A]):
    """An answer: `body` is the API's own JSON, `read` what the command reads of it."""

    body: Any
    read: A


class BrokerClient:
    """One command's calls."""

    def __init__(self, options: ClientOptions) -> None:
        self._server = options.server
        self._http = http_client(options)

    def call(
        self,
        method: str,
        path: str,
        reading: type[A],
        *,
        query: dict[str, Any] | None = None,
        body: dict[str, Any] | None = None,
        tells: bool = True,
    ) -> Answered[A]:
        """The answer. Where it `tells` and the broker takes long, a terminal shows what is waited for."""
        telling = waiting(f"waiting for {self._server}", SHOWN_AFTER_S) if tells else nullcontext()
        try:
            with telling:
                answer = self._http.request(method, path, params=query, json=body)
        except httpx.HTTPError as error:
            raise Failure(f"{self._server} could not be reached: {reason(error)}", UNREACHABLE) from error
        if not answer.is_success:
            raise refusal(answer)
        try:
            found = answer.json()
            return Answered(found, reading.model_validate(found))
        except (ValueError, ValidationError) as error:
            raise Failure(
                f"{self._server} answered something else than a broker does: is the address right?",
                UNREACHABLE,
            ) from error

    def stream(self, path: str, headers: dict[str, str]) -> AbstractContextManager[httpx.Response]:
        """The answer while it arrives, for downloads; raises httpx's own errors."""
        return self._http.stream("GET", path, headers=headers)


def http_client(options: ClientOptions) -> httpx.Client:
    """Calls the server as whom and why the options say; `Failure` where they cannot be sent."""
    server = _checked(options.server)
    if not options.token:
        raise Failure("no token: set ENTREVUE_TOKEN or give --token-file", USAGE)
    headers = [(b"Authorization", _header("the token", f"Bearer {options.token}"))]
    if options.purpose:
        headers.append((b"Entrevue-Purpose", _header("the purpose", options.purpose)))
    if options.case_ref:
        headers.append((b"Entrevue-Case", _header("the case", options.case_ref)))
    timeout = httpx.Timeout(TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
    closing = httpx.Limits(max_keepalive_connections=0)  # a command leaves no connection open
    return httpx.Client(base_url=server, headers=headers, timeout=timeout, limits=closing)


def _checked(server: str) -> str:
    """The address, when it is one that can be called."""
    try:
        parts = urlsplit(server)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        httpx.URL(server)
    except (ValueError, httpx.InvalidURL):
        usable = False
    if not usable:
        raise Failure(f"{server!r} is not the address of a broker: write it as http://host:port", USAGE)
    return server


def _header(what: str, value: str) -> bytes:
    """A header's value in UTF-8, as a broker reads it."""
    text = value.strip()
    if any(unicodedata.category(letter) in CONTROL for letter in text):
        raise Failure(f"{what} holds a line break or another control character", USAGE)
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise Failure(f"{what} holds bytes that are no text", USAGE) from error


def reason(error: httpx.HTTPError) -> str:
    """What went wrong, also for errors that carry no text."""
    return str(error) or type(error).__name__


def refusal(answer: httpx.Response) -> Failure:
    """A problem as one line: its code and its detail. What sends no problem is no broker."""
    try:
        problem = RefusedCall.model_validate(answer.json())
    except (ValueError, ValidationError):
        return Failure(
            f"the server answered {answer.status_code} without a problem's code: is this a broker?",
            UNREACHABLE,
        )
    return Failure(f"{problem.code}: {problem.detail}")
