"""The deadline is the earliest of the limits, and says whose it is."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.requests.deadlines import Deadline, Limit, deadline, presses_at, why_expired, without_hold
from tests.world import NOW

HOURS = st.floats(0.1, 10_000)


@given(HOURS, st.none() | HOURS, st.none() | HOURS, st.none() | HOURS)
def test_it_is_the_earliest_limit(
    broker_h: float, basis_h: float | None, agreement_h: float | None, hold_h: float | None
) -> None:
    until = None if hold_h is None else NOW + timedelta(hours=hold_h)
    found = deadline(NOW, broker_h=broker_h, basis_h=basis_h, agreement_h=agreement_h, hold_until=until)
    limits = {
        Limit.BROKER: broker_h,
        Limit.LEGAL_BASIS: basis_h,
        Limit.AGREEMENT: agreement_h,
        Limit.HOLD: hold_h,
    }
    assert found.at == NOW + timedelta(hours=min(h for h in limits.values() if h is not None))
    assert found.at == NOW + timedelta(hours=limits[found.limit] or 0)


@pytest.mark.parametrize(
    ("overwrite_h", "kept", "expected_h"),
    [(5, False, 5), (5, True, 10), (20, False, 10), (20, True, 10), (None, False, 10), (None, True, 10)],
)
def test_it_presses_once_footage_begins_to_go(
    overwrite_h: float | None, kept: bool, expected_h: float
) -> None:
    at = None if overwrite_h is None else NOW + timedelta(hours=overwrite_h)
    pressing = presses_at(NOW + timedelta(hours=10), at, is_kept=kept)
    assert pressing == NOW + timedelta(hours=expected_h)


def test_footage_that_nobody_keeps_ends_the_wait_when_it_is_gone() -> None:
    known = Deadline(NOW + timedelta(hours=10), Limit.AGREEMENT)
    assert without_hold(known, None) == known
    assert without_hold(known, NOW + timedelta(hours=11)) == known
    assert without_hold(known, NOW + timedelta(hours=9)) == (NOW + timedelta(hours=9), Limit.OVERWRITE)


def test_the_reason_says_whose_limit_it_was_and_what_had_come() -> None:
    assert "the agreement" in why_expired(Limit.AGREEMENT, 0, 2)
    assert why_expired(Limit.AGREEMENT, 1, 2).endswith("1 of 2 approvals had come")
    assert len({why_expired(limit, 0, 1) for limit in Limit}) == len(Limit)
