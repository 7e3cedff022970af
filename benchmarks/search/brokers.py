"""A world in a Valkey server of its own, and real brokers that search it."""

import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from itertools import islice
from pathlib import Path
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from redis.asyncio import Redis

from benchmarks.search.world import ASKER, PURPOSE, World
from broker import redis_keys
from broker.catalog.embedded import EmbeddedValkey
from broker.catalog.store import CatalogStore

CHUNK: Final = 5_000
PATIENCE_S: Final = 300.0
COMMAND: Final = (sys.executable, "-m", "broker.cli.main")


@asynccontextmanager
async def empty_catalog(data: Path) -> AsyncIterator[Path]:
    """A running server; its socket."""
    data.mkdir(parents=True, exist_ok=True)
    valkey = EmbeddedValkey(data)
    try:
        yield await valkey.start()
    finally:
        await valkey.stop()


@asynccontextmanager
async def catalog_of(world: World, data: Path) -> AsyncIterator[Path]:
    """The same, holding the world as synchronisations would have left it."""
    async with empty_catalog(data) as socket:
        async with Redis(unix_socket_path=str(socket)) as redis:
            await _fill(redis, world)
        yield socket


async def _fill(redis: Redis, world: World) -> None:
    bodies = world.bodies()
    while part := list(islice(bodies, CHUNK)):
        pipeline = redis.pipeline(transaction=False)
        for network, identifier, body in part:
            pipeline.hset(redis_keys.network_cameras(network), identifier, body.decode())
            pipeline.hset(redis_keys.network_digests(network), identifier, "as filled")
        await pipeline.execute()
    store = CatalogStore(redis)
    for report in world.reports.values():
        await store.put_report(report)


@contextmanager
def serving(
    world: World, data: Path, socket: Path, program: Sequence[str] = COMMAND
) -> Iterator[tuple[str, int, float]]:
    """`entrevue serve`, one process, on that catalog: its address, its process id, and how long it took from its start
    to being ready, in seconds. `program` stands in the place of `entrevue`."""
    configuration = data / "entrevue.toml"
    configuration.write_text(_configuration(world, data, socket))
    began = time.perf_counter()
    command = [*program, "serve", "--config", str(configuration), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout is None:
                raise RuntimeError("the broker has no output")
            url = process.stdout.readline().strip()
            _wait_until_ready(url)
            yield url, process.pid, time.perf_counter() - began
        finally:
            process.terminate()


def token_of(data: Path) -> str:
    """A new officer's, who may use what the agreements grant."""
    who = ["--agency", ASKER, "--name", "Benchmark", "--service", "Benchmark", "--number", "1"]
    command = [*COMMAND, "officer", "add", *who, "--role", "operator,investigator"]
    added = subprocess.run(
        [*command, "--config", str(data / "entrevue.toml"), "--json"],
        check=True,
        capture_output=True,
        text=True,
    )
    token: str = json.loads(added.stdout)["token"]
    return token


def headers_of(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Entrevue-Purpose": PURPOSE}


def _wait_until_ready(url: str) -> None:
    until = time.perf_counter() + PATIENCE_S
    while time.perf_counter() < until:
        try:
            with urlopen(f"{url}/health/ready") as answer:
                if answer.status == 200:
                    return
        except HTTPError:
            pass
        except URLError as error:
            raise RuntimeError(f"the broker under measurement does not answer: {error}") from error
        time.sleep(0.02)
    raise RuntimeError(f"the broker under measurement was not ready within {PATIENCE_S:g} s")


def resident_bytes(process_id: int) -> int:
    """What the process keeps in memory, from Linux' own account of it."""
    lines = Path(f"/proc/{process_id}/status").read_text().splitlines()
    kilobytes = next(line.split()[1] for line in lines if line.startswith("VmRSS:"))
    return int(kilobytes) * 1024


def _configuration(world: World, data: Path, socket: Path) -> str:
    agencies = sorted({world.agency_of(network) for network in world.networks} | {ASKER})
    lines = ["[broker]", f'data = "{data / "broker"}"', f'redis_url = "unix://{socket}"']
    lines += ["[limits]", "officer_per_min = 1_000_000_000", "agency_per_min = 1_000_000_000"]
    for agency in agencies:
        lines += ["[[agency]]", f'id = "{agency}"', f'name = "{agency}"']
    for network in world.networks:
        lines += ["[[network]]", f'id = "{network}"', f'agency = "{world.agency_of(network)}"']
        lines += ['adapter = "camera_list"', "refresh_s = 3600", "[network.options]", 'cameras = "none.csv"']
    for agreement in world.book.agreements:
        terms = agreement.terms
        lines += ["[[agreement]]", f'id = "{agreement.id}"', f'owner = "{terms.owner}"']
        lines += [f"partners = {json.dumps(terms.partners)}", f"actions = {json.dumps(terms.actions)}"]
        lines += [f"purposes = {json.dumps(terms.purposes)}", f"tags_none = {json.dumps(terms.tags_none)}"]
        lines += [f'valid = "{terms.valid}"', 'approval = "manual"']
    return "\n".join(lines) + "\n"
