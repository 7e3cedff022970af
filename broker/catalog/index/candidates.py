"""What a question makes of the cameras that it found, one row a camera."""

from datetime import timedelta
from itertools import accumulate
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from broker.catalog.geometry import Bytes, Floats
from broker.catalog.index.areas import Asked, Found
from broker.catalog.index.arrays import Slots
from broker.catalog.index.instants import microseconds
from broker.catalog.index.judging import bands, described, fitting
from broker.catalog.index.table import CameraTable
from broker.catalog.names import folded
from broker.catalog.questions import PageKey, Question

FRESH_US: Final = timedelta(minutes=10) // timedelta(microseconds=1)
NOWHERE_M: Final = np.empty((0, 3))


class Page(msgspec.Struct, frozen=True):
    """The cameras of one page, in order, one row each. NaN, `UNKNOWN` and `NEVER_US` where not known; `covered_s` and
    `sees` also where that is not the caller's to know. `next_after` where more follow."""

    slots: Slots
    bits: NDArray[np.uint8]
    status: Bytes
    distance_m: Floats
    bearing_deg: Floats
    along_m: Floats | None
    sees: Bytes
    covered_s: Floats
    overwrite_us: NDArray[np.int64]
    captured_us: NDArray[np.int64]
    next_after: PageKey | None


class Candidates:
    """The rows that are left, `found` in an area."""

    def __init__(self, table: CameraTable, question: Question, asked: Asked, found: Found) -> None:
        self.table = table
        self.question = question
        self.found = found
        self._asked = asked
        self._rights = asked.rights.bits.values
        self._ptz = table.words.kind.find("ptz")

    @property
    def _from_m(self) -> Floats:
        return NOWHERE_M if self.found.from_m is None else self.found.from_m

    def keep(self, rows: NDArray[np.int64]) -> None:
        """Goes on with these rows, in this order."""
        self.found = self.found.take(rows)

    def fitting(self) -> Slots:
        """The rows that pass what their records alone do not decide."""
        question, found, texts = self.question, self.found, self.table.texts
        if not question.sees and question.interval is None and question.text is None:
            return np.arange(len(found))
        words = [word.encode(errors="surrogatepass") for word in folded(question.text or "").split()]
        return fitting(
            found.slots,
            found.distance_m,
            self._from_m,
            self._rights,
            self._ptz,
            self._asked.wanted,
            np.frombuffer(b"".join(words), np.uint8),
            np.array(list(accumulate(map(len, words))), np.int64),
            texts.begins,
            texts.counts,
            texts.parts.reshape(-1),
            *self.table.known,
        )

    def bands(self) -> Slots:
        """By rank, one number a row, best first."""
        found, wanted, stale = self.found, self._asked.wanted, self._asked.stale
        fresh_us = microseconds(self.question.as_of) - FRESH_US
        return bands(
            found.slots,
            found.distance_m,
            self._from_m,
            self._rights,
            self._ptz,
            wanted,
            stale,
            fresh_us,
            *self.table.known,
        )

    def page(self, next_after: PageKey | None) -> Page:
        """The rows as what is answered."""
        found, wanted, stale = self.found, self._asked.wanted, self._asked.stale
        bits, status, bearing_deg, sees, covered_s, overwrite_us, captured_us = described(
            found.slots,
            found.distance_m,
            self._from_m,
            self._rights,
            self._ptz,
            wanted,
            stale,
            *self.table.known,
        )
        return Page(
            found.slots,
            bits,
            status,
            found.distance_m,
            bearing_deg,
            found.along_m,
            sees,
            covered_s,
            overwrite_us,
            captured_us,
            next_after,
        )
