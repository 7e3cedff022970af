"""Rows of varying length stay what was put, however often they are put anew."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from broker.catalog.index.arrays import FIRST_CAPACITY, Column, Ragged, Vocabulary

PUTS = st.lists(st.tuples(st.integers(0, 5), st.lists(st.integers(0, 99), max_size=400)), max_size=60)


def put(ragged: Ragged, slot: int, parts: Sequence[int]) -> None:
    ragged.put(np.array([slot]), np.array([len(parts)]), np.array(parts, np.int64).reshape(-1, 1))


@given(PUTS)
def test_rows_are_what_was_put_last(puts: list[tuple[int, list[int]]]) -> None:
    ragged, model = Ragged(1, np.int64), dict[int, list[int]]()
    for slot, parts in puts:
        put(ragged, slot, parts)
        model[slot] = parts
    slots = np.array([3, 0, 5, 3, 1, 2, 4])
    whose, parts_found = ragged.of(slots)
    for row, slot in enumerate(slots):
        assert parts_found[whose == row, 0].tolist() == model.get(int(slot), [])


def test_dropped_rows_leave_their_room_to_others() -> None:
    ragged = Ragged(1, np.int64)
    for _ in range(1000):
        put(ragged, 7, range(FIRST_CAPACITY // 4))
    assert len(ragged.parts) <= 2 * FIRST_CAPACITY


def test_a_column_grows_with_its_fill() -> None:
    column = Column(np.float64, np.nan)
    column.values[3] = 1.0
    column.reserve(10_000)
    assert column.values[3] == 1.0
    assert np.isnan(column.values[9_999])


def test_a_value_has_one_code() -> None:
    words: Vocabulary[str] = Vocabulary(["a"])
    assert [words.code("a"), words.code("b"), words.code("b"), words.find("b"), words.find("c")] == [
        0,
        1,
        1,
        1,
        -1,
    ]
