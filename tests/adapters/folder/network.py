"""A network over recordings made on the spot: how files are named, when they start, what is told of them."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from adapters.contract.models import (
    CameraRecord,
    HoldOrder,
    Interval,
    Rejection,
    SegmentData,
    SegmentEnd,
    SegmentStart,
)
from adapters.contract.protocol import Adapter, AdapterFactory
from adapters.folder.adapter import CHUNK_BYTES, FolderAdapter, create
from tests.adapters.folder.recordings import write_recording

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
NOW = NOON + timedelta(days=1)
DAY = Interval(start=NOON - timedelta(hours=12), end=NOON + timedelta(hours=12))
FACTORY: AdapterFactory = create
Make = Callable[..., FolderAdapter]


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def between(start: float, end: float) -> Interval:
    return Interval(start=after(start), end=after(end))


def name_of(start: datetime) -> str:
    return start.strftime("%Y-%m-%d_%H-%M-%S-%f.mp4")


def record(root: Path, camera: str, seconds: float, *, settled: bool = True, **how: Any) -> Path:
    """A recording of 2.5 s (unless told otherwise) that starts `seconds` after noon."""
    path = write_recording(root / "recordings" / camera / name_of(after(seconds)), **how)
    written = (after(seconds + 2.5) if settled else NOW).timestamp()
    os.utime(path, (written, written))
    return path


async def cameras_of(adapter: Adapter) -> tuple[dict[str, CameraRecord], list[Rejection]]:
    items = [item async for item in adapter.list_cameras()]
    records = {item.native_id: item for item in items if isinstance(item, CameraRecord)}
    return records, [item for item in items if isinstance(item, Rejection)]


async def segments_of(
    adapter: Adapter, interval: Interval, hold: str | None = None, camera: str = "a"
) -> list[tuple[SegmentStart, bytes]]:
    segments = []
    start, data = None, b""
    async for message in adapter.open_footage(camera, interval, hold):
        match message:
            case SegmentStart():
                start, data = message, b""
            case SegmentData():
                assert 0 < len(message.data) <= CHUNK_BYTES
                data += message.data
            case SegmentEnd():
                assert start is not None and message.size == len(data)
                segments.append((start, data))
    return segments


def order(key: str = "hold-1", camera: str = "a", interval: Interval = DAY) -> HoldOrder:
    return HoldOrder(key=key, native_id=camera, interval=interval)
