"""The smallest HTTP server that a simulated recorder needs: POST for its services, GET for pictures. Loopback only."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

HEAD_BYTES: Final = 16 * 1024
BODY_BYTES: Final = 1024 * 1024


@dataclass(frozen=True)
class HttpRequest:
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class HttpAnswer:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[HttpRequest], Awaitable[HttpAnswer]]


class HttpServer:
    """`port` is known once `start` has returned."""

    def __init__(self, handler: Handler, port: int) -> None:
        self._handler = handler
        self._wanted_port = port
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        if self._server is None:
            raise RuntimeError("the HTTP server has not been started")
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        self._server = await asyncio.start_server(
            self._accept, "127.0.0.1", self._wanted_port, limit=HEAD_BYTES
        )

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                while (request := await _read(reader)) is not None:
                    writer.write(_formed(await self._handler(request)))
                    await writer.drain()
        except asyncio.CancelledError:
            pass  # the recorder is switched off
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> HttpRequest | None:
    """The next request; None for what is none, which ends the connection."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("utf-8", "replace")
    first, *lines = head.rstrip().split("\r\n")
    words = first.split(" ")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    size = headers.get("content-length", "0")
    if len(words) != 3 or not size.isdigit() or int(size) > BODY_BYTES:
        return None
    return HttpRequest(words[0], words[1], headers, await reader.readexactly(int(size)))


def _formed(answer: HttpAnswer) -> bytes:
    headers = {**answer.headers, "Content-Length": str(len(answer.body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {answer.status} X\r\n{lines}\r\n".encode("latin-1") + answer.body
