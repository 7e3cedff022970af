"""A download comes in pieces, goes on after a break, and is never patched together of two contents."""

import asyncio
from contextlib import aclosing

import pytest

from adapters.contract.errors import AdapterError, Malformed, TimedOut, TooLarge, TryLater, Unreachable
from adapters.transport.http import GuardedClient
from tests.adapters.transport.servers import Asked, Script, answer, answering, client_of, serving

CONTENT = bytes(range(256)) * 40


def breaking(*, etag: str | None = '"v1"', later_etag: str | None = None, ranges: str = "honoured") -> Script:
    """Sends half of what is asked for and hangs up, until nothing is left."""

    async def script(asked: Asked, writer: asyncio.StreamWriter) -> None:
        current = etag if asked.number == 0 else (later_etag or etag)
        start = 0
        if (wanted := asked.headers.get("range")) and asked.headers.get("if-range") == current:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        if ranges == "wrong" and start:
            start -= 1
        head = {"ETag": current} if current else {}
        left = CONTENT[start:]
        told = f"HTTP/1.1 {206 if start else 200} X\r\nContent-Length: {len(left)}\r\n"
        told += "".join(f"{key}: {value}\r\n" for key, value in head.items())
        if start:
            told += f"Content-Range: bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}\r\n"
        writer.write(told.encode() + b"\r\n" + (left[: len(left) // 2] if len(left) > 2000 else left))
        await writer.drain()
        writer.close()

    return script


async def fetch(client: GuardedClient, **more: int) -> bytes:
    async with aclosing(client.download("/clip", **more)) as chunks:
        return b"".join([chunk async for chunk in chunks])


async def test_a_download_goes_on_where_it_broke_off() -> None:
    async with serving(breaking()) as server, client_of(server.url) as client:
        assert await fetch(client) == CONTENT
        assert [asked.headers.get("range") for asked in server.asked] == [
            None,
            "bytes=5120-",
            "bytes=7680-",
            "bytes=8960-",
        ]


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (breaking(etag=None), Unreachable),
        (breaking(etag='W/"v1"'), Unreachable),
        (breaking(later_etag='"v2"'), TryLater),
        (breaking(ranges="wrong"), Malformed),
        (answering(answer(206, CONTENT)), Malformed),
        (answering(answer(503)), TryLater),
    ],
)
async def test_what_cannot_be_gone_on_with_is_an_error(script: Script, error: type[AdapterError]) -> None:
    async with serving(script) as server, client_of(server.url) as client:
        with pytest.raises(error):
            await fetch(client)


async def test_a_download_above_its_bound_is_too_large() -> None:
    async with serving(answering(answer(200, CONTENT))) as server, client_of(server.url) as client:
        with pytest.raises(TooLarge):
            await fetch(client, max_bytes=len(CONTENT) - 1)
        assert await fetch(client, max_bytes=len(CONTENT)) == CONTENT


async def test_closing_a_download_closes_its_connection() -> None:
    async def endless(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(CONTENT)
            await writer.drain()

    async with serving(endless) as server, client_of(server.url) as client:
        async with aclosing(client.download("/clip")) as chunks:
            await anext(chunks)
        async with asyncio.timeout(5):
            await server.idle.wait()

        async def read() -> None:
            async with aclosing(client.download("/clip")) as again:
                async for _ in again:
                    reading.set()

        reading = asyncio.Event()
        task = asyncio.ensure_future(read())
        await reading.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(5):
            await server.idle.wait()


async def test_a_download_that_drips_ends_at_its_deadline() -> None:
    async def drip(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with serving(drip) as server, client_of(server.url, download_timeout_s=0.2) as client:
        with pytest.raises(TimedOut):
            await fetch(client)
