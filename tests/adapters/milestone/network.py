"""A simulated Milestone system that runs, and adapters of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.contract.models import CameraKind, CameraRecord, HoldReceipt, Position, Rejection, View
from adapters.contract.protocol import AdapterContext
from adapters.milestone.adapter import MilestoneAdapter, create
from broker.demo.milestone import MilestoneSetup, SimulatedMilestone
from broker.demo.serving import served
from tests.servers.exchanges import Overheard
from tests.world import StandingClock

PASSWORD = "s3cret:&é+ %"
QUAY = CameraRecord(
    native_id="quai-1",
    name="Quai 1",
    kind=CameraKind.FIXED,
    position=Position(lat=48.8809, lon=2.3553),
    views=(View(heading_deg=270, fov_deg=90, range_m=40),),
)
HALL = CameraRecord(native_id="hall-2", name="Hall 2", tags=("not recorded",))
OTHERS = tuple(CameraRecord(native_id=f"cam-{number}", name=f"Caméra {number}") for number in range(230))


@dataclass(frozen=True)
class Running:
    simulated: SimulatedMilestone
    overheard: Overheard
    url: str
    clock: StandingClock

    @asynccontextmanager
    async def adapter(self, base_dir: Path, **options: Any) -> AsyncIterator[MilestoneAdapter]:
        (base_dir / "password").write_text(f"{PASSWORD}\n")
        given = {"url": self.url, "username": "entrevue", "password": {"file": "password"}, "auth": "basic"}
        context = AdapterContext("net", base_dir, base_dir / "cache", self.clock.now)
        adapter = create({**given, **options}, context)
        try:
            yield adapter
        finally:
            await adapter.aclose()

    def asked(self, ending: str) -> int:
        return sum(each.path.endswith(ending) for each in self.overheard.exchanges)


@asynccontextmanager
async def running(*cameras: CameraRecord, **setup: Any) -> AsyncIterator[Running]:
    clock = StandingClock()
    simulated = SimulatedMilestone(MilestoneSetup(cameras, clock.now, password=PASSWORD, **setup))
    overheard = Overheard(simulated.app)
    async with served(overheard) as url:
        yield Running(simulated, overheard, url, clock)


async def cameras_of(adapter: MilestoneAdapter) -> tuple[dict[str, CameraRecord], list[Rejection]]:
    items = [item async for item in adapter.list_cameras()]
    records = {item.name: item for item in items if isinstance(item, CameraRecord)}
    return records, [item for item in items if isinstance(item, Rejection)]


async def holds_of(adapter: MilestoneAdapter) -> dict[str, HoldReceipt]:
    return {receipt.handle: receipt async for receipt in adapter.list_holds()}
