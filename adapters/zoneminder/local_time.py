"""From the local times of events to instants, through the hour that autumn repeats.

Owns that one decision. ZoneMinder tells whole local seconds without an offset. Events are numbered as they begin, and
one of a monitor begins when the one before is over, but for a group of pictures that both have; in the hour that the
clock shows twice, an event that would begin before that is of the second pass, and so is one that is joined to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

TOUCHING: Final = timedelta(seconds=2)
"""Two starts in whole seconds: what lies closer may be joined."""


@dataclass(frozen=True, slots=True)
class LocalEvent:
    """When an event began by the server's clock, and how long it lasts."""

    start: datetime
    length: timedelta


def readings(local: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """The instants that a local time can mean, in UTC and in order: one, or two in a repeated hour."""
    first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    # In the hour that spring leaves out the two differ as well, the wrong way round; only one clock runs then.
    return (first, second) if first < second else (first,)


def instants(events: Sequence[LocalEvent], zone: ZoneInfo) -> list[datetime]:
    """The start of each event, which are all of one monitor and in the order of their numbers."""
    chosen: list[datetime] = []
    earliest: datetime | None = None
    for event in events:
        possible = readings(event.start, zone)
        chosen.append(next((at for at in possible if earliest is None or at >= earliest), possible[-1]))
        earliest = chosen[-1] + event.length / 2
    for place in range(len(events) - 2, -1, -1):
        later = [at for at in readings(events[place].start, zone) if at > chosen[place]]
        if later and abs(chosen[place + 1] - (later[0] + events[place].length)) <= TOUCHING:
            chosen[place] = later[0]
    return chosen


def local(instant: datetime, zone: ZoneInfo) -> datetime:
    """The wall clock at an instant, naive."""
    return instant.astimezone(zone).replace(tzinfo=None)
