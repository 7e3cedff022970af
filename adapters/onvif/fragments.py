"""Writes pictures, as they were recorded, into fragmented MP4: one fragment a GOP, every frame at its instant.

FFmpeg writes the boxes; nothing is decoded or encoded. Times are whole microseconds, so that the instant of each
frame is exact. Decoding times, which replay does not tell, are the sorted instants moved back by the reordering.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from io import BytesIO, RawIOBase
from itertools import pairwise
from typing import Final

import av
from av.container import OutputContainer
from av.video.stream import VideoStream

from adapters.contract.errors import Malformed
from adapters.transport.access_units import START_CODE, AccessUnit

MICROSECOND: Final = timedelta(microseconds=1)
FORMATS: Final = {"h264": "h264", "h265": "hevc"}
SHORTEST_FRAME_US: Final = 1
_OPTIONS: Final = {
    "movflags": "frag_keyframe+empty_moov+default_base_moof",
    "video_track_timescale": "1000000",
    "flush_packets": "1",
    "fflags": "bitexact",
}


@dataclass(frozen=True)
class Picture:
    """One picture at its instant, on the recorder's clock."""

    at: datetime
    unit: AccessUnit = field(repr=False)


class _Written(RawIOBase):
    """What FFmpeg has written and nobody has taken yet."""

    def __init__(self) -> None:
        super().__init__()
        self._data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self._data += bytes(memoryview(data))  # type: ignore[arg-type]  # any buffer, as io has it
        return len(memoryview(data))  # type: ignore[arg-type]

    def take(self) -> bytes:
        data = bytes(self._data)
        self._data.clear()
        return data


class FragmentWriter:
    """One MP4 of pictures in decoding order, GOP by GOP. `Malformed` where the first GOP describes no picture."""

    def __init__(self, codec: str, parameter_sets: Sequence[bytes], first: Sequence[Picture]) -> None:
        self.starts_at = min(picture.at for picture in first)
        self._written = _Written()
        outside = b"".join(START_CODE + unit for unit in parameter_sets)
        beginning = outside + b"".join(picture.unit.data for picture in first)
        try:
            with av.open(BytesIO(beginning), format=FORMATS[codec]) as described:
                self._stream = self._begin(described.streams.video[0])
        except av.FFmpegError as error:
            raise Malformed("the replayed video does not describe its pictures") from error
        self._reordering_us: int | None = None
        self._last_dts_us: int | None = None
        self.last_at = self.starts_at

    def _begin(self, described: VideoStream) -> VideoStream:
        if not described.codec_context.width:
            raise Malformed("the replayed video does not describe its pictures")
        self._container: OutputContainer = av.open(self._written, "w", format="mp4", options=_OPTIONS)
        stream = self._container.add_stream_from_template(described)
        stream.time_base = Fraction(1, 1_000_000)
        stream.codec_context.bit_rate = 0  # an estimate made over one GOP
        return stream

    def add(self, group: Sequence[Picture]) -> bytes:
        """Adds a GOP, whose frames are all shown after those before it; returns what can be sent by now."""
        shown_us = [(picture.at - self.starts_at) // MICROSECOND for picture in group]
        in_order = sorted(shown_us)
        if self._reordering_us is None:
            # one frame more than is seen here, so that a later GOP may reorder more
            period_us = _median_step(in_order)
            seen = max(slot - shown for slot, shown in zip(in_order, shown_us, strict=True))
            self._reordering_us = seen + (period_us if seen else 0)
        for picture, shown, decoded in zip(group, shown_us, self._decoding(shown_us, in_order), strict=True):
            packet = av.Packet(picture.unit.data)
            packet.stream, packet.time_base = self._stream, Fraction(1, 1_000_000)
            packet.pts, packet.dts = shown, decoded
            packet.duration = _median_step(in_order)
            packet.is_keyframe = picture.unit.is_key
            self._container.mux(packet)
            self._last_dts_us = decoded
        self.last_at = max(self.last_at, *(picture.at for picture in group))
        return self._written.take()

    def _decoding(self, shown_us: Sequence[int], in_order: Sequence[int]) -> list[int]:
        """Strictly rising, and none after its frame is shown."""
        times = [
            min(slot - (self._reordering_us or 0), shown)
            for slot, shown in zip(in_order, shown_us, strict=True)
        ]
        for index in range(len(times) - 2, -1, -1):
            times[index] = min(times[index], times[index + 1] - SHORTEST_FRAME_US)
        floor = self._last_dts_us
        for index, shown in enumerate(shown_us):
            if floor is not None and times[index] <= floor:
                times[index] = floor + SHORTEST_FRAME_US
            if times[index] > shown:
                raise Malformed("the replayed frames run backwards in time")
            floor = times[index]
        return times

    def close(self) -> bytes:
        """The rest of the file."""
        self._container.close()
        return self._written.take()


def _median_step(in_order: Sequence[int]) -> int:
    steps = sorted(after - before for before, after in pairwise(in_order))
    return max(SHORTEST_FRAME_US, steps[len(steps) // 2]) if steps else SHORTEST_FRAME_US
