"""What every call carries is read exactly, and refused with what is wrong."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.models import Interval
from broker.errors import Problem
from broker.http.calls import if_match, parse_interval

INSTANTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - zone added


@given(INSTANTS, st.timedeltas(timedelta(microseconds=1), timedelta(days=900)))
def test_an_interval_is_read_as_it_is_written(start: datetime, duration: timedelta) -> None:
    interval = Interval(start=start, end=start + duration)
    assert parse_interval(str(interval)) == interval
    east = timezone(timedelta(hours=2))
    shifted = f"{interval.start.astimezone(east).isoformat()}/{interval.end.astimezone(east).isoformat()}"
    assert parse_interval(shifted) == interval


@given(st.text(max_size=80))
def test_any_text_is_an_interval_or_a_problem(text: str) -> None:
    try:
        assert parse_interval(text).start
    except Problem as problem:
        assert (problem.code, problem.kind.status) == ("interval_invalid", 422)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "start/end"),
        ("2026-06-15T20:00:00Z", "start/end"),
        ("2026-06-15T20:00:00/2026-06-15T21:00:00", "zone"),
        ("2026-06-15T20:00:00Z/2026-06-15T20:00:00Z", "end after"),
        ("2026-06-15T21:00:00Z/2026-06-15T20:00:00Z", "end after"),
        ("0001-01-01T00:00:00+10:00/2026-06-15T20:00:00Z", "end after"),
        ("2026-06-15T20:00:00Z/9999-12-31T23:59:59-10:00", "end after"),
        ("2026-06-15T20:00:00Z/..", "needs an end"),
    ],
)
def test_a_wrong_interval_is_refused_with_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(Problem, match=said):
        parse_interval(text)


@pytest.mark.parametrize(
    ("header", "version"),
    [(None, None), ("*", None), ('"a5"', "a5"), ('W/"a5"', "a5"), (" a5 ", "a5"), ("", "")],
)
async def test_if_match_is_the_version_that_was_read(header: str | None, version: str | None) -> None:
    assert await if_match(header) == version
