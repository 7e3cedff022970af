"""A simulated Frigate that runs, and adapters of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from adapters.contract.models import CameraRecord, HoldReceipt, Rejection
from adapters.contract.protocol import AdapterContext
from adapters.frigate.adapter import FrigateAdapter, create
from broker.demo.frigate import FrigateSetup, SimulatedFrigate
from broker.demo.serving import served
from tests.servers.exchanges import Overheard
from tests.servers.filmed import NOW
from tests.world import StandingClock

PASSWORD = "s3cret:&é"


@dataclass(frozen=True)
class Running:
    simulated: SimulatedFrigate
    overheard: Overheard
    url: str
    clock: StandingClock

    @asynccontextmanager
    async def adapter(self, base_dir: Path, **options: Any) -> AsyncIterator[FrigateAdapter]:
        (base_dir / "password").write_text(f"{PASSWORD}\n")
        given = {
            "url": self.url,
            "username": "entrevue",
            "password": {"file": "password"},
            "auth": "basic",
            "export_poll_s": 0.01,
        }
        context = AdapterContext("net", base_dir, base_dir / "cache", self.clock.now)
        adapter = create({**given, **options}, context)
        try:
            yield adapter
        finally:
            await adapter.aclose()


@asynccontextmanager
async def running(recordings: Path, exports: Path, **setup: Any) -> AsyncIterator[Running]:
    clock = StandingClock(NOW)
    given = {
        "retention": timedelta(days=3),
        "now": clock.now,
        "cameras": ("silent",),
        "password": PASSWORD,
    }
    simulated = SimulatedFrigate(FrigateSetup(recordings, exports, **{**given, **setup}))
    overheard = Overheard(simulated.app)
    async with served(overheard) as url:
        yield Running(simulated, overheard, url, clock)


async def cameras_of(adapter: FrigateAdapter) -> tuple[dict[str, CameraRecord], list[Rejection]]:
    items = [item async for item in adapter.list_cameras()]
    records = {item.native_id: item for item in items if isinstance(item, CameraRecord)}
    return records, [item for item in items if isinstance(item, Rejection)]


async def holds_of(adapter: FrigateAdapter) -> dict[str, HoldReceipt]:
    return {receipt.handle: receipt async for receipt in adapter.list_holds()}
