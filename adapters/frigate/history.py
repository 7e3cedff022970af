"""A camera's past as runs of footage, asked day by day and remembered for a while.

A month of ten-second segments is a quarter of a million: only runs are kept, and only of days that have ended. What
Frigate erases meanwhile is noticed within `REMEMBERED`; footage itself is never opened by memory.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from adapters.contract.models import Interval
from adapters.frigate.client import FrigateClient
from adapters.frigate.mapping import Run, instant, joined, runs

REMEMBERED: Final = timedelta(hours=1)
SETTLED: Final = timedelta(minutes=10)
"""Segments appear in the listing a little after they were recorded."""
DAY: Final = timedelta(days=1)


class History:
    """What was recorded, by camera and day."""

    def __init__(self, client: FrigateClient, now: Callable[[], datetime]) -> None:
        self._client = client
        self._now = now
        self._days: dict[tuple[str, datetime], tuple[datetime, list[Run]]] = {}

    async def runs(self, camera: str, window: Interval) -> list[Run]:
        """Runs of the days that touch the window, in order; longer than the window where they are."""
        first = window.start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        found: list[Run] = []
        day = first
        while day < window.end and day < self._now() + DAY:
            found += await self._of_day(camera, day)
            day += DAY
        self._forget()
        return joined(found)

    async def _of_day(self, camera: str, day: datetime) -> list[Run]:
        """A segment belongs to the day in which it begins."""
        known = self._days.get((camera, day))
        if known is not None and self._now() - known[0] < REMEMBERED:
            return known[1]
        at = self._now()
        listed = await self._client.recordings(camera, day.timestamp(), (day + DAY).timestamp())
        found = runs(each for each in listed if day <= instant(each.start_time) < day + DAY)
        if day + DAY + SETTLED < at:
            self._days[camera, day] = (at, found)
        return found

    def _forget(self) -> None:
        old = [key for key, (asked, _) in self._days.items() if self._now() - asked >= REMEMBERED]
        for key in old:
            del self._days[key]
