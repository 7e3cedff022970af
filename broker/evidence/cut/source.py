"""Reads one recorded file: its clock, the keyframe to start from, its packets in decoding order.

Only local MP4, Matroska, MPEG-TS and AVI files are opened: a "recording" that is in truth a playlist could
otherwise make the library read other files. Decides nothing about which frames belong into a clip.
"""

from collections import deque
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import chain
from types import TracebackType
from typing import Self

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.stream import VideoStream

from broker.evidence.cut.adts import audio_specific_config, is_adts, without_header
from broker.evidence.cut.description import CannotCarry, StreamDescription, describe
from broker.evidence.cut.models import Problem, ProblemKind, SourceFile
from broker.evidence.cut.picture_order import CannotOrder, PictureOrder, Stored, shown_times
from broker.evidence.cut.start import REORDER_FRAMES, SourcePacket, Start, choose_keyframe, choose_start
from broker.evidence.cut.start_codes import has_start_codes, with_lengths
from broker.evidence.cut.timeline import Clock, frame_period, gap_threshold

_STEPS_BACK_S = (0, 2, 10, 30)
_OPEN_OPTIONS = {
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,avi",
    "protocol_whitelist": "file",
}


class UnusableFile(Exception):
    """The file yields no video at all; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text)
        self.problem = problem


class Recording:
    """One open file. What is wrong with it is told to `report`, once each."""

    def __init__(self, source: SourceFile, report: Callable[[Problem], None], *, with_audio: bool) -> None:
        self.source = source
        self._report = report
        self._container = self._open()
        try:
            self._choose_streams(with_audio=with_audio)
            self._has_keyframe = False
            self._packets_left = self._demux()
            self._head = list(self._read_head())
            self._is_fresh = True
            presented = [each.pts for each in self._head if each.is_video and each.is_presented]
            if not presented:
                raise self._unusable("it holds no video frame with a time")
        except BaseException:
            self._container.close()
            raise
        time_base_s = Fraction(self._video.time_base or 0)
        self.first_pts = min(presented)
        self.clock = Clock.anchored(source.starts_at, self.first_pts, time_base_s)
        self.audio_clock = (
            Clock(self.clock.zero_s, Fraction(self._audio.time_base or 0))
            if self._audio is not None
            else None
        )
        self.frame_period_s = frame_period(presented, time_base_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._container.close()

    def find_start(self, shown_from: int) -> Start | None:
        """Where to read from to show every frame from that timestamp on; None where there is none to show."""
        if shown_from <= self.first_pts:
            in_head = choose_start(self._head, None, self.first_pts)
            return in_head or self._scan(None, self.first_pts)
        if self._changes_order:
            # Counting begins at the beginning, wherever a seek would land.
            return self._scan(None, shown_from)
        second = int(1 / self.clock.time_base_s)
        for step_s in _STEPS_BACK_S:
            target = shown_from - step_s * second
            if target <= self.first_pts:
                break
            start = self._scan(target, shown_from)
            if start is not None:
                return start
        return self._scan(None, shown_from)

    def find_keyframe(self, shown_from: int) -> Start | None:
        """Where to read from to show everything from the first keyframe on that is not before that timestamp."""
        seek_pts = None if self._changes_order or shown_from <= self.first_pts else shown_from
        return choose_keyframe(self._read_from(seek_pts), seek_pts, shown_from)

    def packets(self, start: Start) -> Iterator[SourcePacket]:
        """Packets in the order of the file from the keyframe on, audio included where it was asked for."""
        packets = iter(self._read_from(start.seek_pts))
        for packet in packets:
            if packet.is_video and packet.is_keyframe and packet.pts == start.key_pts:
                yield packet
                break
            if not packet.is_video:
                yield packet
        yield from packets

    def problem(self, kind: ProblemKind, text: str) -> None:
        self._report(Problem(path=self.source.path, kind=kind, text=text))

    def _open(self) -> InputContainer:
        try:
            return av.open(f"file:{self.source.path}", options=_OPEN_OPTIONS)
        except (av.FFmpegError, OSError) as error:
            raise self._unusable(
                f"it cannot be opened as MP4, Matroska, MPEG-TS or AVI: {error.strerror or error}"
            ) from error

    def _unusable(self, text: str) -> UnusableFile:
        return UnusableFile(Problem(path=self.source.path, kind=ProblemKind.UNREADABLE, text=text))

    def _choose_streams(self, *, with_audio: bool) -> None:
        if not self._container.streams.video:
            raise self._unusable("it holds no video")
        self._video: VideoStream = self._container.streams.video[0]
        self._video_index = self._video.index
        self._is_avi = self._container.format.name == "avi"
        self._changes_order = self._is_avi and self._learn_order()
        try:
            self.video: StreamDescription = describe(self._video)
        except CannotCarry as error:
            raise self._unusable(str(error)) from error
        self._has_start_codes = has_start_codes(self.video.codec, self._video.codec_context.extradata)
        self._audio: AudioStream | None = None
        self.audio: StreamDescription | None = None
        self._has_adts = False
        if with_audio and self._container.streams.audio:
            try:
                self.audio = self._describe_audio(self._container.streams.audio[0])
                self._audio = self._container.streams.audio[0]
            except CannotCarry as error:
                self.problem(ProblemKind.AUDIO, f"left out: {error}")

    def _learn_order(self) -> bool:
        """Whether an AVI's frames must be put into the order in which they are shown."""
        context = self._video.codec_context
        try:
            if context.codec.canonical_name == "h264":
                return PictureOrder(context.extradata).changes_order
        except CannotOrder as error:
            raise self._unusable(f"AVI states no order of its frames, and {error}") from error
        if context.has_b_frames:
            raise self._unusable("its frames are stored out of their order, and AVI states no time for them")
        return False

    def _describe_audio(self, stream: AudioStream) -> StreamDescription:
        """AAC of a broadcast is described by the header of its first frame, read from a file opened apart."""
        if stream.codec.canonical_name != "aac" or stream.codec_context.extradata:
            return describe(stream)
        with self._open() as apart:
            first = next((bytes(each) for each in apart.demux(apart.streams.audio[0]) if each.size), b"")
        if not is_adts(first):
            raise CannotCarry("an MP4 cannot carry its sound: nothing describes it")
        self._has_adts = True
        return describe(stream, audio_specific_config(first))

    def _read_head(self) -> Iterator[SourcePacket]:
        presented = 0
        for packet in self._packets_left:
            yield packet
            presented += packet.is_video and packet.is_presented
            if presented == REORDER_FRAMES:
                return

    def _demux(self) -> Iterator[SourcePacket]:
        """Packets in the order of the file, framed as a movie has them."""
        packets = self._stored()
        if self._changes_order:
            packets = self._shown(packets)
        return map(_framed, packets) if self._has_start_codes else packets

    def _shown(self, packets: Iterator[SourcePacket]) -> Iterator[SourcePacket]:
        """The same packets, each frame with the time at which it is shown."""
        order = PictureOrder(self._video.codec_context.extradata)
        held: deque[SourcePacket] = deque()

        def stored() -> Iterator[Stored]:
            for packet in packets:
                held.append(packet)
                if packet.is_video:
                    yield Stored(packet.pts, *order.count(bytes(packet.data)))

        try:
            for shown_at in shown_times(stored(), REORDER_FRAMES):
                while not held[0].is_video:
                    yield held.popleft()
                yield held.popleft()._replace(pts=shown_at)
        except CannotOrder as error:
            self.problem(ProblemKind.DAMAGED, f"its frames cannot be put in order any further: {error}")
            return
        yield from held

    def _stored(self) -> Iterator[SourcePacket]:
        """Packets with a time and all their bytes; a file that breaks off is reported and ends there."""
        streams = [self._video] if self._audio is None else [self._video, self._audio]
        last_pts: int | None = None
        try:
            for packet in self._container.demux(*streams):
                if packet.size == 0:
                    continue
                if packet.is_corrupt:
                    self.problem(ProblemKind.DAMAGED, "it breaks off inside a frame")
                    return
                is_video = packet.stream_index == self._video_index
                # AVI numbers frames as they are stored; what else a demuxer says of one is a guess.
                pts = packet.dts if self._is_avi else packet.pts
                if pts is None:
                    self.problem(ProblemKind.TIMESTAMPS, "packets without a time were left out")
                    continue
                data = memoryview(packet)
                if is_video:
                    self._has_keyframe |= packet.is_keyframe
                    last_pts = pts if last_pts is None else max(last_pts, pts)
                elif self._has_adts and is_adts(data):
                    data = without_header(data)
                yield SourcePacket(
                    is_video, pts, packet.duration or 0, packet.is_keyframe, not packet.is_discard, data
                )
        except (av.FFmpegError, OSError) as error:
            self.problem(ProblemKind.DAMAGED, f"it cannot be read further: {error.strerror or error}")
            return
        self._check_tail(last_pts)

    def _check_tail(self, last_pts: int | None) -> None:
        """A truncated file's index or header still tells how far it once went."""
        index, time_base_s = self._video.index_entries, Fraction(self._video.time_base or 0)
        if last_pts is None:
            return
        missing_s = (index[-1].timestamp - last_pts) * time_base_s if len(index) else Fraction(0)
        if "matroska" in self._container.format.name and len(self._container.streams) == 1:
            # Its index lies at its end; its header gives the length of the longest stream.
            lasted_s = Fraction(self._container.duration or 0, av.time_base)
            missing_s = max(missing_s, lasted_s - last_pts * time_base_s)
        if missing_s > gap_threshold(Fraction(0)):
            self.problem(ProblemKind.DAMAGED, f"its last {float(missing_s):.3f} s are missing")

    def _read_from(self, seek_pts: int | None) -> Iterator[SourcePacket]:
        if seek_pts is None and self._is_fresh:
            self._is_fresh = False
            return chain(self._head, self._packets_left)
        self._is_fresh = False
        if seek_pts is not None:
            try:
                self._container.seek(seek_pts, stream=self._video, backward=True)
                return self._demux()
            except av.FFmpegError:
                pass  # a file without an index: read from its beginning
        self._container.close()
        self._container = self._open()
        self._video = self._container.streams.video[0]
        if self._audio is not None:
            self._audio = self._container.streams.audio[0]
        return self._demux()

    def _scan(self, seek_pts: int | None, shown_from: int) -> Start | None:
        start = choose_start(self._read_from(seek_pts), seek_pts, shown_from)
        if start is None and seek_pts is None and not self._has_keyframe:
            self.problem(ProblemKind.NO_KEYFRAME, "none of its frames can be decoded: it holds no keyframe")
        return start


def _framed(packet: SourcePacket) -> SourcePacket:
    return packet._replace(data=with_lengths(packet.data)) if packet.is_video else packet
