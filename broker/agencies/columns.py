"""Facts of many cameras side by side, as the policy function takes them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

BoolColumn = NDArray[np.bool_]
Codes = NDArray[np.int32]
T = TypeVar("T")


@dataclass(frozen=True)
class Category(Generic[T]):
    """A column of few distinct values: row i holds `values[codes[i]]`."""

    codes: Codes
    values: Sequence[T]

    @classmethod
    def of(cls, rows: Sequence[T]) -> "Category[T]":
        """From one value a row; values are hashable."""
        codes: dict[T, int] = {}
        coded = [codes.setdefault(value, len(codes)) for value in rows]
        return cls(np.array(coded, dtype=np.int32), tuple(codes))

    def where(self, holds: Callable[[T], bool]) -> BoolColumn:
        """The rows whose value it holds for; asked once a distinct value."""
        if not self.values:
            return np.zeros(len(self.codes), bool)
        return np.fromiter(map(holds, self.values), bool, len(self.values))[self.codes]


@dataclass(frozen=True)
class CameraColumns:
    """The facts of n cameras that rights depend on. `lat_deg`, `lon_deg` are NaN where unknown; a kind that
    is not known is an empty string."""

    owner: Category[str]
    network: Category[str]
    kind: Category[str]
    tags: Category[frozenset[str]]
    lat_deg: NDArray[np.float64]
    lon_deg: NDArray[np.float64]
    reserved: BoolColumn

    def __len__(self) -> int:
        return len(self.reserved)
