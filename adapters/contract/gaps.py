"""What a gap is: more than max(1 s, 2 frame periods) without a frame. The rule stands here and nowhere else."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Final

SHORTEST_GAP_S: Final = 1


def gap_over_s(*frame_periods_s: float | Fraction) -> float | Fraction:
    """More than these seconds without a frame is a gap, exactly as the periods are exact. Where two sorts of
    footage meet, the slower one decides; an unknown period is 0."""
    return max(SHORTEST_GAP_S, *(2 * period_s for period_s in (0, *frame_periods_s)))


def longest_period_s(rates_fps: Iterable[float | None]) -> float:
    """The frame period of the slowest of these streams; 0 where no rate is known."""
    return max((1 / rate_fps for rate_fps in rates_fps if rate_fps), default=0.0)
