"""Arrays that grow: a column by slot, rows of varying length by slot, and codes of repeated values."""

from collections.abc import Hashable, Iterable
from typing import Any, Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from broker.catalog.index.compiling import compiled

Slots = NDArray[np.int64]
"""Which rows of the table: each camera has one slot for as long as it is known."""

FIRST_CAPACITY: Final = 1024
H = TypeVar("H", bound=Hashable)


@compiled
def put_together(parts: NDArray[Any], begins: Slots, counts: Slots, into: NDArray[Any]) -> None:
    """Copies every slot's parts, one slot behind the other, and notes where they begin now."""
    end = 0
    for slot in range(len(counts)):
        begin, count = begins[slot], counts[slot]
        begins[slot] = end
        for row in range(count):
            for column in range(into.shape[1]):
                into[end + row, column] = parts[begin + row, column]
        end += count


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

    A slot's parts are rows `begins` to `begins + counts` of `parts`; when they are set anew they go to the end, and
    the old ones are dropped once they are more than what is used. Keep no reference to the arrays.
    """

    def __init__(self, width: int, dtype: Any) -> None:
        self.begins: Slots = np.zeros(FIRST_CAPACITY, np.int64)
        self.counts: Slots = np.zeros(FIRST_CAPACITY, np.int64)
        self.parts: NDArray[Any] = np.empty((FIRST_CAPACITY, width), dtype)
        self._end = 0
        self._used = 0

    def reserve(self, capacity: int) -> None:
        """Makes room for slots below `capacity`."""
        lacking = capacity - len(self.counts)
        if lacking > 0:
            self.begins = np.concatenate((self.begins, np.zeros(lacking, np.int64)))
            self.counts = np.concatenate((self.counts, np.zeros(lacking, np.int64)))

    def put(self, slots: Slots, counts: Slots, parts: NDArray[Any]) -> None:
        """Replaces the parts of these slots, each named once: `parts` holds `counts` rows of each in turn."""
        total = len(parts)
        self._used += total - int(self.counts[slots].sum())
        if self._end + total > len(self.parts):
            self._make_room(total)
        self.parts[self._end : self._end + total] = parts
        self.begins[slots] = self._end + counts.cumsum() - counts
        self.counts[slots] = counts
        self._end += total

    def of(self, slots: Slots) -> tuple[NDArray[np.int64], NDArray[Any]]:
        """The parts of all these slots: for each the index in `slots` that it belongs to, and its numbers."""
        counts = self.counts.take(slots)
        ends = counts.cumsum()
        total = int(ends[-1]) if len(ends) else 0
        whose = np.arange(len(slots)).repeat(counts)
        at = (self.begins.take(slots) - ends + counts).take(whose)
        at += np.arange(total)
        return whose, self.parts.take(at, axis=0)

    def reorder(self, order: Slots) -> None:
        """Slot k is from now on what slot `order[k]` was; parts lie in the order of their slots."""
        self.begins[: len(order)] = self.begins[order]
        self.counts[: len(order)] = self.counts[order]
        self._compact(len(self.parts))

    def _make_room(self, count: int) -> None:
        if self._end - (self._used - count) > len(self.parts) // 2:
            self._compact(self._used)
        lacking = self._end + count - len(self.parts)
        if lacking > 0:
            more = np.empty((max(lacking, len(self.parts)), self.parts.shape[1]), self.parts.dtype)
            self.parts = np.concatenate((self.parts, more))

    def _compact(self, capacity: int) -> None:
        total = int(self.counts.sum())
        parts = np.empty((max(capacity, total), self.parts.shape[1]), self.parts.dtype)
        put_together(self.parts, self.begins, self.counts, parts)
        self.parts, self._end = parts, total


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
