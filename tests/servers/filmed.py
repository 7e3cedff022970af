"""A few minutes of two filmed cameras with the clock in their pixels, and what clips of them show."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import av
import numpy as np

from adapters.contract.models import FootageMessage, Interval, SegmentStart
from broker.demo import pixel_clock
from broker.demo.footage import make_files, plan_recordings
from broker.demo.models import FilmedCamera, Outage
from broker.evidence.cut.models import CutResult
from broker.evidence.cut.service import cut
from broker.ingest.scratch import spool

BEGUN = datetime(2026, 6, 15, 11, 57, tzinfo=UTC)
NOW = BEGUN + timedelta(minutes=3)
FILMED = Interval(start=BEGUN, end=NOW)
STEADY = FilmedCamera(native_id="quai-1", name="Quai 1", width=256, height=144, gop_s=5, b_frames=2)
FAILING = FilmedCamera(
    native_id="hall-2",
    name="Hall 2",
    width=256,
    height=144,
    gop_s=4,
    b_frames=1,
    outage=Outage(every_s=180, begins_s=110, lasts_s=20),
)
"""Fails from 11:58:50 to 11:59:10."""
FAILED = Interval(start=BEGUN + timedelta(seconds=110), end=BEGUN + timedelta(seconds=130))


def at(seconds: float) -> datetime:
    return BEGUN + timedelta(seconds=seconds)


def between(start_s: float, end_s: float) -> Interval:
    return Interval(start=at(start_s), end=at(end_s))


def film(recordings: Path, cameras: Sequence[FilmedCamera] = (STEADY, FAILING)) -> None:
    """Makes the recordings, one file a minute."""
    make_files(plan_recordings(recordings, cameras, FILMED))


def due(camera: FilmedCamera, interval: Interval) -> list[datetime]:
    """Every instant of the interval at which the camera filmed."""
    outages = camera.outage.within(interval) if camera.outage else ()
    instant, found = camera.first_frame_at_or_after(interval.start), []
    while instant < interval.end:
        if not any(outage.start <= instant < outage.end for outage in outages):
            found.append(instant)
        instant += camera.frame_period
    return found


def shown(recording: Path | bytes) -> list[datetime | None]:
    """The clock of every frame, as a player shows them."""
    with av.open(BytesIO(recording) if isinstance(recording, bytes) else str(recording)) as container:
        frames = container.decode(video=0)
        return [pixel_clock.read(np.asarray(frame.to_ndarray(format="gray"), np.uint8)) for frame in frames]


async def cut_from(
    messages: AsyncGenerator[FootageMessage, None], interval: Interval, folder: Path
) -> CutResult:
    """What the broker makes of an adapter's footage."""
    folder.mkdir()
    async with aclosing(messages):
        sources = await spool(messages, folder / "spooled")
    output = folder / "clips"
    output.mkdir()
    return cut(sources, interval, output, keep_audio=False, name=lambda number: f"{number}.mp4")


async def starts_of(messages: AsyncGenerator[FootageMessage, None]) -> list[SegmentStart]:
    async with aclosing(messages):
        return [message async for message in messages if isinstance(message, SegmentStart)]
