"""A clock that tells whole seconds is measured to milliseconds, with the right sign, and never wrongly."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from adapters.onvif.clock import SECOND, OffsetBounds, reading

START = datetime(2026, 6, 15, 12, tzinfo=UTC)
OFFSETS = st.timedeltas(min_value=timedelta(days=-2), max_value=timedelta(days=2))
TRIPS = st.lists(st.tuples(st.integers(0, 40_000), st.integers(0, 40_000)), min_size=8, max_size=8)


def told(offset: timedelta, at: datetime) -> datetime:
    """What a device with this offset shows at a moment of ours."""
    theirs = at + offset
    return theirs - (theirs - datetime(1970, 1, 1, tzinfo=UTC)) % SECOND


def measured(offset: timedelta, trips: list[tuple[int, int]]) -> OffsetBounds:
    """As the client measures: each question is sent when the device's second is thought to turn."""
    bounds, moment = None, START
    for there_us, back_us in trips:
        asked, arrived = moment, moment + timedelta(microseconds=there_us)
        answered = arrived + timedelta(microseconds=back_us)
        further = reading(told(offset, arrived), asked, answered)
        bounds = further if bounds is None else bounds.narrowed(further)
        moment = bounds.turn_after(answered)
    assert bounds is not None
    return bounds


@given(OFFSETS, TRIPS)
def test_the_true_offset_always_lies_within_the_bounds(
    offset: timedelta, trips: list[tuple[int, int]]
) -> None:
    bounds = measured(offset, trips)
    assert bounds.least <= offset <= bounds.most


@given(OFFSETS)
def test_eight_quick_readings_know_the_offset_to_some_milliseconds(offset: timedelta) -> None:
    bounds = measured(offset, [(500, 500)] * 8)
    assert bounds.width <= timedelta(milliseconds=12)
    assert abs(bounds.offset - offset) <= bounds.width


@given(TRIPS)
def test_a_device_that_keeps_utc_is_not_off_at_all(trips: list[tuple[int, int]]) -> None:
    assert measured(timedelta(), trips).offset == timedelta()


def test_a_clock_that_is_ahead_has_a_positive_offset() -> None:
    assert measured(timedelta(minutes=3), [(0, 0)] * 8).offset > timedelta(minutes=2)
    assert measured(timedelta(minutes=-3), [(0, 0)] * 8).offset < timedelta(minutes=-2)


def test_a_clock_that_was_set_is_measured_anew() -> None:
    before = measured(timedelta(seconds=40), [(0, 0)] * 8)
    later = before.at + timedelta(minutes=1)
    after = before.narrowed(reading(told(timedelta(), later), later, later))
    assert after.least <= timedelta() <= after.most
    assert after.width == SECOND


def test_what_is_known_widens_as_it_ages() -> None:
    known = OffsetBounds(timedelta(), timedelta(milliseconds=4), START)
    vague = OffsetBounds(-SECOND, SECOND, START + timedelta(seconds=100))
    aged = known.narrowed(vague)
    assert (aged.least, aged.most) == (timedelta(milliseconds=-20), timedelta(milliseconds=24))
