"""One part under way: counts what it shows and hides, and turns the files' times into the movie's.

Decides where its last frame ends. Where a part begins and stops is the service's decision.
"""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from adapters.contract.models import Interval
from broker.evidence.cut.models import HiddenFrames, Part
from broker.evidence.cut.movie import MovieWriter
from broker.evidence.cut.source import Recording
from broker.evidence.cut.start import SourcePacket, Start
from broker.evidence.cut.tables import Samples, Track
from broker.evidence.cut.timeline import Ticks, gap_threshold, instant_of, round_half_up, timescale_for

_UNFINISHED_SUFFIX = ".part"
_SHORTEST_FRAME_S = Fraction(1, 1_000_000)
"""Instants are whole microseconds and intervals never empty."""


@dataclass(frozen=True)
class FinishedPart:
    """A part, with the exact times and the frame period by which gaps around it are judged."""

    part: Part
    first_frame_s: Fraction
    last_frame_s: Fraction
    frame_period_s: Fraction


class PartBuilder:
    """Begins with the first file's description and clock; other files continue it one after another.

    The movie is written beside its final path and takes its name when it is whole.
    """

    def __init__(self, path: Path, recording: Recording, start: Start) -> None:
        self._path = path
        self._video = recording.video
        self._audio = recording.audio
        self._timescale = timescale_for(recording.clock.time_base_s)
        self._first_s = self._entered_at_s = recording.clock.seconds(start.shown_from)
        self._last: SourcePacket | None = None
        self._frame_period_s = recording.frame_period_s
        self._frames_shown = 0
        self._head_packets = self._tail_packets = 0
        self._head_from_s = self._tail_until_s = self._first_s
        self._tail_from_s: Fraction | None = None
        self._video_samples, self._audio_samples = Samples(), Samples()
        self._audio_next_tick = -(2**62)
        self._audio_last_duration = 0
        self._sources: list[Path] = []
        self._bound_s = self._first_s
        self._next_frame_s: Fraction | None = None
        self._unfinished = path.with_name(path.name + _UNFINISHED_SUFFIX)
        self._writer = MovieWriter(self._unfinished)
        self._enter(recording)

    def can_continue_with(self, recording: Recording, start: Start) -> bool:
        """Whether the file's frames can follow in this movie with nothing to hide in its middle."""
        if start.continues_from is None or self._tail_from_s is not None:
            return False
        distance_s = recording.clock.seconds(start.continues_from) - self._last_s
        return (
            0 < distance_s <= gap_threshold(self._frame_period_s, recording.frame_period_s)
            and recording.video == self._video
            and recording.audio == self._audio
        )

    def continue_with(self, recording: Recording) -> None:
        self._frame_period_s = max(self._frame_period_s, recording.frame_period_s)
        self._entered_at_s = self._last_s
        self._enter(recording)

    def bound(self, until_s: Fraction) -> None:
        """Nothing is shown from here on, neither picture nor sound."""
        self._bound_s = until_s

    def expect_next(self, seconds: Fraction) -> None:
        """Tells when the frame after the last shown one stands, and so how long that one lasts."""
        self._next_frame_s = seconds if self._next_frame_s is None else min(self._next_frame_s, seconds)

    def show(self, packet: SourcePacket) -> None:
        if self._last is None or packet.pts >= self._last.pts:
            self._last = packet
        self._frames_shown += 1
        self._add_video(packet)

    def hide_at_head(self, packet: SourcePacket) -> None:
        self._head_packets += 1
        self._head_from_s = min(self._head_from_s, self._clock.seconds(packet.pts))
        self._add_video(packet)

    def hide_at_tail(self, packet: SourcePacket) -> None:
        seconds = self._clock.seconds(packet.pts)
        self._tail_packets += 1
        self._tail_from_s = seconds if self._tail_from_s is None else min(self._tail_from_s, seconds)
        self._tail_until_s = max(self._tail_until_s, seconds)
        self._add_video(packet)

    def play(self, packet: SourcePacket) -> None:
        """Adds a packet of sound where any of it is heard while the part is shown."""
        tick = self._audio_ticks.at(packet.pts)
        length = round(packet.duration * self._audio_clock.time_base_s * self._audio_timescale)
        if tick + length <= 0 or tick < self._audio_next_tick or not self.still_plays(packet):
            return
        self._writer.add(self._audio_samples, packet.data, tick, is_keyframe=packet.is_keyframe)
        self._audio_next_tick = tick + 1
        self._audio_last_duration = length

    def still_plays(self, packet: SourcePacket) -> bool:
        return self._audio_clock.seconds(packet.pts) < self._bound_s

    def finish(self) -> FinishedPart:
        """Writes the tables and gives the file its name."""
        end_s = min(self._bound_s, self._last_s + self._last_frame_lasts_s())
        last_tick, end_tick = self._tick(self._last_s), self._tick(end_s)
        if self._tail_from_s is not None:
            end_tick = min(end_tick, self._tick(self._tail_from_s))
        end_tick = max(end_tick, last_tick + 1)
        file = self._writer.finish(self._tracks(end_tick), self._timescale)
        self._unfinished.rename(self._path)
        first_at, last_at = instant_of(self._first_s), instant_of(self._last_s)
        part = Part(
            path=self._path,
            interval=Interval(start=first_at, end=instant_of(max(end_s, self._last_s + _SHORTEST_FRAME_S))),
            first_frame_at=first_at,
            last_frame_at=last_at,
            frames_shown=self._frames_shown,
            hidden_head=_hidden(self._head_packets, self._head_from_s, self._first_s),
            hidden_tail=_hidden(
                self._tail_packets,
                self._tail_from_s or self._last_s,
                self._tail_until_s + max(self._frame_period_s, _SHORTEST_FRAME_S),
            ),
            codec=self._video.codec,
            width=self._video.width,
            height=self._video.height,
            has_audio=len(self._audio_samples) > 0,
            size=file.size,
            sha256=file.sha256,
            sources=tuple(self._sources),
        )
        return FinishedPart(part, self._first_s, self._last_s, self._frame_period_s)

    def abandon(self) -> None:
        self._writer.abandon()

    @property
    def _last_s(self) -> Fraction:
        return self._entered_at_s if self._last is None else self._clock.seconds(self._last.pts)

    def _enter(self, recording: Recording) -> None:
        self._last = None
        self._next_frame_s = None
        self._sources.append(recording.source.path)
        self._clock = recording.clock
        self._ticks = Ticks.of(self._clock, self._first_s, self._timescale)
        self._audio_clock = recording.audio_clock or recording.clock
        self._audio_timescale = recording.audio.sample_rate_hz if recording.audio else self._timescale
        self._audio_ticks = Ticks.of(self._audio_clock, self._first_s, self._audio_timescale)

    def _add_video(self, packet: SourcePacket) -> None:
        tick = self._ticks.at(packet.pts)
        self._writer.add(self._video_samples, packet.data, tick, is_keyframe=packet.is_keyframe)

    def _tick(self, seconds: Fraction) -> int:
        return round_half_up((seconds - self._first_s) * self._timescale)

    def _last_frame_lasts_s(self) -> Fraction:
        threshold_s = gap_threshold(self._frame_period_s)
        if self._next_frame_s is not None and self._next_frame_s - self._last_s <= threshold_s:
            return self._next_frame_s - self._last_s
        own_s = self._last.duration * self._clock.time_base_s if self._last is not None else Fraction(0)
        return min(own_s or self._frame_period_s, threshold_s)

    def _tracks(self, end_tick: int) -> list[Track]:
        last_duration = max(1, end_tick - self._tick(self._last_s))
        tracks = [Track(self._video, self._timescale, self._video_samples, end_tick, last_duration)]
        if self._audio is not None and len(self._audio_samples):
            shown_end = end_tick * self._audio_timescale // self._timescale
            heard_end = min(shown_end, self._audio_samples.shown_at[-1] + self._audio_last_duration)
            tracks.append(
                Track(
                    self._audio,
                    self._audio_timescale,
                    self._audio_samples,
                    heard_end,
                    self._audio_last_duration,
                )
            )
        return tracks


def _hidden(packets: int, from_s: Fraction, until_s: Fraction) -> HiddenFrames | None:
    if not packets:
        return None
    return HiddenFrames(
        packets=packets,
        interval=Interval(start=instant_of(from_s), end=instant_of(max(until_s, from_s + _SHORTEST_FRAME_S))),
    )
