"""A simulated Profile G recorder with footage whose frames show their instants, and the adapter on it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from adapters.contract.models import Interval
from adapters.contract.protocol import AdapterContext
from adapters.onvif.adapter import OnvifAdapter, create
from broker.demo.footage import make_files, plan_recordings
from broker.demo.models import FilmedCamera, Outage
from broker.demo.profile_g.device import SimulatedRecorder
from broker.demo.profile_g.models import DeviceOrder, RecordedChannel

NOW = datetime(2026, 7, 14, 9, 10, tzinfo=UTC)
HISTORY = Interval(start=NOW - timedelta(minutes=3), end=NOW)
USERNAME, PASSWORD = "entre vue é:", "p@:ss/w%rd&<"
PLATFORM = FilmedCamera(
    native_id="platform", name="Quai 3 côté nord", width=256, height=144, gop_s=10, b_frames=3
)
HALL = FilmedCamera(
    native_id="hall",
    name="Grand hall",
    width=256,
    height=144,
    gop_s=4,
    outage=Outage(every_s=120, begins_s=70, lasts_s=20),
)
FILMS = (PLATFORM, HALL)


def film(recordings: Path) -> Path:
    """Three minutes of both cameras, in a file a minute."""
    make_files(plan_recordings(recordings, FILMS, HISTORY))
    return recordings


def order(recordings: Path, **more: Any) -> DeviceOrder:
    channels = tuple(
        RecordedChannel(
            token=each.native_id,
            name=each.name,
            folder=recordings / each.native_id,
            width=each.width,
            height=each.height,
            fps=1000 / each.frame_period_ms,
            lat=48.8809,
            lon=2.3553,
            heading_deg=12.0 if each is PLATFORM else None,
        )
        for each in FILMS
    )
    return DeviceOrder(
        channels=channels, username=USERNAME, password=PASSWORD, **{"retention": timedelta(days=2), **more}
    )


@asynccontextmanager
async def recording(made: DeviceOrder) -> AsyncIterator[SimulatedRecorder]:
    device = SimulatedRecorder(made, lambda: datetime.now(UTC))
    await device.start()
    try:
        yield device
    finally:
        await device.stop()


@asynccontextmanager
async def adapter_for(
    device: SimulatedRecorder, folder: Path, *, password: str = PASSWORD, **more: Any
) -> AsyncIterator[OnvifAdapter]:
    (folder / "password").write_text(password, encoding="utf-8")
    options = {
        "url": device.url,
        "rtsp_port": device.rtsp_port,
        "username": USERNAME,
        "password": {"file": "password"},
        **more,
    }
    adapter = create(options, AdapterContext("nvr", folder, folder, lambda: datetime.now(UTC)))
    try:
        yield adapter
    finally:
        await adapter.aclose()
