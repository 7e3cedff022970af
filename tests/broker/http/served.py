"""A whole broker behind a real HTTP server, in a thread with an event loop of its own."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from redis.asyncio import Redis

from broker.agencies.models import Role
from broker.api import create_api
from broker.http.connections import GuardedProtocol
from tests.world import LAST_MINUTES, open_test_broker, submission


@dataclass(frozen=True)
class Served:
    """Where it answers, and an officer with every role; their request is delivered."""

    url: str
    token: str
    request_id: str


@contextlib.contextmanager
def serve(data: Path, valkey: Path) -> Iterator[Served]:
    """Serves until the block ends."""
    ready: Future[Served] = Future()
    stop = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_run(data, valkey, ready, stop)), daemon=True)
    thread.start()
    try:
        yield ready.result(60)
    finally:
        stop.set()
        thread.join(30)


async def _run(data: Path, valkey: Path, ready: "Future[Served]", stop: threading.Event) -> None:
    try:
        redis = Redis(unix_socket_path=str(valkey), decode_responses=True, protocol=2)
        await redis.flushall()
        async with open_test_broker(data, redis) as opened:
            await opened.synchronise()
            officer = await opened.officer("rail", *Role)
            custodian = await opened.officer("rail", Role.CUSTODIAN)
            submitted = await officer.post("/v1/requests", submission(["rail-cctv:r1"], LAST_MINUTES))
            request_id = submitted.json()["id"]
            await opened.work()
            await custodian.post(f"/v1/requests/{request_id}/approve", {"reason": "Checked"})
            await opened.work()
            listener = socket.socket()
            listener.bind(("127.0.0.1", 0))
            listener.listen()  # from here on connections queue until the server takes them
            api = create_api(opened.broker.services)
            server = uvicorn.Server(
                uvicorn.Config(api, log_config=None, lifespan="off", http=GuardedProtocol, ws="none")
            )
            serving = asyncio.create_task(server.serve([listener]))
            port = listener.getsockname()[1]
            ready.set_result(Served(f"http://127.0.0.1:{port}", officer.token, request_id))
            await asyncio.to_thread(stop.wait)
            server.should_exit = True
            await serving
            listener.close()
        await redis.aclose()
    except BaseException as error:
        if not ready.done():
            ready.set_exception(error)
        raise
