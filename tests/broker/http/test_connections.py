"""Callers who send slowly, without end or wrongly, or do not read: they are cut off, and nobody else waits for them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass

import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, StreamingResponse

from broker.cli.server import listen
from broker.http import connections, problem_details
from broker.http.connections import GuardedProtocol
from broker.http.limits import LimitBody

ENDED = asyncio.Event()
"""That `/endless` is no longer being answered."""
GOOD = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def tell_size(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{len(await request.body())} bytes")


async def endless() -> AsyncIterator[bytes]:
    try:
        while True:
            yield b"x" * 65_536
            await asyncio.sleep(0)  # others' turn
    finally:
        ENDED.set()


@dataclass(frozen=True)
class Answered:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        return str(json.loads(self.body)["code"])


async def read_answer(reader: asyncio.StreamReader) -> Answered:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers["content-length"]))
    return Answered(int(first.split()[1]), headers, body)


@pytest.fixture
async def port() -> AsyncIterator[int]:
    app = FastAPI()
    problem_details.install(app)
    app.add_api_route("/", tell_size, methods=["GET", "POST"])
    app.add_api_route("/endless", lambda: StreamingResponse(endless()))
    app.add_middleware(LimitBody, body_s=0.05)
    bound = listen("127.0.0.1", 0)
    config = uvicorn.Config(app, log_config=None, lifespan="off", http=GuardedProtocol, ws="none")
    config.timeout_graceful_shutdown = 1
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve([bound]))
    yield bound.getsockname()[1]
    server.should_exit = True
    await serving
    bound.close()


async def exchange(port: int, *parts: bytes) -> Answered:
    """The answer to these bytes, after which the connection must be closed by the server where it says so."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        async with asyncio.timeout(10):
            answered = await read_answer(reader)
            if answered.headers.get("connection") == "close":
                assert await reader.read() == b""
            return answered
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def test_a_whole_call_is_answered(port: int) -> None:
    assert (await exchange(port, GOOD)).body == b"0 bytes"
    sent = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n"
    assert (await exchange(port, sent, b"abc")).body == b"3 bytes"


async def test_calls_one_after_another_on_one_connection_are_answered(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(3):
        writer.write(GOOD)
        assert (await read_answer(reader)).status == 200
    writer.write(GOOD + GOOD)
    assert [(await read_answer(reader)).status for _ in range(2)] == [200, 200]
    writer.close()


async def test_a_head_that_does_not_end_in_time_is_cut_off(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_S", 0.05)
    answered = await exchange(port, b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
    assert (answered.status, answered.code) == (408, "call_too_slow")


async def test_a_second_head_on_the_same_connection_has_no_more_time(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_S", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(GOOD)
    assert (await read_answer(reader)).status == 200
    writer.write(b"GET / HTTP/1.1\r\n")
    async with asyncio.timeout(10):
        assert (await read_answer(reader)).code == "call_too_slow"
        assert await reader.read() == b""
    writer.close()


async def test_who_says_nothing_is_let_go_without_an_answer(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_S", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(10):
        assert await reader.read() == b""
    writer.close()


@pytest.mark.parametrize("part", [b"X-Header: " + b"a" * 50_000, b"X-Small: a\r\n" * 5_000])
async def test_a_head_without_an_end_is_refused(port: int, part: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\n")
    with suppress(OSError):
        for _ in range(40):
            writer.write(part)
            await writer.drain()
    async with asyncio.timeout(10):
        head = await reader.read(400)
    assert head.startswith(b"HTTP/1.1 431 ") or head == b""
    writer.close()
    assert (await exchange(port, GOOD)).status == 200


async def test_a_head_over_the_limit_is_told_so(port: int) -> None:
    head = b"GET / HTTP/1.1\r\nX-Long: " + b"a" * (connections.MAX_HEAD_BYTES + 1)
    answered = await exchange(port, head)
    assert (answered.status, answered.code) == (431, "head_too_large")


async def test_a_body_that_drips_is_cut_off(port: int) -> None:
    answered = await exchange(port, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n", b"abc")
    assert (answered.status, answered.code) == (408, "call_too_slow")
    assert answered.headers["connection"] == "close"


async def test_others_are_answered_while_hundreds_drip(port: int) -> None:
    dripping = [await asyncio.open_connection("127.0.0.1", port) for _ in range(200)]
    for _, writer in dripping:
        writer.write(b"GET / HTTP/1.1\r\nHost: ")
    assert (await exchange(port, GOOD)).status == 200
    for _, writer in dripping:
        writer.close()


async def test_one_connection_too_many_is_refused_and_there_is_room_again(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 2)
    held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
    for reader, writer in held:
        writer.write(GOOD)
        assert (await read_answer(reader)).status == 200
    refused = await exchange(port, b"")
    assert (refused.status, refused.code, refused.headers["retry-after"]) == (
        503,
        "too_many_connections",
        "1",
    )
    for reader, writer in held:
        writer.close()
        await writer.wait_closed()
        assert await reader.read() == b""
    async with asyncio.timeout(10):
        while (await exchange(port, GOOD)).status != 200:
            pass


async def test_an_answer_that_nobody_reads_ends(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "STALLED_S", 0.05)
    _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    writer.write(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
    async with asyncio.timeout(10):
        await ENDED.wait()
    writer.close()


@pytest.mark.parametrize(
    "smuggled",
    [
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n X-Folded: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Bare: a\rb\r\n\r\n",
        b"GET / HTTP/1.1\nHost: x\n\n",
        b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
async def test_what_two_servers_could_read_differently_is_no_call(port: int, smuggled: bytes) -> None:
    answered = await exchange(port, smuggled)
    assert (answered.status, answered.code) == (400, "bad_request")
    assert answered.headers["content-type"] == "application/problem+json"
    assert answered.headers["connection"] == "close"
