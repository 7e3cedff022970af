"""Answers a recorder's challenge by digest or basic credentials. Never sends a password before it is asked for,
and never in the clear unless the owner said so."""

from collections.abc import Generator
from typing import Literal

import httpx

from adapters.contract.errors import Malformed, Misconfigured
from adapters.transport.credentials import Credentials

AuthScheme = Literal["auto", "digest", "basic"]


class ChallengedAuth(httpx.Auth):
    """Digest where it is offered and allowed, else basic where that is allowed. Remembers what was asked, so that
    later calls need one round trip."""

    def __init__(self, credentials: Credentials, scheme: AuthScheme, encrypted: bool) -> None:
        self._digest = httpx.DigestAuth(credentials.username, credentials.password)
        self._basic = httpx.BasicAuth(credentials.username, credentials.password)
        self._username_fits_basic = ":" not in credentials.username
        self._scheme = scheme
        self._encrypted = encrypted
        self._answer: httpx.Auth | None = None

    def __repr__(self) -> str:
        return f"ChallengedAuth({self._scheme})"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        try:
            yield from self._flow(request)
        except (httpx.ProtocolError, KeyError, NotImplementedError, ValueError) as error:
            raise Malformed("the recorder's challenge for a password cannot be answered") from error

    def _flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if self._answer is not None:
            yield from self._answer.auth_flow(request)
            return
        response = yield request
        if response.status_code != 401:
            return
        self._answer = self._choose(response.headers.get_list("www-authenticate"))
        if self._answer is None:
            return
        flow = self._answer.auth_flow(request)
        request = next(flow)
        if self._answer is self._digest:
            request = flow.send(response)
        yield request

    def _choose(self, challenges: list[str]) -> httpx.Auth | None:
        offered = {challenge.partition(" ")[0].casefold() for challenge in challenges}
        if "digest" in offered and self._scheme != "basic":
            return self._digest
        if "basic" not in offered or self._scheme == "digest":
            return None
        if self._scheme == "auto" and not self._encrypted:
            raise Misconfigured(
                "the recorder asks for the password in the clear: use https, or allow it by auth = 'basic'"
            )
        if not self._username_fits_basic:
            raise Misconfigured("username holds a colon, which basic authentication cannot carry")
        return self._basic
