"""Copies recorded packets into one new MP4, as recorders do when they hand out footage. Encodes nothing."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import av
from av.packet import Packet
from av.video.stream import VideoStream

from broker.demo.recorded import RecordedFile

VideoPacket: TypeAlias = "Packet[VideoStream]"


class _Collected:
    """Takes what the muxer writes; it never seeks back in a fragmented file."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


def packets_of(path: Path) -> Iterator[tuple[VideoPacket, int]]:
    """Packets of a file in decoding order, each with the decoding time of the first one. A file that breaks off
    ends there."""
    with av.open(str(path)) as container:
        first: int | None = None
        for packet in container.demux(container.streams.video[0]):
            if packet.dts is None or packet.pts is None or not packet.size:
                continue
            first = packet.dts if first is None else first
            yield packet, first


def spliced(files: Sequence[RecordedFile], start: datetime, duration_s: float) -> Iterator[bytes]:
    """Fragmented MP4 of the files, which share their encoding, as MediaMTX cuts it: time 0 is `start`, and
    what is decoded from `duration_s` on is left out.

    Where `start` is no keyframe, the frames that it is decoded from come first, squeezed into no time.
    """
    target = _Collected()
    flags = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    with av.open(target, "w", format="mp4", options=flags) as output:
        stream: VideoStream | None = None
        lead_in: list[VideoPacket] = []
        for packet in _timed(files, start, duration_s):
            if stream is None:
                stream = output.add_stream_from_template(packet.stream)
            dts = packet.dts or 0
            if dts < 0:
                lead_in = [packet] if packet.is_keyframe else [*lead_in, packet]
                continue
            for place, earlier in enumerate(lead_in if not packet.is_keyframe else ()):
                earlier.pts = earlier.dts = dts - len(lead_in) + place
                earlier.stream = stream
                output.mux(earlier)
            lead_in = []
            packet.stream = stream
            output.mux(packet)
            yield target.take()
    yield target.take()


def _timed(files: Sequence[RecordedFile], start: datetime, duration_s: float) -> Iterator[VideoPacket]:
    for file in files:
        for packet, first in packets_of(file.path):
            base = Fraction(packet.time_base or 0)
            offset = round(Fraction((file.start - start).total_seconds()).limit_denominator(1_000_000) / base)
            packet.pts, packet.dts = (packet.pts or 0) - first + offset, (packet.dts or 0) - first + offset
            if packet.dts * base >= duration_s:
                return
            yield packet
