"""Exact arithmetic between a file's timestamps, instants in UTC and a movie's ticks. No floats, no I/O.

Instants are whole microseconds and a frame's exact time seldom is; its instant is the exact time floored.
Floor keeps both comparisons true: for whole n, floor(x) ≥ n exactly when x ≥ n, and floor(x) < n when x < n.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor, lcm
from statistics import median_low

from adapters.contract.gaps import gap_over_s

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SMALLEST_TIMESCALE = 10_000
_LARGEST_TIMESCALE = 1_000_000
_FALLBACK_TIMESCALE = 90_000


def seconds_of(instant: datetime) -> Fraction:
    """Exact seconds since 1970."""
    return Fraction((instant - _EPOCH) // _MICROSECOND, 1_000_000)


def instant_of(seconds: Fraction) -> datetime:
    """The instant of an exact time in seconds since 1970, floored to the microsecond."""
    return _EPOCH + floor(seconds * 1_000_000) * _MICROSECOND


def round_half_up(value: Fraction) -> int:
    return floor(value + Fraction(1, 2))


@dataclass(frozen=True)
class Clock:
    """Places one stream's timestamps in time: a timestamp t stands at `zero_s + t * time_base_s`."""

    zero_s: Fraction
    time_base_s: Fraction

    @classmethod
    def anchored(cls, starts_at: datetime, first_pts: int, time_base_s: Fraction) -> "Clock":
        return cls(zero_s=seconds_of(starts_at) - first_pts * time_base_s, time_base_s=time_base_s)

    def seconds(self, pts: int) -> Fraction:
        return self.zero_s + pts * self.time_base_s

    def instant(self, pts: int) -> datetime:
        return instant_of(self.seconds(pts))

    def first_pts_at(self, instant: datetime) -> int:
        """The smallest timestamp whose frame is at or after the instant."""
        return ceil((seconds_of(instant) - self.zero_s) / self.time_base_s)


@dataclass(frozen=True)
class Ticks:
    """Maps a clock's timestamps to a track's ticks, rounding half up: `(t * scale + shift) // divisor`."""

    scale: int
    shift: int
    divisor: int

    @classmethod
    def of(cls, clock: Clock, zero_s: Fraction, timescale: int) -> "Ticks":
        """Tick 0 stands at `zero_s`."""
        scale = clock.time_base_s * timescale
        shift = (clock.zero_s - zero_s) * timescale + Fraction(1, 2)
        divisor = lcm(scale.denominator, shift.denominator)
        return cls(scale=int(scale * divisor), shift=int(shift * divisor), divisor=divisor)

    def at(self, pts: int) -> int:
        return (pts * self.scale + self.shift) // self.divisor


def timescale_for(time_base_s: Fraction) -> int:
    """Ticks per second that hold the stream's timestamps exactly, and fine enough to place another file's.

    Time bases too fine for 32-bit sample durations are rounded to 1/90,000 s.
    """
    exact = time_base_s.denominator
    if exact > _LARGEST_TIMESCALE:
        return _FALLBACK_TIMESCALE
    return exact * max(1, ceil(Fraction(_SMALLEST_TIMESCALE, exact)))


def frame_period(presented_pts: Sequence[int], time_base_s: Fraction) -> Fraction:
    """Median distance in seconds between frames; 0 where there is only one."""
    in_order = sorted(presented_pts)
    distances = [after - before for before, after in pairwise(in_order)]
    return median_low(distances) * time_base_s if distances else Fraction(0)


def gap_threshold(*frame_periods_s: Fraction) -> Fraction:
    """More than these seconds without a frame is a gap; across two files the slower one decides."""
    return Fraction(gap_over_s(*frame_periods_s))
