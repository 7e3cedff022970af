"""Servers on loopback that answer exactly what a test says, over plain sockets."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from adapters.contract.options import parse_options
from adapters.contract.protocol import AdapterContext
from adapters.transport.config import HttpOptions
from adapters.transport.http import GuardedClient

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    line: str
    headers: dict[str, str]
    body: bytes
    number: int


Script = Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class ScriptedServer:
    port: int
    asked: list[Asked] = field(default_factory=list)
    open_connections: int = 0
    idle: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def answer(status: int, body: bytes = b"", **headers: str) -> bytes:
    """A complete answer; header names have `_` for `-`."""
    told = {
        "Content-Length": str(len(body)),
        **{key.replace("_", "-"): value for key, value in headers.items()},
    }
    head = "".join(f"{key}: {value}\r\n" for key, value in told.items())
    return f"HTTP/1.1 {status} X\r\n{head}\r\n".encode("latin-1") + body


def answering(*answers: bytes) -> Script:
    """Each answer once, in order, the last one for ever."""

    async def script(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(answers[min(asked.number, len(answers) - 1)])

    return script


async def _until_gone(work: Awaitable[None], reader: asyncio.StreamReader) -> None:
    """Does the work, and stops when the client hangs up: it sends nothing before its answer."""
    working, gone = asyncio.ensure_future(work), asyncio.ensure_future(reader.read(1))
    try:
        await asyncio.wait((working, gone), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (working, gone):
            task.cancel()
        await asyncio.wait((working, gone))
    if not working.cancelled():
        working.result()


async def _read(reader: asyncio.StreamReader, number: int) -> Asked | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    line, *rest = head.strip().split("\r\n")
    headers = {key.lower(): value for key, _, value in (each.partition(": ") for each in rest)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Asked(line, headers, body, number)


@asynccontextmanager
async def serving(script: Script, tls: ssl.SSLContext | None = None) -> AsyncIterator[ScriptedServer]:
    tasks: set[asyncio.Task[Any]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())  # type: ignore[arg-type]
        server.open_connections += 1
        server.idle.clear()
        try:
            while (asked := await _read(reader, len(server.asked))) is not None:
                server.asked.append(asked)
                await _until_gone(script(asked, writer), reader)
                if writer.is_closing():
                    break
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            with suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()
            server.open_connections -= 1
            if not server.open_connections:
                server.idle.set()

    listening = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    server = ScriptedServer(listening.sockets[0].getsockname()[1])
    try:
        yield server
    finally:
        listening.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def client_of(url: str, base_dir: Path = Path(), **options: Any) -> AsyncIterator[GuardedClient]:
    context = AdapterContext("net", base_dir, base_dir, lambda: NOW)
    client = GuardedClient(parse_options(HttpOptions, {"url": url, **options}), context)
    try:
        yield client
    finally:
        await client.aclose()
