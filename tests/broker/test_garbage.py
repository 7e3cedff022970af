import gc
from collections.abc import Iterator

import pytest

from broker.garbage import YOUNG_OBJECTS, collect_seldom, spare_what_stays


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def test_only_many_young_objects_are_looked_at() -> None:
    _, *others = gc.get_threshold()
    collect_seldom()
    assert gc.isenabled()
    assert gc.get_threshold() == (YOUNG_OBJECTS, *others)


class Knot:
    """Refers to itself, so that only a pass ends it."""

    ended = 0

    def __init__(self) -> None:
        self.me = self

    def __del__(self) -> None:
        Knot.ended += 1


def test_what_is_there_is_spared_and_what_comes_later_is_not() -> None:
    Knot.ended = 0
    there = Knot()
    spare_what_stays()
    assert gc.get_freeze_count() > 0
    later = Knot()
    del there, later
    gc.collect()
    assert Knot.ended == 1
