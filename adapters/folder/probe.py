"""What one recorded file holds: how much of it is whole, when its frames are shown, how it is encoded.

Owns the verdict on a file. Decodes nothing. MP4 is read from its index alone, so a file of an hour costs as
much as its tables; Matroska, MPEG-TS, AVI, and MP4 with unusual edit lists, are demuxed once. Knows neither
cameras nor clocks.
"""

import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from pydantic import BaseModel, ConfigDict, Field

from adapters.contract.gaps import gap_over_s
from adapters.folder import avi, matroska, mp4_boxes, transport_stream
from adapters.folder.demuxing import MICROSECOND, SeenFrames, open_whole, video_stream
from adapters.folder.mp4_times import FrameTimes, Ticks, read_frame_times

FALLBACK_PERIOD_US = 40_000
CODEC_NAMES = {"hevc": "h265"}
Container = Literal["mp4", "mkv", "ts", "avi"]


OUT_OF_ORDER = (
    "is an AVI file whose frames are stored in another order than they are shown in, and nothing in it states that "
    "order: record H.264, or MP4, Matroska or MPEG-TS"
)

GAP_OUT_OF_ORDER = (
    "is an AVI file with a gap, whose frames are stored in another order than they are shown in: which of them lie "
    "behind the gap is not stated; record MP4, Matroska or MPEG-TS, or without B pictures"
)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Run(_Frozen):
    """Frames without a gap between them; times are measured from the file's first shown frame."""

    first_us: int
    last_us: int


class Footage(_Frozen):
    """A file that can be used up to `whole_bytes`, which `torn_bytes` follow."""

    kind: Literal["footage"] = "footage"
    container: Container
    whole_bytes: int
    torn_bytes: int
    codec: str | None
    width: int | None
    height: int | None
    fps: float | None
    period_us: int
    runs: Annotated[tuple[Run, ...], Field(min_length=1)]


class Unreadable(_Frozen):
    """A file that is not footage, and why, for a person. `unfinished`: it may become footage yet."""

    kind: Literal["unreadable"] = "unreadable"
    reason: str
    unfinished: bool = False


Probe = Annotated[Footage | Unreadable, Field(discriminator="kind")]


def probe(path: Path, check: Callable[[], None], *, is_growing: bool = False) -> Footage | Unreadable:
    """The verdict on a file. FileNotFoundError where it has gone; `check` is called now and then and may
    raise. Of a growing MPEG-TS file the last frame is left out: whether it is complete cannot be seen.
    """
    try:
        with path.open("rb") as file:
            return _probe(file, check, is_growing)
    except PermissionError:
        return Unreadable(reason="may not be read: permission denied")
    except IsADirectoryError:
        return Unreadable(reason="is a folder, not a file")


def _probe(file: BinaryIO, check: Callable[[], None], is_growing: bool) -> Footage | Unreadable:
    head = file.read(transport_stream.HEAD_BYTES)
    if len(head) < 8:
        return Unreadable(reason="is shorter than any header" if head else "is empty", unfinished=True)
    try:
        if matroska.is_matroska(head):
            return _probe_matroska(file, check)
        if mp4_boxes.is_mp4(head):
            return _probe_mp4(file, check)
        if avi.is_avi(head):
            return _probe_avi(file, check)
        if transport_stream.is_transport_stream(head):
            return _probe_transport_stream(file, check, is_growing)
    except av.FFmpegError as error:
        return Unreadable(reason=f"is damaged: {error.strerror}")
    return Unreadable(reason="is no MP4, Matroska, MPEG-TS or AVI file")


def _probe_matroska(file: BinaryIO, check: Callable[[], None]) -> Footage | Unreadable:
    layout = matroska.read_layout(file)
    if layout is None or layout.clusters == 0:
        return Unreadable(reason="has no complete cluster", unfinished=True)
    with open_whole(file, layout.whole_bytes) as container:
        return _verdict(container, "mkv", layout.size, layout.whole_bytes, None, check)


def _probe_transport_stream(
    file: BinaryIO, check: Callable[[], None], is_growing: bool
) -> Footage | Unreadable:
    size = os.fstat(file.fileno()).st_size
    whole = transport_stream.whole_packets(size)
    try:
        with open_whole(file, whole) as container:
            return _verdict(container, "ts", size, whole, None, check, ends_early=is_growing or whole < size)
    except av.FFmpegError:
        # Too short to tell its streams; nothing in a transport stream says whether it goes on.
        return Unreadable(reason="has no frame that can be read", unfinished=True)


def _probe_avi(file: BinaryIO, check: Callable[[], None]) -> Footage | Unreadable:
    layout = avi.read_layout(file)
    if not layout.has_media:
        return Unreadable(reason="has no complete frame", unfinished=True)
    with open_whole(file, layout.whole_bytes) as container:
        return _verdict(container, "avi", layout.size, layout.whole_bytes, None, check)


def _probe_mp4(file: BinaryIO, check: Callable[[], None]) -> Footage | Unreadable:
    layout = mp4_boxes.read_layout(file)
    if layout.movie is None:
        return Unreadable(reason="has no index yet", unfinished=True)
    if layout.has_torn_box and not layout.fragments:
        return Unreadable(reason="ends before its data does", unfinished=True)
    try:
        times = read_frame_times(file, layout)
    except mp4_boxes.NotUnderstood:
        times = None
    with open_whole(file, layout.whole_bytes) as container:
        return _verdict(container, "mp4", layout.size, layout.whole_bytes, times, check)


def _verdict(
    container: InputContainer,
    kind: Container,
    size: int,
    whole_bytes: int,
    times: FrameTimes | None,
    check: Callable[[], None],
    *,
    ends_early: bool = False,
) -> Footage | Unreadable:
    """With `ends_early`, the last frame of the demuxed ones is torn, and so is all that follows its start."""
    stream = video_stream(container)
    if stream is None:
        return Unreadable(reason="has no video stream")
    if stream.codec_context is None:
        return Unreadable(reason="has video of a codec that FFmpeg does not know")
    seen = SeenFrames(stream, check)
    for packet in container.demux(stream):
        seen.take(packet)
        if times is not None and seen.knows_decodable_from:
            break
    if kind == "avi" and not seen.knows_order():
        return Unreadable(reason=OUT_OF_ORDER)
    if ends_early:
        whole_bytes = min(whole_bytes, seen.leave_out_last())
    if times is None:
        times = seen.frame_times()
    if len(times.ticks) == 0:
        return Unreadable(reason="has no complete video frame", unfinished=True)
    if seen.decodable_from is None:
        return Unreadable(reason="has no key frame, so that nothing in it can be decoded")
    shown_us = _microseconds(times.ticks - times.ticks[0], times.per_second)
    period_us = _period_us(shown_us, times, stream)
    shown_us = shown_us[shown_us >= seen.decodable_from_us() - 1]
    if len(shown_us) == 0:
        return Unreadable(reason="has no frame that can be decoded")
    runs = _runs(shown_us, period_us)
    if seen.is_reordered and len(runs) > 1:
        return Unreadable(reason=GAP_OUT_OF_ORDER)
    return Footage(
        container=kind,
        whole_bytes=whole_bytes,
        torn_bytes=size - whole_bytes,
        codec=CODEC_NAMES.get(stream.codec.canonical_name, stream.codec.canonical_name),
        width=stream.codec_context.width or None,
        height=stream.codec_context.height or None,
        fps=_rate_fps(stream, kind, period_us),
        period_us=period_us,
        runs=runs,
    )


def _microseconds(ticks: Ticks, per_second: int) -> Ticks:
    """Rounded to the nearest; in two steps, so that long recordings on fine clocks do not overflow."""
    seconds, rest = np.divmod(ticks, per_second)
    rounded: Ticks = seconds * MICROSECOND + (rest * MICROSECOND + per_second // 2) // per_second
    return rounded


def _period_us(shown_us: Ticks, times: FrameTimes, stream: VideoStream) -> int:
    steps = np.diff(shown_us)
    steps = steps[steps > 0]
    if len(steps):
        return int(np.median(steps))
    if times.last_duration > 0:
        return max(1, times.last_duration * MICROSECOND // times.per_second)
    return round(MICROSECOND / stream.average_rate) if stream.average_rate else FALLBACK_PERIOD_US


def _rate_fps(stream: VideoStream, kind: Container, period_us: int) -> float:
    # The rate of an AVI is that of its clock: recorders write 600 or 1000 and leave most of its ticks empty.
    return MICROSECOND / period_us if kind == "avi" or not stream.average_rate else float(stream.average_rate)


def _runs(shown_us: Ticks, period_us: int) -> tuple[Run, ...]:
    breaks = np.flatnonzero(np.diff(shown_us) > tolerance_us(period_us)) + 1
    return tuple(Run(first_us=int(part[0]), last_us=int(part[-1])) for part in np.split(shown_us, breaks))


def tolerance_us(period_us: int) -> int:
    """The longest time without a frame that is not yet a gap."""
    return int(gap_over_s(Fraction(period_us, MICROSECOND)) * MICROSECOND)
