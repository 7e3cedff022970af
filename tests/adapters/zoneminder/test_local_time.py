"""Local times become instants, also in the hour that autumn repeats."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.zoneminder.local_time import LocalEvent, instants, local, readings

PARIS = ZoneInfo("Europe/Paris")
TEN_MINUTES = timedelta(minutes=10)


def events(zone: ZoneInfo, start: datetime, count: int, length: timedelta = TEN_MINUTES) -> list[LocalEvent]:
    """Events that follow each other, as the server tells them."""
    return [LocalEvent(local(start + n * length, zone), length) for n in range(count)]


def test_a_local_time_in_summer_is_two_hours_ahead_in_paris() -> None:
    noon = LocalEvent(datetime.fromisoformat("2026-06-15 14:00:00"), TEN_MINUTES)
    assert instants([noon], PARIS) == [datetime(2026, 6, 15, 12, tzinfo=UTC)]


def test_continuous_events_pass_through_both_passes_of_the_repeated_hour() -> None:
    start = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
    told = events(PARIS, start, 24)
    assert [each.start.hour for each in told].count(2) == 12
    assert instants(told, PARIS) == [start + n * TEN_MINUTES for n in range(24)]


def test_events_of_the_second_pass_alone_are_known_by_what_they_are_joined_to() -> None:
    start = datetime(2026, 10, 25, 1, 20, tzinfo=UTC)  # after an outage of the whole first pass
    assert instants(events(PARIS, start, 6), PARIS) == [start + n * TEN_MINUTES for n in range(6)]


def test_events_of_the_first_pass_alone_are_taken_for_what_they_are() -> None:
    start = datetime(2026, 10, 25, 0, 20, tzinfo=UTC)
    assert instants(events(PARIS, start, 3), PARIS) == [start + n * TEN_MINUTES for n in range(3)]


def test_two_events_at_the_same_local_time_are_of_both_passes() -> None:
    start = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    told = [LocalEvent(local(at, PARIS), TEN_MINUTES) for at in (start, start + timedelta(hours=1))]
    assert told[0] == told[1]
    assert instants(told, PARIS) == [start, start + timedelta(hours=1)]


def test_the_hour_that_spring_leaves_out_changes_nothing() -> None:
    start = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    assert instants(events(PARIS, start, 12), PARIS) == [start + n * TEN_MINUTES for n in range(12)]
    assert len(readings(datetime.fromisoformat("2026-03-29 02:30:00"), PARIS)) == 1


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "UTC"])
@given(
    start=st.datetimes(datetime.fromisoformat("2026-01-01"), datetime.fromisoformat("2027-12-31")),
    length_s=st.integers(3, 3000),
    count=st.integers(2, 60),
)
def test_continuous_events_around_a_known_hour_are_always_right(
    zone: str, start: datetime, length_s: int, count: int
) -> None:
    """Where the row of events reaches past the repeated hour on one side, nothing is left to guess."""
    begun, length = start.replace(tzinfo=UTC, microsecond=0), timedelta(seconds=length_s)
    told = events(ZoneInfo(zone), begun, count, length)
    ends_known = len(readings(told[-1].start, ZoneInfo(zone))) == 1
    found = instants(told, ZoneInfo(zone))
    assert found == sorted(found)
    if ends_known:
        assert found == [begun + n * length for n in range(count)]
