"""What a question makes of the cameras that it found: columns made when first asked for, one row a camera."""

from datetime import timedelta
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from broker.catalog.disclosure import FOOTAGE_BITS, PICTURE_BITS, VIEW_BITS
from broker.catalog.geometry import SEES, SEES_NOT, UNKNOWN, Bytes, Floats, views_see
from broker.catalog.index.areas import Found
from broker.catalog.index.memory import CatalogIndex
from broker.catalog.index.table import NEVER_US, STATUSES, microseconds
from broker.catalog.questions import Question

UP: Final = STATUSES.index("up")
STALE: Final = STATUSES.index("stale")
GONE: Final = STATUSES.index("unknown")
FRESH_US: Final = timedelta(minutes=10) // timedelta(microseconds=1)
SECOND_US: Final = 1e6
LATEST_US: Final = np.iinfo(np.int64).max

COLUMNS: Final = ("status", "sees", "covered_s", "overwrite_us")


class Candidates:
    """The rows that are left, `found` in an area."""

    def __init__(self, index: CatalogIndex, question: Question, found: Found) -> None:
        self.index = index
        self.question = question
        self.found = found

    def keep(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> None:
        """Goes on with these rows; numbers also order them."""
        self.found = self.found.take(rows)
        made = vars(self)
        made.update({name: made[name][rows] for name in COLUMNS if name in made})

    @cached_property
    def status(self) -> NDArray[np.int8]:
        """Codes of `STATUSES` as of the question: an `up` that nothing has proved for long is stale, a camera
        that its network no longer lists unknown."""
        facts = self.found.facts
        status: NDArray[np.int8] = facts["status"].copy()
        stale = self.index.stale_networks(self.question.as_of)[facts["network"]]
        status[stale & (status == UP)] = STALE
        status[facts["vanished"]] = GONE
        return status

    @cached_property
    def sees(self) -> Bytes:
        """Whether each camera sees the point that its distance counts from: 1 yes, 0 no, -1 unknown.

        Yes when any view does, no when every view says no. Unknown without a view, for a PTZ (where it points
        at that time is not known), without a position of its own, when the position error exceeds the
        distance, and where the caller may not know.
        """
        found, table = self.found, self.index.table
        answer = np.full(len(found), UNKNOWN, np.int8)
        whose, views = table.views.of(found.slots)
        if not len(whose):
            return answer
        to_point = found.back_bearing_deg[whose]
        seen = views_see(views[:, 0], views[:, 1], views[:, 2], to_point, found.distance_m[whose])
        answer[whose] = SEES_NOT
        answer[whose[seen == UNKNOWN]] = UNKNOWN
        answer[whose[seen == SEES]] = SEES
        facts = found.facts
        sure = facts["has_position"] & (facts["accuracy_m"] <= found.distance_m)
        sure &= (facts["kind"] != table.kinds.find("ptz")) & ((found.bits & VIEW_BITS) != 0)
        answer[~sure] = UNKNOWN
        return answer

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
        found, interval = self.found, self.question.interval
        count = len(found)
        whose, spans = self.index.table.spans.of(found.slots)
        begins, ends, overwrites = spans[:, 0], spans[:, 1], spans[:, 2]
        covered, counts = np.full(count, np.nan), overwrites != NEVER_US
        if interval is not None:
            begin, end = microseconds(interval.start), microseconds(interval.end)
            inside = np.maximum(np.minimum(ends, end) - np.maximum(begins, begin), 0)
            counts &= inside > 0
            covered = np.bincount(whose, inside, count) / SECOND_US
            covered[(found.bits & FOOTAGE_BITS) == 0] = np.nan
        first = np.full(count, LATEST_US)
        np.minimum.at(first, whose[counts], overwrites[counts])
        first[first == LATEST_US] = NEVER_US
        self.covered_s, self.overwrite_us = covered, first

    def fresh(self) -> NDArray[np.bool_]:
        """Whether there is a snapshot that the caller may see and that is not old."""
        taken = self.found.facts["captured_us"] >= microseconds(self.question.as_of) - FRESH_US
        fresh: NDArray[np.bool_] = taken & ((self.found.bits & PICTURE_BITS) != 0)
        return fresh
