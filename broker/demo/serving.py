"""Runs a simulated recorder as a real HTTP server on loopback, inside the caller's event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp


class _Server(uvicorn.Server):
    """Leaves the process's signals to whom they belong."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def served(app: ASGIApp, bound: socket.socket | None = None) -> AsyncIterator[str]:
    """The server's address while the block runs, at a free port where no listening socket is given. A recorder that
    tells the time in its answers tells its own."""
    listening = bound or socket.create_server(("127.0.0.1", 0))
    server = _Server(
        uvicorn.Config(
            app,
            log_level="error",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
            ws="none",
            date_header=False,
        )
    )
    serving = asyncio.create_task(server.serve([listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        listening.close()
