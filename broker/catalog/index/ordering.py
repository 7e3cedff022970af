"""Puts what fits in order and cuts one page out of it: by distance or rank, then by id.

However many cameras fit, only about a page of them is sorted: a question about a whole country must not hold up
others.
"""

from heapq import nsmallest
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from broker.catalog.geometry import Floats
from broker.catalog.index.candidates import Candidates
from broker.catalog.questions import PageKey, Sort

FAR_MORE: Final = 4
"""So many times a page's rows are worth finding the page's among them before they are put in order."""


def keep_page(rows: Candidates, fitting: NDArray[np.int64]) -> PageKey | None:
    """Keeps one page of the fitting rows, in order; the key of its last row where more follow.

    The last part of the order is the id, so that it is total. Ids are compared only among the rows of the page
    and those that are level with its last one.
    """
    measures, limit = _measures(rows).take(fitting), rows.question.limit
    bands = (
        rows.bands().take(fitting) if rows.question.sort is Sort.RANK else np.zeros(len(fitting), np.int64)
    )
    if rows.question.after is not None:
        beyond = _beyond(rows, fitting, bands, measures, rows.question.after)
        fitting, bands, measures = fitting[beyond], bands[beyond], measures[beyond]
    total = len(fitting)
    if total > FAR_MORE * limit:
        first = _perhaps_first(bands, measures, limit)
        bands, measures, fitting = bands.take(first), measures.take(first), fitting.take(first)
    order = np.lexsort((measures, bands)) if rows.question.sort is Sort.RANK else measures.argsort()
    bands, measures, fitting = bands.take(order), measures.take(order), fitting.take(order)
    level = measures[1:] == measures[:-1]
    if np.count_nonzero(level):
        level &= bands[1:] == bands[:-1]
        if level[:limit].any():
            _order_level(rows, fitting, level, limit)
    rows.keep(fitting[:limit])
    if total <= limit:
        return None
    identifier = str(rows.table.ids[int(rows.found.slots[-1])])
    return PageKey(int(bands[limit - 1]), float(measures[limit - 1]), identifier)


def _perhaps_first(bands: NDArray[np.int64], measures: Floats, limit: int) -> NDArray[np.int64]:
    """The rows that may stand among the first so many, where there are more: all that are level with the last of them,
    and those before."""
    last_band = int(np.partition(bands, limit - 1)[limit - 1])
    within = (bands == last_band).nonzero()[0]
    before = (bands < last_band).nonzero()[0]
    wanted = limit - len(before)
    last_measure = np.partition(measures.take(within), wanted - 1)[wanted - 1]
    return np.concatenate((before, within.compress(measures.take(within) <= last_measure)))


def _order_level(rows: Candidates, ordered: NDArray[np.int64], level: NDArray[np.bool_], limit: int) -> None:
    """Orders by id the rows of the page that are level with others; `level` says of each whether it is with its next.

    Of those that are level with the page's last row, however many, only the first ids find their place.
    """
    bounds = np.concatenate(([0], (~level).nonzero()[0] + 1, [len(ordered)]))
    for group in (np.diff(bounds) > 1).nonzero()[0].tolist():
        start, end = int(bounds[group]), int(bounds[group + 1])
        if start >= limit:
            return
        first = _first_by_id(rows, ordered[start:end], limit - start)
        ordered[start : start + len(first)] = first


def _first_by_id(
    rows: Candidates, level: NDArray[np.int64], count: int, after_id: str = ""
) -> NDArray[np.int64]:
    """Of these rows those with the first ids after this one, in order, so many at most."""
    table, slots = rows.table, rows.found.slots.take(level)
    names = cast("list[str]", list(map(table.ids.__getitem__, slots.tolist())))  # each of them holds a camera
    if after_id:
        names = [name for name in names if name > after_id]
    row_of = np.empty(table.size, np.int64)
    row_of[slots] = level
    first = (table.slot_of(name) for name in nsmallest(count, names))
    return row_of.take([slot for slot in first if slot is not None])


def _measures(rows: Candidates) -> Floats:
    """Metres that order: along a line, else from the point; infinite where nothing is measured."""
    found = rows.found
    if found.from_m is None:
        return np.full(len(found), np.inf)
    return found.distance_m if found.along_m is None else found.along_m


def _beyond(
    rows: Candidates,
    fitting: NDArray[np.int64],
    bands: NDArray[np.int64],
    measures: Floats,
    after: PageKey,
) -> NDArray[np.bool_]:
    """Which of the fitting rows come after the key; of many that are level with it, one more than a page holds."""
    same_band = bands == after.band
    beyond: NDArray[np.bool_] = (bands > after.band) | (same_band & (measures > after.measure_m))
    level = fitting[same_band & (measures == after.measure_m)]
    if len(level):
        is_next = np.zeros(len(rows.found), np.bool_)
        is_next[_first_by_id(rows, level, rows.question.limit + 1, after.camera_id)] = True
        beyond |= is_next.take(fitting)
    return beyond
