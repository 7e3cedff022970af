"""Compiles every loop that a search runs before a process says that it is ready."""

from contextlib import suppress
from typing import Any, Final

import numpy as np

from broker.catalog.index.arrays import put_together
from broker.catalog.index.instants import NEVER_US
from broker.catalog.index.judging import bands, described, fitting
from broker.catalog.index.kernels import allowed, arcs_m, nearest_on_line
from broker.catalog.index.table import CameraTable
from broker.catalog.index.wanted import ANY, Wanted
from broker.catalog.index.writing import features_of, write_features
from broker.catalog.rendering import SIZE

KERNELS: Final[tuple[Any, ...]] = (
    put_together,
    allowed,
    arcs_m,
    nearest_on_line,
    fitting,
    bands,
    described,
    write_features,
)
"""What is called from elsewhere; what these call is compiled into them."""


def prepare() -> None:
    """Compiles everything, which takes seconds, or reads it from where an earlier process kept it: beside its file,
    else in the user's cache. Where neither can be written each process compiles for itself."""
    for kernel in KERNELS:
        with suppress(RuntimeError):  # no such folder
            kernel.enable_caching()
    table, nowhere = CameraTable(), np.empty((0, 3))
    slot, none = np.zeros(1, np.int64), np.empty(0, np.int64)
    facts, bits, stale = table.facts, np.full(1, 255, np.uint8), np.zeros(1, np.bool_)
    wanted = Wanted(ANY, ANY, ANY, ANY, ANY, 0, False, NEVER_US, NEVER_US)
    points, one = np.zeros((1, 3)), np.ones(1)
    for parts in (table.views, table.spans, table.texts):
        parts.reorder(none)
    texts, known = table.texts, table.known
    words = np.frombuffer(b"word", np.uint8)
    allowed(slot, facts, bits, stale, wanted)
    arcs_m(slot, points, points)
    nearest_on_line(slot, points, np.zeros((2, 3)), one, one, 1.0)
    begins, counts, held = texts.begins, texts.counts, texts.parts.reshape(-1)
    fitting(slot, one, nowhere, bits, 0, wanted, words, none, begins, counts, held, *known)
    bands(slot, one, nowhere, bits, 0, wanted, stale, 0, *known)
    columns = described(slot, one, nowhere, bits, 0, wanted, stale, *known)
    rights, status, bearings, seen, covered, overwrite, captured = columns
    features_of(
        [bytes(4 * SIZE)],
        [bytes(SIZE)],
        rights,
        status,
        one,
        bearings,
        None,
        seen,
        covered,
        overwrite,
        captured,
        0,
        1.0,
    )
