"""The faulty server of HTTP: forwards to the recorder behind it, and spoils what comes back as it is told."""

import asyncio
import re
import ssl
from typing import Final

import httpx

from adapters.conformance.faults.elsewhere import Elsewhere
from adapters.conformance.faults.listener import FaultyServer, blanks, drops
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
HOP_BY_HOP: Final = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding"})
REWRITTEN_UP_TO: Final = 4 * 1024 * 1024
"""Longer bodies are media; addresses stand in short ones."""


class FaultyHttpServer(FaultyServer):
    """Answers request after request on a connection, as long as its client likes."""

    schemes = ("http", "https")

    def __init__(self, upstream: str, elsewhere: Elsewhere, tls: ssl.SSLContext | None) -> None:
        super().__init__(upstream, elsewhere, tls)
        self._transport = httpx.AsyncHTTPTransport(
            trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)
        )

    async def aclose(self) -> None:
        await super().aclose()
        await self._transport.aclose()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ahead = b""
        while (request := await read_request(reader, ahead)) is not None:
            await self._come_in()
            goes_on, ahead = await self._answered(self._answer(request, writer), reader)
            if not goes_on:
                break

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
                await write_endless(writer, status, headers, blanks(OVERSIZED_BYTES))
            case Fault.DRIP:
                await write_endless(writer, status, headers, drops())
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
