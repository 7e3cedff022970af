"""When each video frame of an MP4 file is shown, read from its tables without touching the samples.

Owns sample tables (`stts`, `ctts`), fragments (`tfhd`, `tfdt`, `trun`) and the one edit that recorders write
(ISO/IEC 14496-12, 8.6 and 8.8). Refuses edit lists of several parts, and anything else it does not follow,
with `NotUnderstood`: the demuxer reads those.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from adapters.folder.mp4_boxes import Box, Mp4Layout, NotUnderstood, children, read_box

MAX_SAMPLES = 20_000_000
Ticks = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FrameTimes:
    """Times of all shown frames, ascending, in ticks of `per_second`; `last_duration` is the last one's."""

    ticks: Ticks
    per_second: int
    last_duration: int


@dataclass(frozen=True, slots=True)
class _Edit:
    """Only media between these times is shown; `until` None where nothing is cut from the tail."""

    since: int
    until: int | None


@dataclass(frozen=True, slots=True)
class _Track:
    number: int
    per_second: int
    edit: _Edit
    default_duration: int
    times: Ticks
    durations: Ticks


def read_frame_times(file: BinaryIO, layout: Mp4Layout) -> FrameTimes | None:
    """Times of the first video track; None where there is no video. `NotUnderstood` where this reader gives
    up.
    """
    if layout.movie is None:
        raise NotUnderstood("no index")
    try:
        track = _video_track(read_box(file, layout.movie))
        if track is None:
            return None
        times, durations = [track.times], [track.durations]
        next_decode = int(track.durations.sum())
        for fragment in layout.fragments:
            content = read_box(file, fragment)
            for box in children(content, 0, len(content)):
                if box.kind == b"traf":
                    shown, lasting, next_decode = _track_fragment(content, box, track, next_decode)
                    times.append(shown)
                    durations.append(lasting)
    except (struct.error, IndexError, ValueError) as error:
        raise NotUnderstood("an index table ends early") from error
    return _shown(np.concatenate(times), np.concatenate(durations), track)


def _shown(times: Ticks, durations: Ticks, track: _Track) -> FrameTimes:
    visible = times >= track.edit.since
    if track.edit.until is not None:
        visible &= times < track.edit.until
    times, durations = times[visible], durations[visible]
    order = np.argsort(times, kind="stable")
    last = int(durations[order[-1]]) if len(order) else 0
    return FrameTimes(times[order], track.per_second, last)


def _find(data: memoryview, parent: Box, *path: bytes) -> Box | None:
    box: Box | None = parent
    for kind in path:
        if box is None:
            return None
        box = next((child for child in children(data, box.body, box.end) if child.kind == kind), None)
    return box


def _video_track(movie: memoryview) -> _Track | None:
    whole = Box(b"moov", 0, 0, len(movie))
    header = _find(movie, whole, b"mvhd")
    if header is None:
        raise NotUnderstood("no movie header")
    movie_rate = _timescale(movie, header)
    for box in children(movie, 0, len(movie)):
        if box.kind != b"trak":
            continue
        handler = _find(movie, box, b"mdia", b"hdlr")
        if handler is not None and bytes(movie[handler.body + 8 : handler.body + 12]) == b"vide":
            return _track(movie, box, movie_rate, _defaults(movie, whole))
    return None


def _timescale(data: memoryview, header: Box) -> int:
    """Ticks per second of a `mvhd` or `mdhd`."""
    (rate,) = struct.unpack_from(">I", data, header.body + (20 if data[header.body] == 1 else 12))
    if rate == 0:
        raise NotUnderstood("a time scale of 0")
    return int(rate)


def _defaults(movie: memoryview, whole: Box) -> dict[int, int]:
    """Sample duration by track that fragments may leave unsaid (`trex`)."""
    extends = _find(movie, whole, b"mvex")
    if extends is None:
        return {}
    found = (box for box in children(movie, extends.body, extends.end) if box.kind == b"trex")
    return dict(_track_and_duration(movie, box) for box in found)


def _track_and_duration(movie: memoryview, box: Box) -> tuple[int, int]:
    number, _description, duration = struct.unpack_from(">III", movie, box.body + 4)
    return int(number), int(duration)


def _track(movie: memoryview, box: Box, movie_rate: int, defaults: dict[int, int]) -> _Track:
    header, media = _find(movie, box, b"tkhd"), _find(movie, box, b"mdia", b"mdhd")
    table = _find(movie, box, b"mdia", b"minf", b"stbl")
    if header is None or media is None or table is None:
        raise NotUnderstood("a track without its header or table")
    (number,) = struct.unpack_from(">I", movie, header.body + (20 if movie[header.body] == 1 else 12))
    per_second = _timescale(movie, media)
    durations = _runs(movie, _find(movie, table, b"stts"), signed=False)
    decode = np.cumsum(durations) - durations
    offsets = _runs(movie, _find(movie, table, b"ctts"), signed=True)
    if 0 < len(offsets) < len(decode):
        raise NotUnderstood("composition offsets do not cover every sample")
    times = decode + offsets[: len(decode)] if len(offsets) else decode
    edit = _edit(movie, _find(movie, box, b"edts", b"elst"), per_second, movie_rate)
    return _Track(number, per_second, edit, defaults.get(number, 0), times, durations)


def _runs(data: memoryview, box: Box | None, *, signed: bool) -> Ticks:
    """The expanded table of `stts` or `ctts`. Offsets are read as signed in every version, as players do."""
    if box is None:
        return np.empty(0, np.int64)
    (count,) = struct.unpack_from(">I", data, box.body + 4)
    if count * 8 > box.end - box.body - 8:
        raise NotUnderstood("a table that states more than it holds")
    pairs = np.frombuffer(data, ">u4", count * 2, box.body + 8).reshape(-1, 2)
    repeats = pairs[:, 0].astype(np.int64)
    if repeats.sum() > MAX_SAMPLES:
        raise NotUnderstood("more samples than a recording has")
    values = pairs[:, 1].astype(">u4").view(">i4") if signed else pairs[:, 1]
    return np.repeat(values.astype(np.int64), repeats)


def _edit(data: memoryview, box: Box | None, per_second: int, movie_rate: int) -> _Edit:
    if box is None:
        return _Edit(-(2**62), None)
    version = data[box.body]
    (count,) = struct.unpack_from(">I", data, box.body + 4)
    layout = ">QqI" if version == 1 else ">IiI"
    size = struct.calcsize(layout)
    entries = [
        struct.unpack_from(layout, data, box.body + 8 + index * size) for index in range(min(count, 8))
    ]
    # Empty edits only delay the start, and all times here are measured from the first frame.
    shown = [entry for entry in entries if entry[1] >= 0]
    if count > 8 or len(shown) > 1:
        raise NotUnderstood("an edit list of several parts")
    if not shown:
        return _Edit(-(2**62), None)
    duration, since = int(shown[0][0]), int(shown[0][1])
    # A duration of 0 stands for "all that follows" in fragmented files.
    return _Edit(since, since + -(-duration * per_second // movie_rate) if duration else None)


def _track_fragment(data: memoryview, box: Box, track: _Track, next_decode: int) -> tuple[Ticks, Ticks, int]:
    """Times and durations of one `traf`, and where its successor starts unless it says so itself."""
    empty = np.empty(0, np.int64)
    header = _find(data, box, b"tfhd")
    if header is None:
        raise NotUnderstood("a fragment without a header")
    flags, number = struct.unpack_from(">II", data, header.body)
    if number != track.number:
        return empty, empty, next_decode
    default = track.default_duration
    if flags & 0x8:
        at = header.body + 8 + (8 if flags & 0x1 else 0) + (4 if flags & 0x2 else 0)
        (default,) = struct.unpack_from(">I", data, at)
    decode_time = _find(data, box, b"tfdt")
    if decode_time is not None:
        wide = data[decode_time.body] == 1
        (next_decode,) = struct.unpack_from(">Q" if wide else ">I", data, decode_time.body + 4)
    times, durations = [empty], [empty]
    for run in _track_runs(data, box):
        lasting, offsets = _sample_rows(data, run, default)
        times.append(next_decode + np.cumsum(lasting) - lasting + offsets)
        durations.append(lasting)
        next_decode += int(lasting.sum())
    return np.concatenate(times), np.concatenate(durations), next_decode


def _track_runs(data: memoryview, box: Box) -> Iterator[Box]:
    return (child for child in children(data, box.body, box.end) if child.kind == b"trun")


def _sample_rows(data: memoryview, run: Box, default_duration: int) -> tuple[Ticks, Ticks]:
    """Durations and composition offsets of a `trun`, whose rows hold only the columns that its flags name."""
    flags, count = struct.unpack_from(">II", data, run.body)
    at = run.body + 8 + (4 if flags & 0x1 else 0) + (4 if flags & 0x4 else 0)
    columns = [bit for bit in (0x100, 0x200, 0x400, 0x800) if flags & bit]
    if count > MAX_SAMPLES or count * len(columns) * 4 > run.end - at:
        raise NotUnderstood("a fragment that states more than it holds")
    rows = np.frombuffer(data, ">u4", count * len(columns), at).reshape(count, len(columns))
    durations = np.full(count, default_duration, np.int64)
    offsets = np.zeros(count, np.int64)
    if 0x100 in columns:
        durations = rows[:, columns.index(0x100)].astype(np.int64)
    if 0x800 in columns:
        offsets = np.ascontiguousarray(rows[:, columns.index(0x800)]).view(">i4").astype(np.int64)
    return durations, offsets
