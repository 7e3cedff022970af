"""What a whole broker answers: searches a second beside an empty route, the time it needs to be ready, its memory."""

import asyncio
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.search.brokers import catalog_of, headers_of, resident_bytes, serving, token_of
from benchmarks.search.callers import Load, load, request_of
from benchmarks.search.questions import INTERVAL, LIMIT
from benchmarks.search.world import World, clustered
from broker.catalog.questions import Question, Radius

CALLERS: Final = 32
WARMING_S: Final = 2.0
EMPTY: Final = 10
"""So few cameras that what the process needs is the process itself."""


async def measure(world: World, questions: Sequence[Question], seconds: float) -> list[dict[str, object]]:
    """Three rows: calls a second, readiness, memory."""
    with tempfile.TemporaryDirectory(prefix="benchmark-search-") as folder:
        data = Path(folder)
        async with catalog_of(world, data / "catalog") as catalog:
            with serving(world, data, catalog) as (url, process_id, ready_s):
                loaded = resident_bytes(process_id)
                headers = headers_of(token_of(data))
                addresses = [f"{url}/v1/cameras?{query_of(question)}" for question in questions]
                ours = await _loaded(addresses, headers, seconds)
                body = _body_like(addresses[0], headers, round(ours.bytes_an_answer))
            with _empty_route(body, data) as bare:
                peer = await _loaded([f"{bare}/v1/cameras?x"], headers, seconds)
    ratio = ours.per_second / peer.per_second
    calls: dict[str, object] = {
        "case": f"GET /v1/cameras, {LIMIT} features, log on, {CALLERS} callers {world.name}",
        "ours": round(ours.per_second),
        "unit": "calls/s",
        "peers": {"empty FastAPI route, same bytes": round(peer.per_second)},
        "ratio": round(ratio, 3),
        "median": round(ours.percentile(0.5), 4),
        "99th percentile": round(ours.percentile(0.99), 4),
        "absent": [],
    }
    return [calls, _ready_row(world, ready_s), await _memory_row(world, loaded)]


def query_of(question: Question) -> str:
    """The question as a search asks it."""
    if not isinstance(question.area, Radius):
        raise TypeError("the question is of a radius")
    area = f"lat={question.area.lat_deg:.6f}&lon={question.area.lon_deg:.6f}"
    return f"{area}&radius_m={question.area.radius_m:g}&status=up&interval={INTERVAL}&limit={LIMIT}"


async def _loaded(addresses: Sequence[str], headers: dict[str, str], seconds: float) -> Load:
    requests = [request_of(address, headers) for address in addresses]
    await load(addresses[0], requests, CALLERS, WARMING_S)
    return await load(addresses[0], requests, CALLERS, seconds)


def _body_like(address: str, headers: dict[str, str], size: int) -> bytes:
    """An answer, made as long as answers are on average."""
    with urllib.request.urlopen(urllib.request.Request(address, headers=headers)) as answer:
        body: bytes = answer.read()
    return body[:size].ljust(size)


@contextmanager
def _empty_route(body: bytes, data: Path) -> Iterator[str]:
    (data / "body").write_bytes(body)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.set_inheritable(True)
        command = [sys.executable, "-m", "benchmarks.search.empty_route", str(data / "body")]
        descriptor = listening.fileno()
        with subprocess.Popen([*command, str(descriptor)], pass_fds=[descriptor]) as process:
            try:
                yield f"http://127.0.0.1:{listening.getsockname()[1]}"
            finally:
                process.terminate()


def _ready_row(world: World, ready_s: float) -> dict[str, object]:
    case = f"from the start of a process to being ready {world.name}"
    return {"case": case, "ours": round(ready_s, 2), "unit": "s", "peers": {}, "absent": []}


async def _memory_row(world: World, loaded: int) -> dict[str, object]:
    """What a camera adds to a process, over one that knows hardly any."""
    with tempfile.TemporaryDirectory(prefix="benchmark-search-") as folder:
        data, few = Path(folder), clustered(EMPTY)
        async with catalog_of(few, data / "catalog") as catalog:
            with serving(few, data, catalog) as (_, process_id, _):
                itself = await asyncio.to_thread(resident_bytes, process_id)
    return {
        "case": f"memory a camera, display included {world.name}",
        "ours": round((loaded - itself) / len(world.columns)),
        "unit": "bytes",
        "process itself": itself,
        "peers": {},
        "absent": [],
    }
