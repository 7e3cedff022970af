"""Copies recorded packets into one new MP4, as recorders do when they hand out footage. Encodes nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Piece:
    """A file, and which of its seconds are taken: whole numbers, as ffmpeg's lists of files are written by Frigate."""

    file: RecordedFile
    inpoint_s: int = 0
    outpoint_s: int | None = None


def chained(pieces: Sequence[Piece]) -> Iterator[bytes]:
    """Fragmented MP4 of the files one after the other, whatever lay between them, as ffmpeg chains them: each
    begins at the keyframe before its inpoint, and takes the time from there to its end."""
    target = _Collected()
    flags = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    with av.open(target, "w", format="mp4", options=flags) as output:
        stream: VideoStream | None = None
        after = 0
        for piece in pieces:
            skipped: int | None = None
            ends = 0
            for packet, first in _taken(piece):
                if stream is None:
                    stream = output.add_stream_from_template(packet.stream)
                pts, dts = (packet.pts or 0) - first, (packet.dts or 0) - first
                skipped = dts if skipped is None else skipped
                packet.pts, packet.dts = pts - skipped + after, dts - skipped + after
                packet.stream = stream
                ends = max(ends, dts - skipped + (packet.duration or 0))
                output.mux(packet)
                yield target.take()
            after += ends
    yield target.take()


def _taken(piece: Piece) -> Iterator[tuple[VideoPacket, int]]:
    """The packets of a piece, from the last keyframe at or before its inpoint on. They are used before the next one is
    asked for: a packet does not outlive its file's being open."""
    begins_s = Fraction(0)
    for packet, first in packets_of(piece.file.path):
        at_s = _seconds(packet, first)
        if at_s > piece.inpoint_s:
            break
        begins_s = at_s if packet.is_keyframe else begins_s
    for packet, first in packets_of(piece.file.path):
        at_s = _seconds(packet, first)
        if piece.outpoint_s is not None and at_s >= piece.outpoint_s:
            break
        if at_s >= begins_s:
            yield packet, first


def _seconds(packet: VideoPacket, first: int) -> Fraction:
    return ((packet.dts or 0) - first) * Fraction(packet.time_base or 0)
