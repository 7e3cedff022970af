"""The tables of an MP4 track: when each sample is decoded and shown, where it lies, which part is shown.

Field layouts are those of ISO/IEC 14496-12:2022, clause 8; 64-bit forms are used throughout.
"""

from array import array
from dataclasses import dataclass, field
from struct import pack

import numpy as np
import numpy.typing as npt

from broker.evidence.cut.boxes import box, full_box
from broker.evidence.cut.description import StreamDescription

_UNITY_MATRIX = pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_UNDETERMINED_LANGUAGE = 0x55C4
_ENABLED_IN_MOVIE = 3
_EMPTY_EDIT = -1

Ticks = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Samples:
    """What grows while packets are written: presentation ticks (0 is the first shown video frame), sizes and
    keyframes in decoding order, and the chunks they lie in."""

    shown_at: "array[int]" = field(default_factory=lambda: array("q"))
    sizes: "array[int]" = field(default_factory=lambda: array("I"))
    keyframes: bytearray = field(default_factory=bytearray)
    chunk_offsets: "array[int]" = field(default_factory=lambda: array("Q"))
    chunk_lengths: "array[int]" = field(default_factory=lambda: array("I"))

    def __len__(self) -> int:
        return len(self.sizes)


@dataclass(frozen=True)
class Track:
    """One finished track, showing the ticks `[max(0, first sample), shown_end)`; durations are in ticks."""

    description: StreamDescription
    timescale: int
    samples: Samples
    shown_end: int
    last_duration: int


def decode_times(shown_at: Ticks) -> Ticks:
    """Strictly increasing decoding times, none after its frame's presentation.

    The recorder's own decoding times are worth little across files and containers. The n-th frame decoded
    takes the n-th smallest presentation time, all moved back by the least delay that decodes each in time.
    """
    position = np.arange(len(shown_at), dtype=np.int64)
    spread: Ticks = np.maximum.accumulate(np.sort(shown_at) - position) + position
    delay = int(np.max(spread - shown_at))
    return spread - delay


def leads_open_gop(shown_at: Ticks) -> npt.NDArray[np.bool_]:
    """Whether a frame that is decoded later is shown earlier.

    In H.264 a keyframe of this kind is no sync sample (ISO/IEC 14496-15): a player that starts there meets
    frames whose references it lacks, and browsers stop at that. In H.265 decoders skip such frames by rule.
    """
    earliest_from = np.minimum.accumulate(shown_at[::-1])[::-1]
    return earliest_from < shown_at


def movie_box(tracks: list[Track], timescale: int) -> bytes:
    """`moov` for the tracks, numbered from 1; `timescale` is that of the movie and its edit lists."""
    written = [_TrackBox(number, track, timescale) for number, track in enumerate(tracks, start=1)]
    header = full_box(
        b"mvhd",
        1,
        0,
        pack(">QQIQ", 0, 0, timescale, max(each.duration for each in written)),
        pack(">IH10x", 0x10000, 0x100),
        _UNITY_MATRIX,
        bytes(24),
        pack(">I", len(tracks) + 1),
    )
    return box(b"moov", header, *(each.build() for each in written))


class _TrackBox:
    def __init__(self, number: int, track: Track, movie_timescale: int) -> None:
        self._number = number
        self._track = track
        shown_at = np.array(track.samples.shown_at, dtype=np.int64)
        self._decoded_at = decode_times(shown_at)
        self._shown_at = shown_at
        self._offsets = shown_at - self._decoded_at
        first_shown = max(0, int(shown_at.min()))
        self._media_start = first_shown - int(self._decoded_at[0])
        self._delay = _rescale(first_shown, track.timescale, movie_timescale)
        self.duration = max(_rescale(track.shown_end, track.timescale, movie_timescale), self._delay + 1)

    def build(self) -> bytes:
        description = self._track.description
        header = full_box(
            b"tkhd",
            1,
            _ENABLED_IN_MOVIE,
            pack(">QQIIQ", 0, 0, self._number, 0, self.duration),
            pack(">8xhhH2x", 0, 0, 0 if description.is_video else 0x100),
            _UNITY_MATRIX,
            description.display_size,
        )
        return box(b"trak", header, box(b"edts", self._edit_list()), self._media())

    def _edit_list(self) -> bytes:
        edits = [(self.duration - self._delay, self._media_start)]
        if self._delay:
            edits.insert(0, (self._delay, _EMPTY_EDIT))
        entries = b"".join(pack(">QqHH", length, media_time, 1, 0) for length, media_time in edits)
        return full_box(b"elst", 1, 0, pack(">I", len(edits)), entries)

    def _media(self) -> bytes:
        description = self._track.description
        durations = np.append(np.diff(self._decoded_at), max(1, self._track.last_duration))
        header = full_box(
            b"mdhd",
            1,
            0,
            pack(">QQIQ", 0, 0, self._track.timescale, int(durations.sum())),
            pack(">HH", _UNDETERMINED_LANGUAGE, 0),
        )
        table = box(
            b"stbl",
            description.sample_description,
            _run_lengths(b"stts", durations),
            *([_run_lengths(b"ctts", self._offsets)] if self._offsets.any() else []),
            *self._sync_samples(),
            *self._places(),
        )
        information = box(b"minf", description.media_header, description.data_information, table)
        return box(b"mdia", header, description.handler, information)

    def _sync_samples(self) -> list[bytes]:
        keyframes = np.frombuffer(self._track.samples.keyframes, dtype=np.uint8).astype(bool)
        if self._track.description.codec == "h264":
            keyframes &= ~leads_open_gop(self._shown_at)
        if keyframes.all():
            return []
        numbers = np.flatnonzero(keyframes) + 1
        return [full_box(b"stss", 0, 0, pack(">I", len(numbers)), numbers.astype(">u4").tobytes())]

    def _places(self) -> list[bytes]:
        samples = self._track.samples
        lengths = np.array(samples.chunk_lengths, dtype=np.int64)
        changes = np.flatnonzero(np.append(True, np.diff(lengths) != 0))
        chunks = np.stack([changes + 1, lengths[changes], np.ones_like(changes)], axis=1)
        sizes = np.array(samples.sizes, dtype=">u4").tobytes()
        offsets = np.array(samples.chunk_offsets, dtype=">u8").tobytes()
        return [
            full_box(b"stsc", 0, 0, pack(">I", len(chunks)), chunks.astype(">u4").tobytes()),
            full_box(b"stsz", 0, 0, pack(">II", 0, len(samples)), sizes),
            full_box(b"co64", 0, 0, pack(">I", len(samples.chunk_offsets)), offsets),
        ]


def _rescale(ticks: int, timescale: int, to_timescale: int) -> int:
    return (2 * ticks * to_timescale + timescale) // (2 * timescale)


def _run_lengths(kind: bytes, values: Ticks) -> bytes:
    """`stts` or `ctts`: pairs of how many samples in a row share a value, and the value."""
    starts = np.flatnonzero(np.append(True, np.diff(values) != 0))
    counts = np.diff(np.append(starts, len(values)))
    entries = np.stack([counts, values[starts]], axis=1)
    return full_box(kind, 0, 0, pack(">I", len(entries)), entries.astype(">u4").tobytes())
