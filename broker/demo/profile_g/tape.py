"""Reads the demo's recorded files as a recorder's tape: what there is, since when, and its frames in decoding order.

Blocks: use in a thread. Files grow and are erased while they are read; what cannot be read any more is left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import av
import cv2

from adapters.contract.gaps import gap_over_s
from adapters.contract.models import Interval
from broker.demo.film import named_instant
from broker.demo.profile_g.models import RecordedFile

MICROSECOND = timedelta(microseconds=1)
JPEG_QUALITY = 90


@dataclass(frozen=True)
class TapeFrame:
    """One coded picture with start codes (Annex B). `shown_at` is UTC."""

    data: bytes = field(repr=False)
    shown_at: datetime
    is_key: bool
    ends_section: bool = False


class Tape:
    """One camera's files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[Path, RecordedFile] = {}

    def files(self) -> tuple[RecordedFile, ...]:
        """Every file with a frame, in order of time; only files that are new or have grown are read."""
        known: dict[Path, RecordedFile] = {}
        for path in sorted(self._folder.glob("*.mp4")):
            begun_at = named_instant(path)
            if begun_at is None:
                continue
            try:
                size = path.stat().st_size
                before = self._known.get(path)
                read = (
                    before if before is not None and before.size == size else _read_file(path, size, begun_at)
                )
            except OSError:
                continue
            if read is not None:
                known[path] = read
        self._known = known
        return tuple(sorted(known.values(), key=lambda file: file.first))

    def sections(self) -> tuple[Interval, ...]:
        """Uninterrupted footage, over files."""
        found: list[Interval] = []
        for file in self.files():
            gap_s = float(gap_over_s(file.period.total_seconds()))
            if found and (file.first - found[-1].end + file.period).total_seconds() <= gap_s:
                found[-1] = Interval(start=found[-1].start, end=max(found[-1].end, file.interval.end))
            else:
                found.append(file.interval)
        return tuple(found)

    def frames(self, start: datetime, end: datetime | None) -> Iterator[TapeFrame]:
        """From the key frame at or before the start, or in a gap the first after it, to the key frame from the end
        on. The last frame of a section is told."""
        files = self.files()
        from_file = max(
            (n for n, file in enumerate(files) if file.first <= start < file.interval.end), default=None
        )
        if from_file is None:
            from_file = next((n for n, file in enumerate(files) if file.first > start), len(files))
        for number, file in enumerate(files[from_file:], start=from_file):
            frames = read_frames(file.path, file.first)
            first = 0
            if number == from_file:
                keys = [n for n, frame in enumerate(frames) if frame.is_key and frame.shown_at <= start]
                first = keys[-1] if keys else 0
            following = files[number + 1].first if number + 1 < len(files) else None
            last = max((frame.shown_at for frame in frames), default=file.last)
            ends = following is None or (following - last).total_seconds() > float(
                gap_over_s(file.period.total_seconds())
            )
            for position, frame in enumerate(frames[first:], start=first):
                if end is not None and frame.is_key and frame.shown_at >= end:
                    return
                is_last = ends and position == len(frames) - 1
                yield TapeFrame(frame.data, frame.shown_at, frame.is_key, ends_section=is_last)

    def newest_frames(self, after: datetime | None) -> list[TapeFrame]:
        """The newest file's frames from its last key frame on; with `after`, what has been filmed since then, from a
        key frame on, for a file grows by whole GOPs."""
        files = self.files()
        if not files or (after is not None and files[-1].last <= after):
            return []
        frames = read_frames(files[-1].path, files[-1].first)
        keys = [
            n for n, frame in enumerate(frames) if frame.is_key and (after is None or frame.shown_at > after)
        ]
        return frames[keys[-1 if after is None else 0] :] if keys else []

    def newest_picture(self) -> tuple[bytes, datetime] | None:
        """The newest key frame as JPEG, and when it was shown."""
        for file in reversed(self.files()):
            picture = _last_key_picture(file)
            if picture is not None:
                return picture
        return None


def _read_file(path: Path, size: int, begun_at: datetime) -> RecordedFile | None:
    shown = sorted(frame.shown_at for frame in read_frames(path, begun_at))
    if not shown:
        return None
    steps = sorted(after - before for before, after in pairwise(shown))
    period = steps[len(steps) // 2] if steps else timedelta(milliseconds=100)
    return RecordedFile(path=path, size=size, first=shown[0], last=shown[-1], period=period)


def read_frames(path: Path, begun_at: datetime) -> list[TapeFrame]:
    """All whole frames of a file, in decoding order; none where it cannot be read."""
    found: list[tuple[bytes, int, bool]] = []
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            start_codes = av.BitStreamFilterContext("h264_mp4toannexb", stream)
            microseconds = float((stream.time_base or 0) * 1_000_000)
            for packet in container.demux(stream):
                if packet.size == 0 or packet.pts is None or packet.is_corrupt:
                    continue
                shown_us, is_key = (
                    round(packet.pts * microseconds),
                    packet.is_keyframe,
                )  # the filter empties it
                data = b"".join(bytes(part) for part in start_codes.filter(packet))
                found.append((data, shown_us, is_key))
    except (av.FFmpegError, OSError, IndexError):
        pass  # what was read before the tear is whole
    first_us = min((shown_us for _, shown_us, _ in found), default=0)
    return [
        TapeFrame(data, begun_at + (shown_us - first_us) * MICROSECOND, is_key)
        for data, shown_us, is_key in found
    ]


def _last_key_picture(file: RecordedFile) -> tuple[bytes, datetime] | None:
    keys = [frame for frame in read_frames(file.path, file.first) if frame.is_key]
    if not keys:
        return None
    decoder = av.CodecContext.create("h264", "r")
    try:
        frames = [*decoder.decode(av.Packet(keys[-1].data)), *decoder.decode(None)]
    except av.FFmpegError:
        return None
    if not frames:
        return None
    encoded, jpeg = cv2.imencode(
        ".jpg", frames[-1].to_ndarray(format="bgr24"), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    )
    return (jpeg.tobytes(), keys[-1].shown_at) if encoded else None
