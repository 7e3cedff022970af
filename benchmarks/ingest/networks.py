"""Many networks in one process, a tenth of them dead or hanging: do the others keep their pace?"""

import asyncio
import random
import tempfile
from pathlib import Path
from typing import Any, Final

from adapters.contract.errors import Unreachable
from adapters.contract.protocol import Adapter, AdapterContext, AdapterFactory
from adapters.contract.undeclared import Undeclared
from adapters.registry import load
from benchmarks.ingest.lists import write_list
from benchmarks.search.brokers import empty_catalog
from benchmarks.search.changes import percentile
from benchmarks.search.world import World
from broker.app import Host, build
from broker.catalog.connection import client_of_socket
from broker.catalog.fencing import Lease
from broker.catalog.models import NetworkReport
from broker.catalog.store import CatalogStore
from broker.clock import Clock, SystemClock
from broker.identifiers import RandomIdentifiers
from broker.ingest.service import Ingest
from broker.settings import Settings
from broker.stores import open_ledger

NETWORKS: Final = 500
CAMERAS_EACH: Final = 200
REFRESH_S: Final = 20.0
BROKEN_EVERY: Final = 10


class Dead(Undeclared):
    """A recorder that takes no connection."""

    kind = "dead"

    async def list_cameras(self) -> Any:
        raise Unreachable("nothing listens there")
        yield


class Hanging(Undeclared):
    """A recorder that takes the call and says nothing."""

    kind = "hanging"

    async def list_cameras(self) -> Any:
        await asyncio.Event().wait()
        yield


def _load(name: str) -> AdapterFactory:
    def create(options: dict[str, Any], context: AdapterContext) -> Adapter:
        return Dead() if name == "dead" else Hanging()

    return create if name in ("dead", "hanging") else load(name)


class Watched:
    """Rounds as the schedule runs them; `delays` is how long after it was due each of a living network began."""

    def __init__(self, ingest: Ingest, clock: Clock) -> None:
        self._ingest = ingest
        self._clock = clock
        self._due: dict[str, float] = {}
        self.delays: list[float] = []
        self.failures = 0

    async def synchronise(self, network_id: str, lease: Lease | None = None) -> NetworkReport:
        began = self._clock.now().timestamp()
        if network_id in self._due:
            self.delays.append(began - self._due.pop(network_id))
        report = await self._ingest.synchronise(network_id, lease)
        if report.error is not None:
            self.failures += 1
        elif report.next_attempt_at is not None:
            self._due[network_id] = report.next_attempt_at.timestamp()
        return report

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ingest, name)


async def measure(world: World, networks: int, refreshes: float) -> dict[str, object]:
    """The 99th percentile of the time from when a living network's round was due to when it began."""
    each = min(CAMERAS_EACH, len(world.columns) // networks)
    with tempfile.TemporaryDirectory(prefix="benchmark-ingest-") as name:
        folder = Path(name)
        settings = await asyncio.to_thread(_settings, world, folder, networks, each)
        clock = SystemClock()
        host = Host(clock, RandomIdentifiers(), random.SystemRandom(), _load)
        async with (
            empty_catalog(folder / "valkey") as socket,
            open_ledger(settings) as ledger,
            client_of_socket(socket) as redis,
        ):
            broker = build(settings, host, ledger, CatalogStore(redis))
            watched = Watched(broker.ingest, clock)
            broker.schedule._ingest = watched  # type: ignore[assignment]  # looks on, and passes everything on
            running = asyncio.create_task(broker.schedule.run())
            await asyncio.sleep(refreshes * REFRESH_S)
            running.cancel()
            await asyncio.wait({running})
            await broker.recorders.aclose()
    if not watched.delays or not watched.failures:
        raise RuntimeError("too short: no living network came to its second round, or no broken one failed")
    late_s = percentile(watched.delays, 0.99)
    return {
        "case": f"{networks} networks of {each} cameras, a tenth dead or hanging, delay, 99th percentile",
        "ours": round(late_s, 3),
        "unit": "s",
        "of the refresh": round(late_s / REFRESH_S, 4),
        "refresh": REFRESH_S,
        "rounds": len(watched.delays),
        "median": round(percentile(watched.delays, 0.5), 4),
        "peers": {},
        "absent": [],
    }


def _settings(world: World, folder: Path, networks: int, each: int) -> Settings:
    configured = []
    for number in range(networks):
        kind = "camera_list"
        if number % BROKEN_EVERY == 0:
            kind = "dead" if number % (2 * BROKEN_EVERY) else "hanging"
        listed = folder / f"{number}.csv"
        write_list(world, range(number * each, (number + 1) * each), listed)
        options = {"cameras": str(listed)} if kind == "camera_list" else {}
        network = {"id": f"n{number}", "agency": "town", "adapter": kind, "refresh_s": REFRESH_S}
        configured.append(network | {"options": options})
    return Settings.model_validate(
        {
            "broker": {"data": folder / "broker"},
            "agency": [{"id": "town", "name": "Town"}],
            "network": configured,
            "base_dir": folder,
        }
    )
