"""Instants in the ledger are exact and without zone."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from broker.ledger.columns import InstantColumn

COLUMN, DIALECT = InstantColumn(), sqlite.dialect()
ZONES = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=ZONES))  # noqa: DTZ001 - hypothesis adds the zone
def test_an_instant_comes_back_as_it_went_in_whatever_its_zone(instant: datetime) -> None:
    stored = COLUMN.process_bind_param(instant, DIALECT)
    back = COLUMN.process_result_value(stored, DIALECT)
    assert back == instant
    assert back is not None
    assert back.tzinfo is UTC


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_stored_instants_sort_as_instants(first: datetime, second: datetime) -> None:
    stored = [COLUMN.process_bind_param(instant, DIALECT) for instant in (first, second)]
    assert (stored[0] < stored[1]) == (first < second)  # type: ignore[operator]  # neither is None


def test_an_instant_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without zone"):
        COLUMN.process_bind_param(datetime(2026, 1, 1), DIALECT)  # noqa: DTZ001 - the point of the test


def test_nothing_stays_nothing() -> None:
    assert COLUMN.process_bind_param(None, DIALECT) is None
    assert COLUMN.process_result_value(None, DIALECT) is None
