"""Exact time: comparisons of instants agree with those of timestamps, and ticks never run out of order."""

from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.evidence.cut.timeline import (
    Clock,
    Ticks,
    frame_period,
    gap_threshold,
    instant_of,
    seconds_of,
    timescale_for,
)
from tests.broker.evidence.cut.footage import START

time_bases = st.sampled_from(
    [Fraction(1, 1000), Fraction(1, 90_000), Fraction(1, 25), Fraction(1001, 30_000), Fraction(1, 11_456)]
)
offsets_us = st.integers(-(10**9), 10**10)


@given(time_base_s=time_bases, first_pts=st.integers(-1000, 1000), offset_us=offsets_us)
def test_the_first_timestamp_at_an_instant_is_the_smallest_not_before_it(
    time_base_s: Fraction, first_pts: int, offset_us: int
) -> None:
    clock = Clock.anchored(START, first_pts, time_base_s)
    instant = START + timedelta(microseconds=offset_us)
    pts = clock.first_pts_at(instant)
    assert clock.instant(pts) >= instant
    assert clock.instant(pts - 1) < instant


@given(offset_us=offsets_us)
def test_whole_microseconds_survive_the_way_through_seconds(offset_us: int) -> None:
    instant = START + timedelta(microseconds=offset_us)
    assert instant_of(seconds_of(instant)) == instant


@given(time_base_s=time_bases, first_pts=st.integers(-(10**6), 10**6), distance=st.integers(0, 10**8))
def test_a_file_keeps_its_own_distances_in_ticks(
    time_base_s: Fraction, first_pts: int, distance: int
) -> None:
    clock = Clock.anchored(START, first_pts, time_base_s)
    timescale = timescale_for(time_base_s)
    ticks = Ticks.of(clock, clock.seconds(first_pts), timescale)
    assert ticks.at(first_pts) == 0
    assert ticks.at(first_pts + distance) == distance * time_base_s * timescale


@given(time_base_s=time_bases, other_s=time_bases, shift_us=offsets_us, pts=st.integers(0, 10**7))
def test_another_files_ticks_are_the_nearest_ones(
    time_base_s: Fraction, other_s: Fraction, shift_us: int, pts: int
) -> None:
    timescale = timescale_for(time_base_s)
    clock = Clock.anchored(START + timedelta(microseconds=shift_us), 0, other_s)
    ticks = Ticks.of(clock, seconds_of(START), timescale)
    exact = (clock.seconds(pts) - seconds_of(START)) * timescale
    assert abs(ticks.at(pts) - exact) <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("time_base_s", "timescale"),
    [
        (Fraction(1, 90_000), 90_000),
        (Fraction(1, 1000), 10_000),
        (Fraction(1, 30), 10_020),
        (Fraction(1, 10**9), 90_000),
    ],
)
def test_the_timescale_holds_the_time_base_unless_it_is_too_fine(
    time_base_s: Fraction, timescale: int
) -> None:
    assert timescale_for(time_base_s) == timescale


def test_the_slowest_camera_decides_what_a_gap_is() -> None:
    assert gap_threshold(Fraction(1, 25)) == 1
    assert gap_threshold(Fraction(1, 25), Fraction(3, 2)) == 3
    assert frame_period([0, 10, 20, 500, 510], Fraction(1, 100)) == Fraction(1, 10)
    assert frame_period([7], Fraction(1, 100)) == 0
