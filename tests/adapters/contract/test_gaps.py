"""One rule says what a gap is, exactly as its periods are exact."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.gaps import gap_over_s, longest_period_s


@pytest.mark.parametrize(
    ("periods_s", "over_s"),
    [((), 1), ((0,), 1), ((0.04,), 1), ((0.5,), 1), ((0.75,), 1.5), ((0.04, 3.0), 6.0), ((3.0, 0.04), 6.0)],
)
def test_a_gap_is_more_than_a_second_and_more_than_two_frame_periods_of_the_slower(
    periods_s: tuple[float, ...], over_s: float
) -> None:
    assert gap_over_s(*periods_s) == over_s


@given(st.fractions(0, 100), st.fractions(0, 100))
def test_exact_periods_give_an_exact_limit(one: Fraction, other: Fraction) -> None:
    assert gap_over_s(one, other) == max(Fraction(1), 2 * one, 2 * other)


@pytest.mark.parametrize(
    ("rates_fps", "period_s"),
    [([], 0.0), ([None], 0.0), ([25.0], 0.04), ([25.0, None, 0.5], 2.0), ([0.25, 25.0], 4.0)],
)
def test_the_slowest_known_stream_decides(rates_fps: list[float | None], period_s: float) -> None:
    assert longest_period_s(rates_fps) == period_s
