"""A simulated MediaMTX that runs, and adapters of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from adapters.contract.models import CameraRecord, Rejection
from adapters.contract.protocol import AdapterContext
from adapters.mediamtx.adapter import MediaMtxAdapter, create
from broker.demo.mediamtx import MediaMtxSetup, SimulatedMediaMtx
from broker.demo.serving import served
from tests.servers.exchanges import Overheard
from tests.servers.filmed import NOW

PASSWORD = "s3cret:&é"


@dataclass(frozen=True)
class Running:
    control: Overheard
    playback: Overheard
    control_url: str
    playback_url: str

    @asynccontextmanager
    async def adapter(self, base_dir: Path, **options: Any) -> AsyncIterator[MediaMtxAdapter]:
        (base_dir / "password").write_text(f"{PASSWORD}\n")
        given = {
            "url": self.control_url,
            "playback_url": self.playback_url,
            "username": "entrevue",
            "password": {"file": "password"},
            "auth": "basic",
        }
        context = AdapterContext("net", base_dir, base_dir / "cache", lambda: NOW)
        adapter = create({**given, **options}, context)
        try:
            yield adapter
        finally:
            await adapter.aclose()


@asynccontextmanager
async def running(recordings: Path, **setup: Any) -> AsyncIterator[Running]:
    given = {
        "delete_after": timedelta(hours=12),
        "now": lambda: NOW,
        "paths": ("gare/silent",),
        "zone": ZoneInfo("Europe/Paris"),
        "password": PASSWORD,
    }
    simulated = SimulatedMediaMtx(MediaMtxSetup(recordings, **{**given, **setup}))
    control, playback = Overheard(simulated.control), Overheard(simulated.playback)
    async with served(control) as control_url, served(playback) as playback_url:
        yield Running(control, playback, control_url, playback_url)


async def cameras_of(adapter: MediaMtxAdapter) -> tuple[dict[str, CameraRecord], list[Rejection]]:
    items = [item async for item in adapter.list_cameras()]
    records = {item.native_id: item for item in items if isinstance(item, CameraRecord)}
    rejected = [item for item in items if isinstance(item, Rejection)]
    assert len(records) + len(rejected) == len(items)
    return records, rejected
