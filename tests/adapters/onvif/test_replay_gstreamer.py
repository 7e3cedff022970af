"""Replay against a real ONVIF replay server, GStreamer's: H.264 with B-frames over a gap, and H.265."""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import pytest

from adapters.contract.errors import Refused
from adapters.contract.models import FootageMessage, Interval, SegmentStart
from adapters.onvif.footage import messages_of
from adapters.onvif.models import Piece
from adapters.onvif.replay import Replayer
from adapters.transport.credentials import Credentials
from adapters.transport.rtsp import RtspLimits
from adapters.transport.rtsp_messages import RtspAddress
from adapters.transport.rtsp_translation import tls_trusting
from adapters.transport.stills import StreamReader
from broker.evidence.cut.service import cut
from broker.ingest.scratch import spool
from tests.adapters.transport.gstreamer import mount, rtsp_server
from tests.requirements import sample_data

START = datetime(2026, 6, 15, 11, 0, tzinfo=UTC)


def seconds(start: float, end: float) -> Interval:
    return Interval(start=START + timedelta(seconds=start), end=START + timedelta(seconds=end))


async def replayed(
    port: int, piece: Interval, wanted: Interval, credentials: Credentials | None = None
) -> list[FootageMessage]:
    streams = StreamReader(credentials, RtspLimits(silence_s=3), lambda: tls_trusting(None), lambda: "cnonce")
    address = RtspAddress.parse(f"rtsp://127.0.0.1:{port}/tape")
    async with aclosing(Replayer(streams).pictures(address, wanted)) as pictures:
        return [message async for message in messages_of(pictures, Piece("tape", piece), wanted)]


async def clip_of(messages: list[FootageMessage], asked: Interval, folder: Path) -> tuple[Path, Interval]:
    async def again():  # type: ignore[no-untyped-def]  # an async generator of the messages
        for message in messages:
            yield message

    sources = await spool(again(), folder / "recorded")
    (folder / "clips").mkdir()
    result = await asyncio.to_thread(
        cut, sources, asked, folder / "clips", keep_audio=False, name=lambda n: f"{n}.mp4"
    )
    assert (result.problems, result.gaps) == ((), ())
    (part,) = result.parts
    return part.path, Interval(start=part.first_frame_at, end=part.last_frame_at)


def pictures_of(file: Path, start_s: float, end_s: float) -> list[bytes]:
    """The decoded pictures of a file between two moments of it."""
    with av.open(str(file)) as container:
        frames = [frame for frame in container.decode(video=0) if frame.time is not None]
        first = min(frame.time or 0 for frame in frames)
        return [
            frame.to_ndarray(format="gray").tobytes()
            for frame in frames
            if start_s - 1e-6 <= (frame.time or 0) - first < end_s - 1e-6
        ]


async def test_a_clip_of_a_replay_shows_the_very_frames_that_were_recorded(tmp_path: Path) -> None:
    file = sample_data() / "video/intel/one-by-one-person-detection.mp4"
    asked = seconds(61.3, 75.2)
    tape = mount(file, "h264", "2026-06-15T11:00:00Z", "2026-06-15T11:05:00Z")
    with rtsp_server({"tape": tape}, "viewer", 'p@ss:w"rd é') as port:
        credentials = Credentials("viewer", 'p@ss:w"rd é')
        messages = await replayed(port, seconds(0, 139), asked, credentials)
        with pytest.raises(Refused):
            await replayed(port, seconds(0, 139), asked, Credentials("viewer", "no"))
    (start,) = (message for message in messages if isinstance(message, SegmentStart))
    assert start.starts_at == START + timedelta(seconds=61)
    clip, shown = await clip_of(messages, asked, tmp_path)
    assert (shown.start, shown.end) == (asked.start, asked.end - timedelta(milliseconds=100))
    assert pictures_of(clip, 0, 1000) == pictures_of(file, 61.3, 75.2)


async def test_the_end_of_a_section_ends_its_replay(tmp_path: Path) -> None:
    file = sample_data() / "video/intel/one-by-one-person-detection.mp4"
    tape = mount(file, "h264", "2026-06-15T11:00:00Z", "2026-06-15T11:05:00Z")
    with rtsp_server({"tape": tape}) as port:
        messages = await replayed(port, seconds(0, 139.4), seconds(130, 139.4))
    _, shown = await clip_of(messages, seconds(130, 139.4), tmp_path)
    assert shown.start == START + timedelta(seconds=130)
    assert shown.end > START + timedelta(seconds=138)


async def test_h265_is_replayed_too(tmp_path: Path) -> None:
    file = sample_data() / "video/mediamtx/offline_h265.mp4"
    with rtsp_server({"tape": mount(file, "h265", "2026-06-15T11:00:00Z")}) as port:
        messages = await replayed(port, seconds(0, 1), seconds(0.2, 0.8))
    clip, _ = await clip_of(messages, seconds(0.2, 0.8), tmp_path)
    assert pictures_of(clip, 0, 10) == pictures_of(file, 0.2, 0.8)
