"""A simulated recorder in a few lines: a handler that answers requests, served over HTTP on loopback."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from adapters.conformance.faults.models import Request
from adapters.conformance.faults.wire import read_request, write_answer


@dataclass(frozen=True)
class Reply:
    """What the recorder answers."""

    status: int = 200
    body: bytes = b""
    media_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


def json_reply(value: Any, status: int = 200) -> Reply:
    return Reply(status, json.dumps(value).encode())


Handler = Callable[[Request], Awaitable[Reply]]


@asynccontextmanager
async def simulated_recorder(handler: Handler) -> AsyncIterator[str]:
    """Its address, `http://127.0.0.1:port`, as long as the context is open."""
    connections: set[asyncio.Task[Any] | None] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.current_task()
        connections.add(connection)
        try:
            while (request := await read_request(reader)) is not None:
                reply = await handler(request)
                headers = (("Content-Type", reply.media_type), *reply.headers)
                await write_answer(writer, reply.status, headers, reply.body)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            with suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()
            connections.discard(connection)

    listening = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    finally:
        listening.close()
        ending = [connection for connection in connections if connection is not None]
        for connection in ending:
            connection.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
