"""Weekly hours: by the wall clock, over midnight, on the two days of the year that are not 24 hours long."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from broker.hours import Hours


def hours(start: str, end: str, *days: str, zone: str = "Europe/Paris") -> Hours:
    return Hours.model_validate({"zone": zone, "windows": [{"days": days, "start": start, "end": end}]})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("instant", "inside"),
    [
        ("2026-06-15T19:59:59.999999", False),  # Monday 21:59 in Paris
        ("2026-06-15T20:00", True),
        ("2026-06-16T03:59:59", True),  # Tuesday, still Monday's window
        ("2026-06-16T04:00", False),
        ("2026-06-16T20:00", False),  # Tuesday evening is no window
        ("2026-06-15T03:00", False),  # Monday morning belongs to Sunday
        ("2026-12-14T20:30", False),  # winter: 21:30
        ("2026-12-14T21:00", True),
    ],
)
def test_a_window_over_midnight_belongs_to_the_day_that_it_begins_on(instant: str, inside: bool) -> None:
    assert hours("22:00", "06:00", "mon").hold(at(instant)) is inside


@pytest.mark.parametrize(
    ("instant", "inside"),
    [
        ("2026-10-25T00:29", False),
        ("2026-10-25T00:30", True),  # 02:30, summer time
        ("2026-10-25T00:59", True),
        ("2026-10-25T01:00", False),  # 02:00 again, winter time
        ("2026-10-25T01:30", True),  # 02:30 again
        ("2026-10-25T02:00", False),  # 03:00
    ],
)
def test_an_hour_that_comes_twice_counts_twice(instant: str, inside: bool) -> None:
    assert hours("02:30", "03:00", "sun").hold(at(instant)) is inside


def test_an_hour_that_does_not_come_never_counts() -> None:
    night = hours("02:00", "03:00", "sun")
    assert not any(night.hold(at(f"2026-03-29T{h:02}:{m:02}")) for h in range(4) for m in range(60))


def test_a_whole_day_is_all_of_it_however_long_it_is() -> None:
    day = hours("00:00", "24:00", "sun")
    assert all(day.hold(at(i)) for i in ("2026-10-24T22:00", "2026-10-25T01:30", "2026-10-25T22:59:59"))
    assert not day.hold(at("2026-10-24T21:59:59"))
    assert not day.hold(at("2026-10-25T23:00"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"zone": "Europe/Nowhere"},
        {"windows": []},
        {"windows": [{"days": [], "start": "08:00", "end": "09:00"}]},
        {"windows": [{"days": ["mon"], "start": "08:00", "end": "08:00"}]},
        {"windows": [{"days": ["mon"], "start": "24:00", "end": "08:00"}]},
        {"windows": [{"days": ["mon"], "start": "8:00", "end": "09:00"}]},
        {"windows": [{"days": ["monday"], "start": "08:00", "end": "09:00"}]},
    ],
)
def test_what_is_no_week_is_refused(wrong: dict[str, object]) -> None:
    right = {"zone": "UTC", "windows": [{"days": ["mon"], "start": "08:00", "end": "09:00"}]}
    assert Hours.model_validate(right)
    with pytest.raises(ValidationError):
        Hours.model_validate(right | wrong)
