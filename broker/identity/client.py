"""Calls identity providers. Owns that a call goes to https (or this machine), ends in time, is bounded in size and
follows no redirect: what an answer names is where the next call goes, so each address is looked at.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import msgspec

from broker.errors import Problem
from broker.settings.values import is_loopback

ANSWER_BYTES: Final = 1024 * 1024
CALL_S: Final = 10.0
CONNECT_S: Final = 5.0


class ProviderClient:
    """One a process. `transport` is for tests."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._transport = transport
        self._http: httpx.AsyncClient | None = None

    def _opened(self) -> httpx.AsyncClient:
        """At the first call: reading the machine's certificates takes longer than most commands."""
        if self._http is None:
            self._http = httpx.AsyncClient(
                follow_redirects=False,
                trust_env=False,
                timeout=httpx.Timeout(CALL_S, connect=CONNECT_S),
                transport=self._transport,
                headers={"Accept": "application/json", "Accept-Encoding": "identity"},
            )
        return self._http

    async def aclose(self) -> None:
        if self._http is not None:
            await self._http.aclose()

    async def get(self, address: str) -> dict[str, Any]:
        """The JSON object at the address."""
        return await self._call("GET", address, None, None)

    async def post(
        self, address: str, form: Mapping[str, str], credentials: tuple[str, str] | None
    ) -> dict[str, Any]:
        """What the address answers to a form, with a client's credentials where it has some."""
        return await self._call("POST", address, form, credentials)

    async def _call(
        self,
        method: str,
        address: str,
        form: Mapping[str, str] | None,
        credentials: tuple[str, str] | None,
    ) -> dict[str, Any]:
        check_address(address)
        auth = None if credentials is None else httpx.BasicAuth(*credentials)
        http = self._opened()
        request = http.build_request(method, address, data=form)
        try:
            async with asyncio.timeout(CALL_S):
                answer = await http.send(request, stream=True, auth=auth)
                try:
                    body = await _bounded(answer)
                finally:
                    await answer.aclose()
        except (httpx.HTTPError, TimeoutError) as error:
            raise _unavailable("did not answer") from error
        if answer.status_code >= 500:
            raise _unavailable(f"answered {answer.status_code}")
        if answer.status_code != 200:
            raise Problem("sign_in_refused", f"the identity provider answered {answer.status_code}")
        try:
            found = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise _unavailable("answered something else than JSON") from error
        if not isinstance(found, dict):
            raise _unavailable("answered something else than a JSON object")
        return found


async def _bounded(answer: httpx.Response) -> bytes:
    body = bytearray()
    async for part in answer.aiter_bytes():
        body += part
        if len(body) > ANSWER_BYTES:
            raise _unavailable(f"answered more than {ANSWER_BYTES} bytes")
    return bytes(body)


def check_address(address: str) -> None:
    """Passes an address that may be called; nobody's secrets go anywhere unencrypted but to this machine."""
    try:
        parts = urlsplit(address)
        guarded = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))
        usable = bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        guarded = usable = False
    if not (guarded and usable):
        raise _unavailable("names an address that is not https")


def _unavailable(what: str) -> Problem:
    return Problem("provider_unavailable", f"the identity provider {what}: try again", retry_after_s=5)
