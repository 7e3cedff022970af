"""Answers a question over the index in one pass: allowed, inside, fitting, ordered, one page.

What the caller may not locate takes part in nothing; what a right does not uncover takes part neither in a
filter nor in the order.
"""

from datetime import datetime
from math import isnan, nan
from typing import cast

import numpy as np

from adapters.contract.models import Interval, Span
from broker.catalog.disclosure import FOOTAGE_BITS, PICTURE_BITS
from broker.catalog.index.areas import Asked, Found, candidates, find
from broker.catalog.index.candidates import Candidates, Page
from broker.catalog.index.instants import NEVER_US, instant, microseconds
from broker.catalog.index.memory import CatalogIndex
from broker.catalog.index.ordering import keep_page
from broker.catalog.index.rights import Rights
from broker.catalog.index.wanted import wanted_of
from broker.catalog.index.writing import features_of
from broker.catalog.questions import Answer, Grant, Question, Shown, Snapshot


def search(index: CatalogIndex, question: Question, rights: Rights) -> Page:
    """One page of what fits, as columns."""
    asked = _asked(index, question, rights)
    rows = Candidates(index.table, question, asked, find(question.area, index.where, asked))
    return rows.page(keep_page(rows, rows.fitting()))


def _asked(index: CatalogIndex, question: Question, rights: Rights) -> Asked:
    return Asked(wanted_of(question, index.table), rights, index.stale_networks(question.as_of))


def show(index: CatalogIndex, slot: int, rights: Rights, at: datetime) -> Shown:
    """One camera as it is at that time."""
    question = Question(area=None, as_of=at, limit=1)
    asked = _asked(index, question, rights)
    slots = candidates(index.where, asked, np.array([slot]))
    rows = Candidates(index.table, question, asked, Found(slots, np.full(1, np.nan), None))
    page = rows.page(None)
    (granted,) = grants = _grants(index, rights, page)
    facts, bits = index.table.facts[slot], int(page.bits[0])
    _, spans = index.table.spans.of(rows.found.slots)
    offset_ms, captured_us = float(facts["clock_offset_ms"]), int(facts["captured_us"])
    snapshot = Snapshot(None if captured_us == NEVER_US else instant(captured_us))
    return Shown(
        camera_id=str(index.table.ids[slot]),
        feature=_features(index, question, page, grants),
        basis=granted.basis,
        snapshot=snapshot if facts["has_snapshot"] and bits & PICTURE_BITS else None,
        spans=_spans(spans.tolist()) if bits & FOOTAGE_BITS else (),
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
    """One page of what fits."""
    page = search(index, question, rights)
    grants = _grants(index, rights, page)
    table = index.table
    owners = set(table.facts["owner"][page.slots].tolist())
    ids = [table.ids[slot] for slot in page.slots.tolist()]
    return Answer(
        camera_ids=tuple(cast("list[str]", ids)),  # each slot of a page holds a camera
        owners=tuple(sorted([table.words.owner.values[owner] for owner in owners])),
        basis=tuple(sorted({name for granted in set(grants) for name in granted.basis})),
        features=_features(index, question, page, grants),
        next_after=page.next_after,
        stale_since=stale_since,
    )


def _grants(index: CatalogIndex, rights: Rights, page: Page) -> list[Grant]:
    return rights.grants_of(page.slots, index.table.facts["offered"][page.slots] & page.bits)


def _features(index: CatalogIndex, question: Question, page: Page, grants: list[Grant]) -> bytes:
    """The page as JSON."""
    interval, display = question.interval, index.table.display
    return features_of(
        [display(slot) for slot in page.slots.tolist()],
        [granted.text for granted in grants],
        page.bits,
        page.status,
        page.distance_m,
        page.bearing_deg,
        page.along_m,
        page.sees,
        page.covered_s,
        page.overwrite_us,
        page.captured_us,
        microseconds(question.as_of),
        nan if interval is None else interval.duration.total_seconds(),
    )
