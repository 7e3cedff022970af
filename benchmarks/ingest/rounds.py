"""A whole list into an empty catalog until another process can search it, and the same list again in another order."""

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from redis.asyncio import Redis

from benchmarks.ingest.lists import write_list
from benchmarks.search.brokers import empty_catalog
from benchmarks.search.world import World

READING: Final = frozenset(
    {"hscan", "hget", "hgetall", "hmget", "get", "eval", "evalsha", "ping", "info", "exists", "lrange"}
    | {
        "client|setinfo",
        "client|setname",
        "xread",
        "xinfo|stream",
        "hello",
        "select",
        "set",
        "config|resetstat",
    }
)
"""Commands that change no key but the lease, which `set` takes, and scripts, whose commands are counted themselves."""

LEASE: Final = frozenset({"pexpire", "del"})


@asynccontextmanager
async def process(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """One that said that it is ready; it ends with its standard input."""
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdin=pipe, stdout=pipe)
    try:
        if await _line(child) != "ready":
            raise RuntimeError(f"{arguments[1]} did not start")
        yield child
    finally:
        if child.stdin is not None:
            child.stdin.close()
        if child.returncode is None:
            await child.wait()


async def _line(child: asyncio.subprocess.Process) -> str:
    if child.stdout is None:
        raise RuntimeError("a process without output")
    line = await child.stdout.readline()
    if not line:
        raise RuntimeError("a process of the benchmark ended early")
    return line.decode().strip()


async def _round(runner: asyncio.subprocess.Process) -> dict[str, Any]:
    if runner.stdin is None:
        raise RuntimeError("a process without input")
    runner.stdin.write(b"once\n")
    await runner.stdin.drain()
    told: dict[str, Any] = json.loads(await _line(runner))
    return told


async def measure(world: World) -> list[dict[str, object]]:
    """Rows of the cold round, the same again, and the memory that the first took."""
    count = len(world.columns)
    with tempfile.TemporaryDirectory(prefix="benchmark-ingest-") as name:
        folder = Path(name)
        write_list(world, range(count), folder / "cameras.csv")
        async with (
            empty_catalog(folder / "valkey") as socket,
            Redis(unix_socket_path=str(socket), decode_responses=True) as redis,
            process("-m", "benchmarks.ingest.watcher", str(socket), str(count)) as watcher,
            process("-m", "benchmarks.ingest.runner", str(socket), str(folder)) as runner,
        ):
            cold = await _round(runner)
            seen_at, followed_s = map(float, (await _line(watcher)).split())
            if cold["added"] != count:
                raise RuntimeError(f"{cold['added']} of {count} cameras were added")
            await asyncio.to_thread(write_list, world, range(count), folder / "cameras.csv", shuffled=True)
            await redis.config_resetstat()
            again = await _round(runner)
            written = await _writes(redis)
    if (again["found"], again["added"], again["changed"], again["vanished"]) != (count, 0, 0, 0):
        raise RuntimeError(f"the same list again changed something: {again}")
    return [
        _row(
            f"cold {world.name}, searchable",
            seen_at - cold["began"],
            round=cold["ended"] - cold["began"],
            processor=cold["processor_s"],
            follower=followed_s,
        ),
        _row(
            f"same list shuffled {world.name}",
            again["ended"] - again["began"],
            processor=again["processor_s"],
            writes=written,
        ),
        {
            "case": f"memory of the process that reads the list {world.name}, most",
            "ours": round(cold["peak_bytes"] / 2**20),
            "unit": "MiB",
            "peers": {},
            "absent": [],
        },
    ]


async def _writes(redis: Redis) -> dict[str, int]:
    """Writing commands since the last reset: the report, with which a round ends, and nothing else is expected."""
    stats: dict[str, dict[str, int]] = await redis.info("commandstats")
    counts = {name.removeprefix("cmdstat_"): facts["calls"] for name, facts in stats.items()}
    return {name: calls for name, calls in counts.items() if name not in READING | LEASE}


def _row(case: str, seconds: float, **more: object) -> dict[str, object]:
    shown = {name: round(value, 2) if isinstance(value, float) else value for name, value in more.items()}
    return {"case": case, "ours": round(seconds, 2), "unit": "s", "peers": {}, "absent": [], **shown}
