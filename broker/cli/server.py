"""The HTTP server of one process: on a socket that is already open, ended by cancellation."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn

from broker.api import create_api
from broker.app import Broker
from broker.cli.failures import Failure
from broker.garbage import spare_what_stays
from broker.http.connections import GuardedProtocol
from broker.ledger.writing_process import writing_process

BACKLOG: Final = 2048
GRACE_S: Final = 5
"""How long calls under way may go on once the server is told to stop."""


def listen(host: str, port: int) -> socket.socket:
    """A bound socket that accepts at once; `Failure` where the address is taken."""
    try:
        infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, address = infos[0]
        bound = socket.socket(family, kind, protocol)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(address)
            bound.listen(BACKLOG)
        except OSError:
            bound.close()
            raise
    except (OSError, OverflowError, UnicodeError) as error:
        detail = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise Failure(f"{host}:{port} cannot be listened on: {detail}") from error
    bound.setblocking(False)
    return bound


def url_of(bound: socket.socket, host: str) -> str:
    """Where the socket is reached, under the name that the caller used."""
    port = bound.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Server(uvicorn.Server):
    """Uvicorn that leaves signals to the command and says when it answers."""

    def __init__(self, config: uvicorn.Config, on_answering: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_answering = on_answering

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_answering()


async def serve_until_stopped(broker: Broker, bound: socket.socket, on_answering: Callable[[], None]) -> None:
    """Answers until cancelled; then calls under way may finish within `GRACE_S`."""
    config = uvicorn.Config(
        create_api(broker.services),
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        http=GuardedProtocol,
        ws="none",
    )
    server = _Server(config, on_answering)
    async with writing_process(broker.ledger):
        serving = asyncio.create_task(server.serve(sockets=[bound]))
        sparing = asyncio.create_task(_spare_what_stays(broker), name="what stays is spared")
        try:
            await asyncio.shield(serving)
        finally:
            sparing.cancel()
            server.should_exit = True
            await serving


async def _spare_what_stays(broker: Broker) -> None:
    """The catalog, once it is read, and all that was imported."""
    await broker.follower.until_loaded()
    spare_what_stays()
