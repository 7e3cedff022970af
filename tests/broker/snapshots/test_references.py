"""A reference is the mean of good looks, by the sun's hours, and is gathered anew once a day."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from broker.snapshots.looks import HEIGHT, WIDTH, Look, measure
from broker.snapshots.references import LOOKS, RENEWED_AFTER_S, HourClass, Reference, hour_class, renewed

AT = datetime(2026, 6, 15, 12, tzinfo=UTC)


def look(level: int) -> Look:
    return measure(np.full((HEIGHT, WIDTH), level, np.uint8), None)


def gathered(levels: list[int], at: datetime = AT, reference: Reference | None = None) -> Reference:
    for level in levels:
        reference = renewed(reference, look(level), at)
    assert reference is not None
    return reference


def level_of(reference: Reference) -> float:
    grey = reference.grey()
    assert grey is not None
    return float(grey.mean())


def test_a_reference_serves_from_the_first_look_and_is_their_mean() -> None:
    assert level_of(gathered([100])) == pytest.approx(100, abs=1)
    assert level_of(gathered([100, 101, 101, 104])) == pytest.approx(101.5, abs=1)
    whole = gathered([100 + number for number in range(LOOKS)])
    assert level_of(whole) == pytest.approx(100 + (LOOKS - 1) / 2, abs=1)
    assert whole.is_whole and whole.gathering is None


def test_a_whole_reference_stays_for_a_day_and_then_a_new_one_takes_its_place_at_once() -> None:
    whole = gathered([100] * LOOKS)
    later = AT + timedelta(seconds=RENEWED_AFTER_S)
    assert gathered([200], later - timedelta(seconds=1), whole) == whole
    under_way = gathered([200] * (LOOKS - 1), later, whole)
    assert level_of(under_way) == pytest.approx(100, abs=1)
    assert level_of(gathered([200], later, under_way)) == pytest.approx(200, abs=1)


@pytest.mark.parametrize(
    ("hour", "lon_deg", "expected"),
    [
        (0, None, HourClass.NIGHT),
        (2, None, HourClass.NIGHT),
        (3, None, HourClass.MORNING),
        (12, 0.0, HourClass.MIDDAY),
        (20, 2.35, HourClass.EVENING),
        (21, 2.35, HourClass.NIGHT),
        (0, 180.0, HourClass.MIDDAY),
        (12, -180.0, HourClass.NIGHT),
        (6, 90.0, HourClass.MIDDAY),
    ],
)
def test_hours_are_the_suns_where_the_camera_stands(
    hour: int, lon_deg: float | None, expected: HourClass
) -> None:
    assert hour_class(AT.replace(hour=hour), lon_deg) is expected
