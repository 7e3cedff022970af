"""Weekly hours by the wall clock of a zone: what an agreement's `hours` mean at an instant.

A window belongs to the days that it begins on and may run over midnight. The wall clock decides: where it is turned
back, an hour that comes twice counts twice; where it is turned forward, an hour that does not come never counts.
"""

from datetime import datetime
from typing import Annotated, Final, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WallTime = Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$", examples=["22:00"])]
DAYS: Final[tuple[Day, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Window(BaseModel):
    """From `start` on each of these days until `end`, on the next day where that is not later. `24:00` is midnight."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: Annotated[tuple[Day, ...], Field(min_length=1)]
    start: WallTime
    end: WallTime

    @model_validator(mode="after")
    def _begins(self) -> Self:
        if self.start in (self.end, "24:00"):
            raise ValueError("a window ends at another time than it starts; a whole day is 00:00 to 24:00")
        return self

    def holds(self, day: int, minute: int) -> bool:
        """`day` counts from Monday, `minute` from midnight, both by the wall clock."""
        start, end = _minute(self.start), _minute(self.end)
        began_today, began_before = DAYS[day] in self.days, DAYS[day - 1] in self.days
        if start < end:
            return began_today and start <= minute < end
        return (began_today and start <= minute) or (began_before and minute < end)


class Hours(BaseModel):
    """Windows of a week by the wall clock of an IANA zone; any of them will do."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zone: str
    windows: Annotated[tuple[Window, ...], Field(min_length=1, max_length=50)]

    @field_validator("zone")
    @classmethod
    def _is_known(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"there is no zone {value!r}: write it as in Europe/Paris")
        return value

    def hold(self, at: datetime) -> bool:
        """Whether the instant lies in a window. It changes at whole minutes only."""
        wall = at.astimezone(ZoneInfo(self.zone))
        return any(window.holds(wall.weekday(), wall.hour * 60 + wall.minute) for window in self.windows)


def _minute(text: str) -> int:
    hour, _, minute = text.partition(":")
    return int(hour) * 60 + int(minute)
