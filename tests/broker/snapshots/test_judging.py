"""The order of judgements, on measures alone."""

import msgspec
import pytest

from broker.snapshots.judging import verdict
from broker.snapshots.models import MEANINGS, Quality
from broker.snapshots.references import Evidence
from broker.snapshots.thresholds import SHIPPED

USUAL = Evidence(
    common_share=0.3, low=40, high=200, highest=250, noise=0, likeness=30, sharpness=0, structure=0
)


def evidence(**measures: float | None) -> Evidence:
    return msgspec.structs.replace(USUAL, **measures)


CASES = [
    ({"low": 250, "high": 255, "highest": 255, "common_share": 1.0}, Quality.BRIGHT),
    ({"common_share": 0.99, "high": 60}, Quality.NO_SIGNAL),
    ({"common_share": 0.99, "low": 0, "high": 0, "highest": 255}, Quality.NO_SIGNAL),
    ({"common_share": 0.99, "low": 0, "high": 5, "highest": 30}, Quality.DARK),
    ({"noise": 2}, Quality.NOISY),
    ({"likeness": 2, "structure": -2}, Quality.COVERED),
    ({"structure": -2}, Quality.COVERED),
    ({"sharpness": -1, "structure": -2}, Quality.BLURRED),
    ({"sharpness": -1, "structure": -2, "likeness": 2}, Quality.COVERED),
    ({"likeness": 2, "sharpness": -1}, Quality.MOVED),
    ({"likeness": None, "sharpness": None, "structure": None, "noise": None}, Quality.GOOD),
]


@pytest.mark.parametrize(("measures", "expected"), CASES)
def test_a_fault_counts_when_both_looks_have_it(measures: dict[str, float], expected: Quality) -> None:
    faulty = evidence(**measures)
    assert verdict(faulty, faulty, 0.9, SHIPPED) is expected
    assert verdict(faulty, None, None, SHIPPED) is expected
    assert verdict(faulty, USUAL, 0.9, SHIPPED) is Quality.GOOD
    assert verdict(USUAL, faulty, 0.9, SHIPPED) is Quality.GOOD


def test_what_looks_the_same_again_is_frozen_unless_it_is_covered_or_no_view_at_all() -> None:
    assert verdict(USUAL, USUAL, 0.0, SHIPPED) is Quality.FROZEN
    assert verdict(USUAL, USUAL, 0.5, SHIPPED) is Quality.GOOD
    for measures in ({"structure": -2.0}, {"high": 5.0, "highest": 9.0}, {"common_share": 0.99}):
        faulty = evidence(**measures)
        assert verdict(faulty, faulty, 0.0, SHIPPED) not in (Quality.FROZEN, Quality.GOOD)


def test_every_word_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Quality)
