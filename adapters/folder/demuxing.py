"""Demuxing of the whole part of a recorded file. Owns what packets tell of its frames: when each is shown, and from
which on they can be decoded. Decodes nothing.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.stream import VideoStream

from adapters.folder.keyframes import starts_decoding
from adapters.folder.mp4_times import FrameTimes
from adapters.folder.reordering import holds_b_picture, is_idr_picture

MICROSECOND = 1_000_000
MAX_REORDERED_FRAMES = 32


class WholePart(io.RawIOBase):
    """The first `size` bytes of an open file, as if it ended there."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        super().__init__()
        self._file = file
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def read(self, size: int = -1) -> bytes:
        left = max(0, self._size - self._at)
        self._file.seek(self._at)
        data = self._file.read(left if size < 0 else min(size, left))
        self._at += len(data)
        return data


@contextmanager
def open_whole(file: BinaryIO, size: int) -> Iterator[InputContainer]:
    """A demuxer over the whole part of a file; raises `av.FFmpegError` for what FFmpeg cannot read."""
    part = WholePart(file, size)
    with av.open(part, mode="r", metadata_errors="replace", buffer_size=65_536) as container:
        yield container


def video_stream(container: InputContainer) -> VideoStream | None:
    """The first video stream that is not a cover picture."""
    moving = (s for s in container.streams.video if not s.disposition & Disposition.attached_pic)
    return next(moving, None)


class SeenFrames:
    """What demuxed packets have told so far: the frames' times, and from which on they can be decoded."""

    def __init__(self, stream: VideoStream, check: Callable[[], None]) -> None:
        self._stream = stream
        self._check = check
        self._codec = stream.codec.canonical_name
        self._extradata = stream.codec_context.extradata
        self._times: list[int] = []
        self._last_duration = 0
        self._since_found = 0
        self._last_at = 0
        self._is_avi = "avi" in stream.container.format.name
        self.is_reordered = self._is_avi and self._codec == "hevc"
        self._first_idr: int | None = None
        self.decodable_from: int | None = None

    @property
    def knows_decodable_from(self) -> bool:
        """A key frame was found, and enough after it to have met every frame shown before it."""
        return self._since_found > MAX_REORDERED_FRAMES

    def take(self, packet: "Packet[VideoStream]") -> None:
        # AVI numbers frames as they are stored; what else a demuxer says of one is a guess.
        shown_at = packet.dts if self._is_avi else packet.pts
        if shown_at is None or packet.size == 0:
            return
        if len(self._times) % 256 == 0:
            self._check()
        self._last_at = packet.pos or 0
        if self._is_avi:
            self._look_for_order(bytes(packet), shown_at)
        if not packet.is_discard:
            self._times.append(shown_at)
            self._last_duration = packet.duration or 0
        if self.decodable_from is not None:
            self._since_found += 1
        elif starts_decoding(bytes(packet), self._codec, self._extradata, packet.is_keyframe):
            self.decodable_from = shown_at

    def _look_for_order(self, packet: bytes, stored_at: int) -> None:
        self.is_reordered = self.is_reordered or holds_b_picture(packet, self._codec)
        if self._first_idr is None and self._codec == "h264" and is_idr_picture(packet):
            self._first_idr = stored_at

    def knows_order(self) -> bool:
        """Whether the times of an AVI's frames are those at which they are shown, taken together.

        In H.264 they are from the first IDR picture on; what is stored before it is left out.
        """
        if self.is_reordered and self.decodable_from is not None and self._first_idr is not None:
            self.decodable_from = max(self.decodable_from, self._first_idr)
        return not self.is_reordered or self._first_idr is not None

    def leave_out_last(self) -> int:
        """Forgets the frame that came last and tells where in the file it starts."""
        if self._times and self._times.pop() == self.decodable_from:
            self.decodable_from = None
        return self._last_at

    def decodable_from_us(self) -> int:
        if self.decodable_from is None or not self._times:
            return 0
        distance = self.decodable_from - min(self._times)
        return round(distance * (self._stream.time_base or 1) * MICROSECOND)

    def frame_times(self) -> FrameTimes:
        base = self._stream.time_base
        ticks = np.sort(np.array(self._times, np.int64))
        if base is None:
            return FrameTimes(ticks[:0], 1, 0)
        return FrameTimes(ticks * base.numerator, base.denominator, self._last_duration * base.numerator)
