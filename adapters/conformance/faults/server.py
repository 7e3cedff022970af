"""The faulty server: forwards to the recorder behind it, and spoils what comes back as it is told.

Before a recorder of any kind, so that one mechanism shows every adapter the same faults. It counts connections, so
that a check can see them closed, and remembers what was asked.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final, cast

import httpx

from adapters.conformance.faults.certificate import self_signed
from adapters.conformance.faults.elsewhere import Elsewhere, elsewhere_server
from adapters.conformance.faults.models import (
    GARBAGE,
    OVERSIZED_BYTES,
    RETRY_AFTER_S,
    STATUSES,
    Exchange,
    Fault,
    Request,
)
from adapters.conformance.faults.wire import read_request, write_answer, write_endless

ADDRESSES: Final = re.compile(rb"\b(https?|rtsps?)://127\.0\.0\.1:\d+")
DRIP_S: Final = 0.02
PATIENCE_S: Final = 10.0
HOP_BY_HOP: Final = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding"})
REWRITTEN_UP_TO: Final = 4 * 1024 * 1024
"""Longer bodies are media; addresses stand in short ones."""


class FaultyServer:
    """One address before one recorder. Made by `faulty_server`."""

    def __init__(self, upstream: str, elsewhere: Elsewhere, tls: ssl.SSLContext | None) -> None:
        self.asked: list[Exchange] = []
        self.addresses_replaced = 0
        self.open_connections = 0
        self.answering = 0
        self._upstream = upstream
        self.elsewhere = elsewhere
        self._tls = tls
        self._fault = Fault.NONE
        self._port = 0
        self._listening: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Condition()
        self._requests = 0
        self._transport = httpx.AsyncHTTPTransport(
            trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)
        )

    @property
    def address(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"

    async def use(self, fault: Fault) -> None:
        """From now on, also for connections that are open."""
        self._fault = fault
        if fault is Fault.OUTAGE:
            await self._stop()
        elif self._listening is None:
            await self.start()

    async def start(self) -> None:
        self._listening = await asyncio.start_server(self._connected, "127.0.0.1", self._port, ssl=self._tls)
        self._port = self._listening.sockets[0].getsockname()[1]

    async def aclose(self) -> None:
        await self._stop()
        await self._transport.aclose()

    @property
    def requests(self) -> int:
        """How many have come in."""
        return self._requests

    async def until_asked(self, requests: int = 1) -> None:
        """Until so many requests have come in; TimeoutError where they do not."""
        await self._until(lambda: self._requests >= requests)

    async def until_idle(self) -> None:
        """Until no request is being answered, because it is done or its client has gone; TimeoutError otherwise."""
        await self._until(lambda: self.answering == 0)

    async def until_unconnected(self) -> None:
        """Until no connection is open; TimeoutError where one stays."""
        await self._until(lambda: self.open_connections == 0)

    async def _until(self, so: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(so)

    async def _note(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _stop(self) -> None:
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        ending = list(self._connections)
        for connection in ending:
            connection.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = cast(
            "asyncio.Task[None]", asyncio.current_task()
        )  # asyncio runs this in a task of its own
        self._connections.add(connection)
        self.open_connections += 1
        await self._note()
        try:
            ahead = b""
            while (request := await read_request(reader, ahead)) is not None:
                self._requests += 1
                await self._note()
                self.answering += 1
                try:
                    goes_on, ahead = await _unless_gone(self._answer(request, writer), reader)
                finally:
                    self.answering -= 1
                    await self._note()
                if not goes_on:
                    break
        except ConnectionError:
            pass
        except asyncio.CancelledError:
            writer.transport.abort()  # a client that does not let go would hold up the end of TLS
        finally:
            writer.close()
            with suppress(ConnectionError, ssl.SSLError, asyncio.CancelledError):
                await writer.wait_closed()
            self._connections.discard(connection)
            self.open_connections -= 1
            await self._note()

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection may serve another request."""
        fault = self._fault
        if fault is Fault.SILENCE:
            await asyncio.Event().wait()
        if fault in STATUSES or fault is Fault.REDIRECT_ELSEWHERE:
            status = STATUSES.get(fault, 302)
            self.asked.append(Exchange(request, status))
            await write_answer(writer, status, self._headers_of(fault, request), b"")
            return True
        status, headers, body = await self._forward(request)
        self.asked.append(Exchange(request, status))
        if not 200 <= status < 300:
            fault = Fault.NONE
        await self._write(fault, writer, status, headers, body)
        return fault not in {Fault.BREAK_OFF, Fault.STALL}

    async def _write(
        self,
        fault: Fault,
        writer: asyncio.StreamWriter,
        status: int,
        headers: list[tuple[str, str]],
        body: bytes,
    ) -> None:
        match fault:
            case Fault.OVERSIZED:
                await write_endless(writer, status, headers, _blanks(OVERSIZED_BYTES))
            case Fault.DRIP:
                await write_endless(writer, status, headers, _drops())
            case Fault.MALFORMED:
                await write_answer(writer, status, headers, GARBAGE)
            case Fault.BREAK_OFF:
                await write_answer(writer, status, headers, body, send=len(body) // 2)
            case Fault.STALL:
                await write_answer(writer, status, headers, body, send=len(body) // 2)
                await asyncio.Event().wait()
            case _:
                await write_answer(writer, status, headers, body)

    def _headers_of(self, fault: Fault, request: Request) -> list[tuple[str, str]]:
        if fault is Fault.THROTTLED:
            return [("Retry-After", str(RETRY_AFTER_S))]
        if fault is Fault.REDIRECT_ELSEWHERE:
            return [("Location", self.elsewhere.address + request.target)]
        return []

    async def _forward(self, request: Request) -> tuple[int, list[tuple[str, str]], bytes]:
        """The recorder's own answer. Addresses of its own in it become this server's, or lead elsewhere."""
        sent = [(key, value) for key, value in request.headers if key not in HOP_BY_HOP]
        asked = httpx.Request(
            request.method,
            self._upstream + request.target,
            headers=[*sent, ("connection", "close")],
            content=request.body or None,
            extensions={"timeout": {"connect": 5.0, "read": 60.0, "write": 5.0, "pool": 5.0}},
        )
        try:
            response = await self._transport.handle_async_request(asked)
        except httpx.TransportError:
            return 502, [], b""
        try:
            body = b"".join([chunk async for chunk in response.aiter_raw()])
        finally:
            await response.aclose()
        told = [(key, value) for key, value in response.headers.multi_items() if key not in HOP_BY_HOP]
        return response.status_code, told, self._readdressed(body)

    def _readdressed(self, body: bytes) -> bytes:
        if len(body) > REWRITTEN_UP_TO or b"\0" in body:
            return body
        if self._fault is Fault.ADDRESSES_ELSEWHERE:
            to = self.elsewhere.address.partition("://")[2].encode()
            body, replaced = ADDRESSES.subn(rb"\1://" + to, body)
            self.addresses_replaced += replaced
            return body
        body = body.replace(self._upstream.encode(), self.address.encode())
        # a recorder behind TLS knows nothing of it and writes addresses without
        return body.replace(b"http://127.0.0.1:%d" % self._port, self.address.encode())


async def _unless_gone(answering: Awaitable[bool], reader: asyncio.StreamReader) -> tuple[bool, bytes]:
    """Does the work, and stops when the client hangs up. Whether the connection goes on, and the first byte of the
    next request where it came already."""
    work, coming = asyncio.ensure_future(answering), asyncio.ensure_future(reader.read(1))
    try:
        await asyncio.wait((work, coming), return_when=asyncio.FIRST_COMPLETED)
        if not work.done() and coming.result():
            await asyncio.wait((work,))  # it asks on before it is answered
    finally:
        for task in (work, coming):
            task.cancel()
        await asyncio.wait((work, coming))
    if work.cancelled():
        return False, b""
    ahead = None if coming.cancelled() else coming.result()
    return work.result() and ahead != b"", ahead or b""


async def _blanks(total: int) -> AsyncIterator[bytes]:
    """White space, which every text format allows: nothing but its size is wrong."""
    block = b" " * 65_536
    for _ in range(total // len(block)):
        yield block


async def _drops() -> AsyncIterator[bytes]:
    while True:
        yield b" "
        await asyncio.sleep(DRIP_S)


@asynccontextmanager
async def faulty_server(upstream: str) -> AsyncIterator[FaultyServer]:
    """A server before the recorder at `upstream` (`http://127.0.0.1:port`, without a path)."""
    async with elsewhere_server() as elsewhere:
        server = FaultyServer(upstream, elsewhere, None)
        await server.start()
        try:
            yield server
        finally:
            await server.aclose()


@asynccontextmanager
async def tls_server(upstream: str, folder: Path) -> AsyncIterator[tuple[FaultyServer, Path]]:
    """The same over TLS, with a certificate that nobody trusts but who is given the file beside it."""
    context, trusted = self_signed(folder)
    async with elsewhere_server() as elsewhere:
        server = FaultyServer(upstream, elsewhere, context)
        await server.start()
        try:
            yield server, trusted
        finally:
            await server.aclose()
