"""How far a device's clock is off, measured although it tells whole seconds only. Pure.

A device that answers second S to a question sent at `a` and answered at `b` (ours, UTC) has an offset between
S − b and S + 1 − a. Further answers at other moments narrow that; each is best asked just when, by what is known,
the device's second turns. Offsets are recorder − UTC.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

SECOND: Final = timedelta(seconds=1)
DRIFT_PER_S: Final = 200e-6
"""A quartz clock goes wrong by less than this; what was known widens by it as it ages."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class OffsetBounds:
    """The offset lies between the two, as of `at`."""

    least: timedelta
    most: timedelta
    at: datetime

    @property
    def width(self) -> timedelta:
        return self.most - self.least

    @property
    def offset(self) -> timedelta:
        """Zero where that is possible: a device that keeps UTC is not made wrong by how it is asked."""
        if self.least <= timedelta() <= self.most:
            return timedelta()
        return (self.least + self.most) / 2

    def turn_after(self, moment: datetime) -> datetime:
        """When after that moment (ours) the device's second turns, by the middle of what is known."""
        theirs = moment + (self.least + self.most) / 2 - _EPOCH
        return moment + (SECOND - theirs % SECOND)

    def narrowed(self, further: "OffsetBounds") -> "OffsetBounds":
        """Both together; the further ones alone where they contradict, for then the clock was set."""
        aged = timedelta(seconds=DRIFT_PER_S * max(0.0, (further.at - self.at).total_seconds()))
        least, most = max(self.least - aged, further.least), min(self.most + aged, further.most)
        return OffsetBounds(least, most, further.at) if least <= most else further


def reading(told: datetime, asked_at: datetime, answered_at: datetime) -> OffsetBounds:
    """What one answer proves. `told` is a whole second of the device's."""
    return OffsetBounds(told - answered_at, told + SECOND - asked_at, answered_at)
