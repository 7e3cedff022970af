"""What a question makes of the cameras that it found: columns made when first asked for, one row a camera."""

from datetime import timedelta
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from broker.catalog.disclosure import PICTURE_BITS
from broker.catalog.geometry import Bytes, Floats
from broker.catalog.index.areas import Asked, Found
from broker.catalog.index.instants import microseconds
from broker.catalog.index.kernels import UNKNOWN, bearings_deg, footage, sights, statuses
from broker.catalog.index.table import CameraTable
from broker.catalog.questions import Question

FRESH_US: Final = timedelta(minutes=10) // timedelta(microseconds=1)

COLUMNS: Final = ("status", "sees", "covered_s", "overwrite_us")


class Candidates:
    """The rows that are left, `found` in an area."""

    def __init__(self, table: CameraTable, question: Question, asked: Asked, found: Found) -> None:
        self.table = table
        self.question = question
        self.found = found
        self._asked = asked

    def keep(self, rows: NDArray[np.int64]) -> None:
        """Goes on with these rows, in this order."""
        self.found = self.found.take(rows)
        made = vars(self)
        made.update({name: made[name].take(rows) for name in COLUMNS if name in made})

    @property
    def bits(self) -> NDArray[np.uint8]:
        """What the caller may do with each camera."""
        bits: NDArray[np.uint8] = self._asked.rights.bits.values.take(self.found.slots)
        return bits

    @property
    def captured_us(self) -> NDArray[np.int64]:
        """When each snapshot was taken, whether or not the caller may know."""
        captured: NDArray[np.int64] = self.table.facts["captured_us"][self.found.slots]
        return captured

    @property
    def bearing_deg(self) -> Floats:
        """Towards each camera from where its distance counts from."""
        if self.found.from_m is None:
            return np.full(len(self.found), np.nan)
        return bearings_deg(self.found.slots, self.table.points_m, self.found.from_m)

    @cached_property
    def status(self) -> Bytes:
        """Codes of `STATUSES` as of the question."""
        return statuses(self.found.slots, self.table.facts, self._asked.stale)

    @cached_property
    def sees(self) -> Bytes:
        """Whether each camera sees the point that its distance counts from: 1 yes, 0 no, -1 unknown."""
        found, table = self.found, self.table
        if found.from_m is None:
            return np.full(len(found), UNKNOWN, np.int8)
        return sights(
            found.slots,
            found.distance_m,
            found.from_m,
            table.facts,
            self._asked.rights.bits.values,
            table.points_m,
            table.views.begins,
            table.views.counts,
            table.views.parts,
            table.kinds.find("ptz"),
        )

    @cached_property
    def covered_s(self) -> Floats:
        """How much of the asked interval there is footage of; NaN where the caller may not know."""
        self._read_spans()
        return self.covered_s

    @cached_property
    def overwrite_us(self) -> NDArray[np.int64]:
        """When the first footage, of the interval where one is asked for, will be erased; `NEVER_US` where
        unknown."""
        self._read_spans()
        return self.overwrite_us

    def _read_spans(self) -> None:
        """Makes both columns that come from footage."""
        spans, asked = self.table.spans, self._asked
        self.covered_s, self.overwrite_us = footage(
            self.found.slots,
            asked.rights.bits.values,
            spans.begins,
            spans.counts,
            spans.parts,
            asked.wanted.begin_us,
            asked.wanted.end_us,
        )

    def fresh(self) -> NDArray[np.bool_]:
        """Whether there is a snapshot that the caller may see and that is not old."""
        taken = self.captured_us >= microseconds(self.question.as_of) - FRESH_US
        fresh: NDArray[np.bool_] = taken & ((self.bits & PICTURE_BITS) != 0)
        return fresh
