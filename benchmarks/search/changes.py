"""How soon a change is found, and what a burst of changes does to those who search meanwhile."""

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.search.brokers import catalog_of
from benchmarks.search.questions import Asked
from benchmarks.search.world import NOW, PURPOSE, World
from broker.catalog.connection import client_of_socket
from broker.catalog.encoding import written as written_as
from broker.catalog.index.following import CatalogFollower
from broker.catalog.index.memory import CatalogIndex
from broker.catalog.models import Camera
from broker.catalog.questions import Question
from broker.catalog.store import CatalogStore, Difference
from broker.clock import SystemClock
from broker.identifiers import RandomIdentifiers

A_SECOND: Final = 200
PROCESSES: Final = 2
PAUSE_S: Final = 0.002
SEEN_WITHIN_S: Final = 2.0


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


async def visible(world: World, seconds: int) -> dict[str, object]:
    """The 99th percentile of the time from a synchronisation's write to the first look that finds the change, over two
    processes, at 200 changes a second."""
    with tempfile.TemporaryDirectory(prefix="benchmark-search-") as folder:
        async with catalog_of(world, Path(folder)) as socket:
            watchers = [await _watcher(world, socket) for _ in range(PROCESSES)]
            try:
                written = await _change(world, socket, seconds * A_SECOND)
                await asyncio.sleep(SEEN_WITHIN_S)
            finally:
                for watcher in watchers:
                    if watcher.stdin is not None:
                        watcher.stdin.close()
            seen = [(await watcher.communicate())[0] for watcher in watchers]
    delays = []
    for lines in seen:
        first = dict(reversed([line.split() for line in lines.decode().splitlines()]))
        delays += [float(at) - written[int(number)] for number, at in first.items()]
    if len(delays) != PROCESSES * len(written):
        raise RuntimeError(f"{PROCESSES * len(written) - len(delays)} changes were never seen")
    case = f"change to visible, {A_SECOND} changes a second, {PROCESSES} processes {world.name}"
    return {
        "case": f"{case}, 99th percentile",
        "ours": round(percentile(delays, 0.99), 4),
        "unit": "s",
        "median": round(percentile(delays, 0.5), 4),
        "peers": {},
        "absent": [],
    }


async def _watcher(world: World, socket: Path) -> asyncio.subprocess.Process:
    watcher = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.search.watcher", str(socket), ",".join(world.networks)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**24,
    )
    if watcher.stdout is None or await watcher.stdout.readline() != b"ready\n":
        raise RuntimeError("a process that was to follow the catalog did not start")
    return watcher


async def _change(world: World, socket: Path, count: int) -> list[float]:
    """Renames cameras one after another, as synchronisations would; when each was written."""
    written: list[float] = []
    step = len(world.columns) // count
    async with client_of_socket(socket) as redis:
        store, began = CatalogStore(redis), time.monotonic()
        for number in range(count):
            (camera,) = _cameras(world, range(number * step, number * step + 1))
            named = camera.model_copy(update={"name": f"change {number}"})
            await asyncio.sleep(max(0.0, began + number / A_SECOND - time.monotonic()))
            written.append(time.monotonic())
            await store.apply(named.network, Difference(written=(written_as(named),), removed=()))
    return written


def _cameras(world: World, rows: range) -> list[Camera]:
    return [Camera.model_validate_json(body) for *_, body in world.bodies(rows)]


async def burst(world: World, questions: Sequence[Question], changed: int) -> dict[str, object]:
    """The 99th percentile of a question every 2 ms, waiting for its turn included, while nothing changes and while so
    many cameras change: every one its status, every fifth its place."""
    with tempfile.TemporaryDirectory(prefix="benchmark-search-") as folder:
        async with catalog_of(world, Path(folder)) as socket, client_of_socket(socket) as redis:
            index, store, identifiers = CatalogIndex(), CatalogStore(redis), RandomIdentifiers()
            follower = CatalogFollower(
                index, store, world.networks, SystemClock(), lambda: identifiers.new("catalog")
            )
            following = asyncio.create_task(follower.run())
            await follower.wait_until_loaded(600)
            ended = asyncio.Event()
            idle = asyncio.create_task(_ask(world, index, questions, ended))
            await asyncio.sleep(5)
            ended.set()
            calm, ended = await idle, asyncio.Event()
            asking = asyncio.create_task(_ask(world, index, questions, ended))
            writing = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "benchmarks.search.burst", str(socket), world.name, str(changed))
            )
            began = time.perf_counter()
            if await writing.wait():
                raise RuntimeError("the burst of changes failed")
            await follower.catch_up()
            took = time.perf_counter() - began
            ended.set()
            stormy = await asking
            following.cancel()
    return {
        "case": f"question during a burst of {changed} changes {world.name}, 99th percentile",
        "ours": round(percentile(stormy, 0.99) * 1e6),
        "unit": "µs",
        "peers": {"idle": round(percentile(calm, 0.99) * 1e6)},
        "ratio": round(percentile(calm, 0.99) / percentile(stormy, 0.99), 3),
        "median": round(percentile(stormy, 0.5) * 1e6),
        "median idle": round(percentile(calm, 0.5) * 1e6),
        "burst": round(took, 1),
        "absent": [],
    }


async def _ask(
    world: World, index: CatalogIndex, questions: Sequence[Question], ended: asyncio.Event
) -> list[float]:
    times: list[float] = []
    officer, book, loop = world.officer, world.book, asyncio.get_running_loop()
    while not ended.is_set():
        for question in questions:
            due = loop.time() + PAUSE_S
            await asyncio.sleep(PAUSE_S)
            asked = Asked(world, index, index.rights(officer, PURPOSE, book, NOW))
            asked.search(question)
            times.append(loop.time() - due)
            if ended.is_set():
                break
    return times
