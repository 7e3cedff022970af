"""Copies one uninterrupted span of one file into a part: what is shown, what is hidden, where it stops.

Frames come in decoding order, and which of them are shown is a matter of presentation order. A frame is only
taken when more frames behind it are known than a decoder can reorder, so that memory stays bounded.
"""

from collections import deque
from collections.abc import Iterator
from datetime import datetime
from math import floor

from broker.evidence.cut.models import ProblemKind
from broker.evidence.cut.part import PartBuilder
from broker.evidence.cut.source import Recording
from broker.evidence.cut.start import REORDER_FRAMES, SourcePacket, Start
from broker.evidence.cut.timeline import gap_threshold, seconds_of

_AUDIO_LAG_S = 10
"""How far sound may lie behind the picture in a file and still be looked for."""
_NO_KEYFRAME_YET = -(2**63)


class SpanCopy:
    """One run through a file from `start` up to a gap, to the end of its window, or to the file's end."""

    def __init__(self, recording: Recording, part: PartBuilder, start: Start, until: datetime) -> None:
        self._recording = recording
        self._part = part
        self._start = start
        self._shown_until = recording.clock.first_pts_at(until)
        self._resume: int | None = None
        self._threshold = floor(gap_threshold(recording.frame_period_s) / recording.clock.time_base_s)
        self._audio_lag = floor(_AUDIO_LAG_S / recording.clock.time_base_s)
        self._latest = start.shown_from
        self._keyframe = self._keyframe_before = _NO_KEYFRAME_YET
        self._frames_shown = 0
        self._ahead: deque[SourcePacket] = deque()
        self._stopped = self._was_bounded = False
        part.bound(seconds_of(until))

    def run(self) -> int | None:
        """The timestamp of the first frame after a gap, None where the file's share is exhausted."""
        frames_ahead = 0
        for packet in self._recording.packets(self._start):
            self._ahead.append(packet)
            frames_ahead += packet.is_video
            while frames_ahead > REORDER_FRAMES:
                taken = self._ahead.popleft()
                frames_ahead -= taken.is_video
                self._take(taken)
            if self._stopped and self._sound_is_over(packet):
                break
        while self._ahead:
            self._take(self._ahead.popleft())
        return self._resume

    @property
    def was_bounded(self) -> bool:
        """Whether the file holds frames past the end of its window."""
        return self._was_bounded and self._resume is None

    def _take(self, packet: SourcePacket) -> None:
        if not packet.is_video:
            self._part.play(packet)
        elif not self._stopped:
            self._take_frame(packet)

    def _take_frame(self, packet: SourcePacket) -> None:
        pts = packet.pts
        if self._runs_backwards(pts):
            after = self._recording.clock.instant(self._latest).isoformat()
            text = f"its times run backwards after {after}: the rest is left out"
            self._recording.problem(ProblemKind.TIMESTAMPS, text)
            self._stopped = True
            return
        if packet.is_keyframe:
            self._keyframe_before, self._keyframe = self._keyframe, pts
        if pts < self._start.shown_from:
            # Leading pictures of the first keyframe refer to what is not in the clip: browsers fail on them.
            if pts >= self._start.key_pts:
                self._part.hide_at_head(packet)
            return
        if not packet.is_presented:
            self._shown_until = min(self._shown_until, pts)
        if pts - self._latest > self._threshold:
            self._look_for_gap(packet)
        self._was_bounded = self._was_bounded or pts >= self._shown_until
        if pts < self._shown_until:
            if pts == self._latest and self._frames_shown:
                self._recording.problem(ProblemKind.TIMESTAMPS, "some of its frames share one time")
            self._latest = max(self._latest, pts)
            self._frames_shown += 1
            self._part.show(packet)
        elif any(each.pts < self._shown_until for each in self._frames_ahead()):
            self._part.hide_at_tail(packet)
        else:
            self._stopped = True
            next_pts = min(each.pts for each in (packet, *self._frames_ahead()))
            self._part.expect_next(self._recording.clock.seconds(next_pts))

    def _runs_backwards(self, pts: int) -> bool:
        """No frame is shown before the keyframe that precedes its own, however frames are reordered."""
        return pts < self._keyframe_before or (
            pts < self._start.shown_from and self._frames_shown >= REORDER_FRAMES
        )

    def _look_for_gap(self, packet: SourcePacket) -> None:
        """A jump in decoding order is a gap only where no frame still to come fills it."""
        before = self._latest
        for pts in sorted(each.pts for each in (packet, *self._frames_ahead()) if each.is_presented):
            if pts >= self._shown_until:
                return
            if pts - before > self._threshold:
                self._shown_until = self._resume = pts
                self._part.bound(self._recording.clock.seconds(pts))
                return
            before = max(before, pts)

    def _frames_ahead(self) -> Iterator[SourcePacket]:
        return (each for each in self._ahead if each.is_video)

    def _sound_is_over(self, packet: SourcePacket) -> bool:
        if self._recording.audio_clock is None:
            return True
        if packet.is_video:
            return packet.pts - self._shown_until > self._audio_lag
        return not self._part.still_plays(packet)
