"""What a camera has several of, as rows of numbers: views, spans, the bytes of its text."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from broker.catalog.geometry import Floats, horizontal_directions
from broker.catalog.index.arrays import Slots
from broker.catalog.index.instants import NEVER_US, microseconds
from broker.catalog.index.stored import StoredSpan, StoredView

VIEW_WIDTH: Final = 5
SPAN_WIDTH: Final = 3
EVERYWHERE: Final = -2.0
"""Less than every cosine: a panoramic view holds every direction."""


def view_rows(views: Sequence[Sequence[StoredView]], facts: NDArray[np.void]) -> tuple[Slots, Floats]:
    """How many views each camera has, and of each view where it looks in earth-centred coordinates (three numbers),
    the cosine of half its angle, and its range; NaN where unknown."""
    counts = np.array([len(each) for each in views], np.int64)
    stated = [
        (
            np.nan if view.heading_deg is None else view.heading_deg,
            np.nan if view.fov_deg is None else view.fov_deg,
            np.nan if view.range_m is None else view.range_m,
        )
        for each in views
        for view in each
    ]
    if not stated:
        return counts, np.empty((0, VIEW_WIDTH))
    headings, angles, ranges = np.array(stated, np.float64).T
    whose = np.arange(len(counts)).repeat(counts)
    is_round = angles >= 360
    directions = horizontal_directions(
        facts["lat_deg"][whose], facts["lon_deg"][whose], np.where(is_round, 0.0, headings)
    )
    cosines = np.where(is_round, EVERYWHERE, np.cos(np.radians(angles / 2)))
    return counts, np.column_stack((directions, cosines, ranges))


def span_rows(spans: Sequence[Sequence[StoredSpan]]) -> tuple[Slots, NDArray[np.int64]]:
    """How many spans each camera has, and of each its start, its end and when it will be overwritten."""
    counts = np.array([len(each) for each in spans], np.int64)
    rows = [
        (
            microseconds(span.interval.start),
            microseconds(span.interval.end),
            NEVER_US if span.overwrite_at is None else microseconds(span.overwrite_at),
        )
        for each in spans
        for span in each
    ]
    return counts, np.array(rows, np.int64).reshape(-1, SPAN_WIDTH)


def text_rows(text: bytes) -> NDArray[np.uint8]:
    """Its bytes, shape (n, 1)."""
    return np.frombuffer(text, np.uint8).reshape(-1, 1)
