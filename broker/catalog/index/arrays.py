"""Arrays that grow: a column by slot, rows of varying length by slot, and codes of repeated values."""

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Slots = NDArray[np.int64]
"""Which rows of the table: each camera has one slot for as long as it is known."""

FIRST_CAPACITY: Final = 1024
H = TypeVar("H", bound=Hashable)


class Column:
    """One value a slot; what was never set is `fill`. `values` spans the capacity, so keep no reference to it."""

    def __init__(self, dtype: Any, fill: Any) -> None:
        self._fill = fill
        self.values: NDArray[Any] = np.full(FIRST_CAPACITY, fill, dtype)

    def reserve(self, capacity: int) -> None:
        """Makes room for slots below `capacity`."""
        lacking = capacity - len(self.values)
        if lacking > 0:
            more = np.full(max(lacking, len(self.values)), self._fill, self.values.dtype)
            self.values = np.concatenate((self.values, more))


class Ragged:
    """Any number of parts a slot, each of `width` numbers.

    A slot's parts lie together; when they are set anew they go to the end, and the old ones are dropped once
    they are more than what is used.
    """

    def __init__(self, width: int, dtype: Any) -> None:
        self._where: NDArray[np.int64] = np.zeros((FIRST_CAPACITY, 2), np.int64)
        self._parts: NDArray[Any] = np.empty((FIRST_CAPACITY, width), dtype)
        self._end = 0
        self._used = 0

    def reserve(self, capacity: int) -> None:
        """Makes room for slots below `capacity`."""
        lacking = capacity - len(self._where)
        if lacking > 0:
            self._where = np.concatenate((self._where, np.zeros((lacking, 2), np.int64)))

    def put(self, slot: int, parts: Sequence[Sequence[float]]) -> None:
        """Replaces the slot's parts."""
        count = len(parts)
        self._used += count - int(self._where[slot, 1])
        if self._end + count > len(self._parts):
            self._make_room(count)
        if count:
            self._parts[self._end : self._end + count] = parts
        self._where[slot] = self._end, count
        self._end += count

    def of(self, slots: Slots) -> tuple[NDArray[np.int64], NDArray[Any]]:
        """The parts of all these slots: for each the index in `slots` that it belongs to, and its numbers."""
        begins, counts = self._where[slots].T
        whose = np.arange(len(slots)).repeat(counts)
        if not len(whose):
            return whose, self._parts[:0]
        at = np.arange(len(whose)) + (begins - counts.cumsum() + counts)[whose]
        return whose, self._parts[at]

    def _make_room(self, count: int) -> None:
        if self._end - (self._used - count) > len(self._parts) // 2:
            self._compact()
        lacking = self._end + count - len(self._parts)
        if lacking > 0:
            more = np.empty((max(lacking, len(self._parts)), self._parts.shape[1]), self._parts.dtype)
            self._parts = np.concatenate((self._parts, more))

    def _compact(self) -> None:
        slots = np.flatnonzero(self._where[:, 1])
        _, parts = self.of(slots)
        counts = self._where[slots, 1]
        self._where[slots, 0] = np.cumsum(counts) - counts
        self._parts = parts
        self._end = len(parts)


class Vocabulary(Generic[H]):
    """Codes for values that repeat, in the order of their first use."""

    def __init__(self, values: Iterable[H] = ()) -> None:
        self.values: list[H] = list(values)
        self._codes: dict[H, int] = {value: code for code, value in enumerate(self.values)}

    def code(self, value: H) -> int:
        """The value's code, a new one at its first use."""
        code = self._codes.get(value)
        if code is None:
            code = self._codes[value] = len(self.values)
            self.values.append(value)
        return code

    def find(self, value: H) -> int:
        """The value's code, -1 where it was never used."""
        return self._codes.get(value, -1)
