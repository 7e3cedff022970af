"""The guarded HTTP client of adapters. Owns that a call stays on the configured host, ends in time, is bounded in
size, and fails in the words of the contract.

Refused: redirects and addresses that lead elsewhere, certificates that are not trusted, compressed answers (their
size is not known before they are unpacked), proxies and password files of the surroundings.
"""

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final
from urllib.parse import quote

import httpx
import msgspec

from adapters.contract.errors import Malformed, Misconfigured, NotFound, TimedOut, TooLarge
from adapters.contract.protocol import AdapterContext
from adapters.transport.answers import Answer
from adapters.transport.authentication import ChallengedAuth
from adapters.transport.config import HttpOptions
from adapters.transport.resuming import Position
from adapters.transport.translation import TRANSLATED, refusal, translate

ANSWER_BYTES: Final = 16 * 1024 * 1024
MOST_REDIRECTS: Final = 5
DEFAULT_PORTS: Final = {"http": 80, "https": 443}

Params = Mapping[str, str | int | float]


def path_segment(text: str) -> str:
    """The text as one segment of a path; `NotFound` for what would lead out of it."""
    if text in {"", ".", ".."}:
        raise NotFound(f"nothing can be called {text!r} there")
    return quote(text, safe="")


class GuardedClient:
    """Calls to one recorder. Paths start with `/` and continue the configured address; where an answer names a
    whole address it is taken too, if it is on the same scheme, host and port."""

    def __init__(self, options: HttpOptions, context: AdapterContext) -> None:
        self._base = httpx.URL(options.url)
        self._origin = _origin(self._base)
        self._options = options
        self._now = context.now
        credentials = options.credentials(context.base_dir)
        encrypted = self._base.scheme == "https"
        self._auth = ChallengedAuth(credentials, options.auth, encrypted) if credentials else httpx.Auth()
        self._signed_in = credentials is not None
        most = options.max_concurrent_calls
        self._transport = httpx.AsyncHTTPTransport(
            verify=_tls(options, context) if encrypted else False,
            trust_env=False,
            limits=httpx.Limits(
                max_connections=2 * most, max_keepalive_connections=most, keepalive_expiry=15
            ),
        )
        self._calls = asyncio.Semaphore(most)
        self._downloads = asyncio.Semaphore(most)

    def __repr__(self) -> str:
        return f"GuardedClient({self._options.url!r})"

    async def aclose(self) -> None:
        """Closes every connection."""
        await self._transport.aclose()

    def locate(self, address: str) -> str:
        """A path or address as one that may be called; `Malformed` where it leads elsewhere."""
        return str(self._target(address))

    async def get(self, path: str, **more: Any) -> Answer:
        """As `call`."""
        return await self.call("GET", path, **more)

    async def post(self, path: str, **more: Any) -> Answer:
        """As `call`."""
        return await self.call("POST", path, **more)

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        content: bytes | None = None,
        max_bytes: int = ANSWER_BYTES,
        also_statuses: frozenset[int] = frozenset(),
        within_s: float | None = None,
    ) -> Answer:
        """The whole answer. Its body is one of `json`, `form` and `content`; other statuses than 2xx raise unless
        they are among `also_statuses`; `within_s`, else the option `call_timeout_s`, bounds all of it from the moment
        that one of `max_concurrent_calls` is free."""
        target = self._target(path)
        name = self._name(method, target)
        sent = dict(headers or {})
        if json is not None:
            content, sent["Content-Type"] = msgspec.json.encode(json), "application/json"
        request = self._request(method, target, params, sent, form, content)
        limit_s = within_s or self._options.call_timeout_s
        async with self._calls:
            try:
                async with asyncio.timeout(limit_s), self._answered(request, name, also_statuses) as response:
                    body = await _whole(response, max_bytes, name)
            except TRANSLATED as error:
                raise translate(error, name) from error
            except TimeoutError as error:
                raise TimedOut(f"{name}: no complete answer within {limit_s:g} s") from error
        return Answer(name, response.status_code, dict(response.headers.items()), body)

    async def download(
        self,
        path: str,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        max_bytes: int | None = None,
        media_types: tuple[str, ...] = (),
    ) -> AsyncGenerator[bytes, None]:
        """The body as it comes, for what is too large to hold. Where the connection breaks off it goes on by a
        Range, if the recorder lets it and the content is still the same. Close it by `aclosing`."""
        target = self._target(path)
        name = self._name("GET", target)
        position = Position(name, max_bytes)
        deadline = asyncio.get_running_loop().time() + self._options.download_timeout_s
        async with self._downloads:
            while True:
                asked = {**(headers or {}), **position.conditions()}
                request = self._request("GET", target, params, asked, None, None)
                try:
                    async with aclosing(self._piece(request, name, position, media_types)) as chunks:
                        while True:
                            async with asyncio.timeout_at(deadline):
                                chunk = await anext(chunks, None)
                            if chunk is None:
                                return
                            yield chunk
                except TRANSLATED as error:
                    failure = translate(error, name)
                    if not position.may_go_on():
                        raise failure from error
                except TimeoutError as error:
                    limit_s = self._options.download_timeout_s
                    raise TimedOut(f"{name}: not complete within {limit_s:g} s") from error

    async def _piece(
        self, request: httpx.Request, name: str, position: Position, media_types: tuple[str, ...]
    ) -> AsyncGenerator[bytes, None]:
        """One answer's share of a download."""
        async with self._answered(request, name, frozenset()) as response:
            if media_types:
                Answer(name, response.status_code, dict(response.headers.items()), b"").content(*media_types)
            position.begin(response.status_code, response.headers)
            async for chunk in response.aiter_raw():
                position.advance(len(chunk))
                yield chunk

    @asynccontextmanager
    async def _answered(
        self, request: httpx.Request, name: str, also_statuses: frozenset[int]
    ) -> AsyncIterator[httpx.Response]:
        """The answer after sign-in and redirects, its body unread, closed at the end."""
        for _ in range(MOST_REDIRECTS + 1):
            response = await self._signed(request)
            try:
                if response.has_redirect_location and response.status_code not in also_statuses:
                    request = self._redirected(request, response, name)
                    continue
                status = response.status_code
                if status not in also_statuses and (
                    error := refusal(status, response.headers, name, self._now(), self._signed_in)
                ):
                    raise error
                if response.headers.get("content-encoding", "identity").lower() != "identity":
                    raise Malformed(f"{name} answered compressed content, which was not asked for")
                yield response
                return
            finally:
                await response.aclose()
        raise Malformed(f"{name} is redirected more than {MOST_REDIRECTS} times")

    async def _signed(self, request: httpx.Request) -> httpx.Response:
        flow = self._auth.auth_flow(request)
        sent = next(flow)
        while True:
            response = await self._transport.handle_async_request(sent)
            response.request = sent
            try:
                sent = flow.send(response)
            except StopIteration:
                return response
            except BaseException:
                await response.aclose()
                raise
            await response.aclose()

    def _redirected(self, request: httpx.Request, response: httpx.Response, name: str) -> httpx.Request:
        if request.method not in {"GET", "HEAD"}:
            raise Misconfigured(f"{name} is redirected, which only reading may be; is url right?")
        try:
            target = request.url.join(response.headers["location"])
        except httpx.InvalidURL as error:
            raise Malformed(f"{name} is redirected to what is no address") from error
        if _origin(target) != self._origin:
            raise Misconfigured(
                f"{name} is redirected to {_shown(target)}, which is refused; if that is right, set url to it"
            )
        kept = {key: value for key, value in request.headers.items() if key not in {"host", "authorization"}}
        return self._request(request.method, target.copy_with(username=None, password=None), None, kept)

    def _request(
        self,
        method: str,
        target: httpx.URL,
        params: Params | None,
        headers: Mapping[str, str],
        form: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Request:
        options = self._options
        return httpx.Request(
            method,
            target.copy_merge_params(params) if params else target,
            headers={"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "entrevue", **headers},
            data=form,
            content=content,
            extensions={
                "timeout": {
                    "connect": options.connect_timeout_s,
                    "read": options.read_timeout_s,
                    "write": options.read_timeout_s,
                    "pool": options.call_timeout_s,
                }
            },
        )

    def _target(self, address: str) -> httpx.URL:
        try:
            if address.startswith("/") and not address.startswith("//"):
                return httpx.URL(self._options.url + address)
            target = self._base.join(address)
        except httpx.InvalidURL as error:
            raise Malformed(f"the recorder at {_shown(self._base)} names what is no address") from error
        if _origin(target) != self._origin:
            raise Malformed(
                f"the recorder at {_shown(self._base)} names an address at {_shown(target)}, which is refused"
            )
        return target.copy_with(username=None, password=None)

    def _name(self, method: str, target: httpx.URL) -> str:
        return f"{method} {target.path} at {_shown(self._base)}"


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or DEFAULT_PORTS.get(url.scheme)


def _shown(url: httpx.URL) -> str:
    """Scheme, host and port: nothing that could be a secret."""
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def _tls(options: HttpOptions, context: AdapterContext) -> ssl.SSLContext:
    if options.ca_file is None:
        return ssl.create_default_context()
    file = context.base_dir / options.ca_file
    try:
        return ssl.create_default_context(cafile=str(file))
    except OSError as error:  # ssl.SSLError is one
        raise Misconfigured(
            f"ca_file {file} holds no certificates that can be read: {error.strerror}"
        ) from error


async def _whole(response: httpx.Response, max_bytes: int, name: str) -> bytes:
    stated = response.headers.get("content-length", "")
    if stated.isascii() and stated.isdigit() and int(stated[:19]) > max_bytes:
        raise TooLarge(f"{name} answers {int(stated[:19])} bytes; at most {max_bytes} are taken")
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > max_bytes:
            raise TooLarge(f"{name} answers more than the {max_bytes} bytes that are taken")
    return bytes(body)
