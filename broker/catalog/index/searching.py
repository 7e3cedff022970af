"""Answers a question over the index in one pass: allowed, inside, fitting, ordered, one page.

What the caller may not locate takes part in nothing; what a right does not uncover takes part neither in a
filter nor in the order.
"""

from datetime import datetime
from itertools import repeat
from math import isnan
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from adapters.contract.models import Interval, Span
from broker.catalog.disclosure import FOOTAGE_BITS, PICTURE_BITS
from broker.catalog.geometry import Bytes, Floats
from broker.catalog.index.areas import Asked, Found, candidates, find
from broker.catalog.index.arrays import Slots
from broker.catalog.index.candidates import Candidates
from broker.catalog.index.instants import NEVER_US, instant, microseconds
from broker.catalog.index.kernels import SEES, SEES_NOT, UNKNOWN, seen_and_held
from broker.catalog.index.memory import CatalogIndex
from broker.catalog.index.ordering import keep_page
from broker.catalog.index.rights import Rights
from broker.catalog.index.table import STATUSES
from broker.catalog.index.wanted import wanted_of
from broker.catalog.names import folded
from broker.catalog.questions import Answer, Hit, PageKey, Question, Shown, Snapshot


class Page(msgspec.Struct, frozen=True):
    """The cameras of one page, in order, one row each. NaN, `UNKNOWN` and `NEVER_US` where not known or not
    the caller's to know; `next_after` where more follow."""

    slots: Slots
    bits: NDArray[np.uint8]
    status: NDArray[np.int8]
    distance_m: Floats
    bearing_deg: Floats
    along_m: Floats | None
    sees: Bytes
    covered_s: Floats
    overwrite_us: NDArray[np.int64]
    captured_us: NDArray[np.int64]
    next_after: PageKey | None


def search(index: CatalogIndex, question: Question, rights: Rights) -> Page:
    """One page of what fits, as columns."""
    asked = _asked(index, question, rights)
    rows = Candidates(index.table, question, asked, find(question.area, index.where, asked))
    more = keep_page(rows, _fitting(rows, asked))
    return _page(rows, more)


def _asked(index: CatalogIndex, question: Question, rights: Rights) -> Asked:
    return Asked(wanted_of(question, index.table), rights, index.stale_networks(question.as_of))


def _page(rows: Candidates, more: PageKey | None) -> Page:
    found = rows.found
    return Page(
        slots=found.slots,
        bits=rows.bits,
        status=rows.status,
        distance_m=found.distance_m,
        bearing_deg=rows.bearing_deg,
        along_m=found.along_m,
        sees=rows.sees,
        covered_s=rows.covered_s,
        overwrite_us=rows.overwrite_us,
        captured_us=rows.captured_us,
        next_after=more,
    )


def _fitting(rows: Candidates, asked: Asked) -> NDArray[np.int64]:
    """The rows that pass what their records alone do not decide."""
    question, count = rows.question, len(rows.found)
    fitting = np.arange(count)
    if question.sees or question.interval is not None:
        sees = rows.sees if question.sees else np.zeros(count, np.int8)
        covered_s = rows.covered_s if question.interval is not None else np.zeros(count)
        fitting = seen_and_held(sees, covered_s, asked.wanted)
    if question.text is None:
        return fitting
    texts, words = rows.table.texts, folded(question.text).split()
    places = zip(fitting.tolist(), rows.found.slots.take(fitting).tolist(), strict=True)
    if len(words) == 1:
        (word,) = words
        return np.array([row for row, slot in places if word in texts[slot]], np.int64)
    return np.array([row for row, slot in places if all(word in texts[slot] for word in words)], np.int64)


def show(index: CatalogIndex, slot: int, rights: Rights, at: datetime) -> Shown:
    """One camera as it is at that time."""
    question = Question(area=None, as_of=at, limit=1)
    asked = _asked(index, question, rights)
    slots = candidates(index.where, asked, np.array([slot]))
    rows = Candidates(index.table, question, asked, Found(slots, np.full(1, np.nan), None))
    (hit,) = hits_of(index, question, rights, _page(rows, None))
    facts = index.table.facts[slot]
    _, spans = index.table.spans.of(rows.found.slots)
    offset_ms, captured_us = float(facts["clock_offset_ms"]), int(facts["captured_us"])
    snapshot = Snapshot(None if captured_us == NEVER_US else instant(captured_us))
    return Shown(
        hit=hit,
        snapshot=snapshot if facts["has_snapshot"] and hit.rights & PICTURE_BITS else None,
        spans=_spans(spans.tolist()) if hit.rights & FOOTAGE_BITS else (),
        clock_offset_ms=None if isnan(offset_ms) else offset_ms,
        gap_over_s=float(facts["gap_over_s"]),
    )


def _spans(rows: list[list[int]]) -> tuple[Span, ...]:
    return tuple(
        Span(
            interval=Interval(start=instant(start_us), end=instant(end_us)),
            overwrite_at=None if overwrite_us == NEVER_US else instant(overwrite_us),
        )
        for start_us, end_us, overwrite_us in rows
    )


def answer_of(
    index: CatalogIndex, question: Question, rights: Rights, stale_since: datetime | None
) -> Answer:
    """One page of what fits, camera by camera."""
    page = search(index, question, rights)
    return Answer(hits_of(index, question, rights, page), page.next_after, stale_since)


def hits_of(index: CatalogIndex, question: Question, rights: Rights, page: Page) -> tuple[Hit, ...]:
    """The page's rows with what is shown of them."""
    table, slots = index.table, page.slots.tolist()
    facts = table.facts.take(page.slots)
    ages = (microseconds(question.as_of) - page.captured_us) / 1e6
    ages[page.captured_us == NEVER_US] = np.nan
    owners, ids, display = table.owners.values, table.ids, table.display
    return tuple(
        map(
            Hit,
            [str(ids[slot]) for slot in slots],
            [owners[owner] for owner in facts["owner"].tolist()],
            [display(slot) for slot in slots],
            page.bits.tolist(),
            rights.grants_of(page.slots, facts["offered"] & page.bits),
            [STATUSES[status] for status in page.status.tolist()],
            _known(page.distance_m),
            _known(page.bearing_deg),
            repeat(None) if page.along_m is None else page.along_m.tolist(),
            [_SIGHTS[sees] for sees in page.sees.tolist()],
            _known(page.covered_s),
            [None if overwrite == NEVER_US else overwrite for overwrite in page.overwrite_us.tolist()],
            _known(ages),
        )
    )


_SIGHTS: Final = {SEES: True, SEES_NOT: False, UNKNOWN: None}


def _known(values: Floats) -> list[float | None]:
    """As numbers, None where not known."""
    return [None if isnan(value) else value for value in values.tolist()]
