"""HTTP/1.1 on a socket, as little as the faulty servers need, and the requests of RTSP, which have the same form.
Reads requests, writes answers; decides nothing."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Final

from adapters.conformance.faults.models import Request

MOST_BODY: Final = 64 * 1024 * 1024
Headers = Iterable[tuple[str, str]]


async def read_request(reader: asyncio.StreamReader, ahead: bytes = b"") -> Request | None:
    """The next request of a connection, which begins with what was read ahead; None when there is none any more."""
    try:
        head = (ahead + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *rest = head.rstrip("\r\n").split("\r\n")
        method, target, _ = line.split(" ", 2)
        headers = tuple(
            (key.strip().lower(), value.strip()) for key, _, value in (each.partition(":") for each in rest)
        )
        request = Request(method, target, headers, b"")
        size = int(request.header("content-length") or 0)
        if size > MOST_BODY:
            return None
        return Request(method, target, headers, await reader.readexactly(size))
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError):
        return None


def format_request(request: Request, version: str) -> bytes:
    """The request as it goes on to another server."""
    lines = [
        f"{request.method} {request.target} {version}",
        *(f"{key}: {value}" for key, value in request.headers),
    ]
    return "\r\n".join((*lines, "", "")).encode("latin-1") + request.body


async def write_answer(
    writer: asyncio.StreamWriter, status: int, headers: Headers, body: bytes, *, send: int | None = None
) -> None:
    """A whole answer; with `send` only so many bytes of its body."""
    lines = [f"{key}: {value}" for key, value in headers]
    head = "\r\n".join((f"HTTP/1.1 {status} Answered", *lines, f"Content-Length: {len(body)}"))
    writer.write(head.encode("latin-1") + b"\r\n\r\n" + (body if send is None else body[:send]))
    await writer.drain()


async def write_endless(
    writer: asyncio.StreamWriter, status: int, headers: Headers, chunks: AsyncIterator[bytes]
) -> None:
    """An answer whose size is not told, chunk by chunk."""
    lines = [f"{key}: {value}" for key, value in headers]
    head = "\r\n".join((f"HTTP/1.1 {status} Answered", *lines, "Transfer-Encoding: chunked"))
    writer.write(head.encode("latin-1") + b"\r\n\r\n")
    async for chunk in chunks:
        writer.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
        await writer.drain()
    writer.write(b"0\r\n\r\n")
    await writer.drain()
