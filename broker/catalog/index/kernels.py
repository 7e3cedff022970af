"""The loops that find and measure candidates, compiled: one pass over memory instead of one an operation.

A question looks at about a hundred scattered cameras; as NumPy operations its time would be the overhead of each.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from broker.catalog.disclosure import LOCATE_BIT
from broker.catalog.geometry import MEAN_RADIUS_M, NEAR_M, Floats
from broker.catalog.index.arrays import Slots
from broker.catalog.index.compiling import compiled
from broker.catalog.index.rows import STATUSES, Facts
from broker.catalog.index.wanted import ANY, Wanted

UP: Final = STATUSES.index("up")
STALE: Final = STATUSES.index("stale")
SURELY: Final = 0.999
"""This share of a length of the ground is no more than it is, whichever formula measured it."""

Mask = NDArray[np.bool_]
RightsBits = NDArray[np.uint8]


@compiled
def status_of(facts: Facts, slot: int, stale: Mask) -> int:
    """The status now: an `up` that nothing has proved for long is stale."""
    status = facts[slot]["status"]
    if status == UP and stale[facts[slot]["network"]]:
        return STALE
    return int(status)


@compiled
def allowed(slots: Slots, facts: Facts, bits: RightsBits, stale: Mask, wanted: Wanted) -> Slots:
    """Of these slots, in their order, those that may be located and whose record is wanted."""
    kept = np.empty(len(slots), np.int64)
    count = 0
    for slot in slots:
        if not bits[slot] & LOCATE_BIT:
            continue
        record = facts[slot]
        if (
            (wanted.network != ANY and record["network"] != wanted.network)
            or (wanted.owner != ANY and record["owner"] != wanted.owner)
            or (wanted.kind != ANY and record["kind"] != wanted.kind)
            or (wanted.level != ANY and record["level"] != wanted.level)
            or (wanted.offering != 0 and not record["offered"] & bits[slot] & wanted.offering)
            or (wanted.status != ANY and status_of(facts, slot, stale) != wanted.status)
        ):
            continue
        kept[count] = slot
        count += 1
    return kept[:count]


@compiled
def arcs_m(slots: Slots, points_m: Floats, from_m: Floats) -> tuple[Floats, Slots]:
    """Ways over the ground from a point, shape (1, 3), to each camera: chords, as long as the arc over
    them; and the rows for which that is not right, as the chord is longer than `NEAR_M`."""
    arcs, far = np.empty(len(slots)), np.empty(len(slots), np.int64)
    count = 0
    for row, slot in enumerate(slots):
        x = points_m[slot, 0] - from_m[0, 0]
        y = points_m[slot, 1] - from_m[0, 1]
        z = points_m[slot, 2] - from_m[0, 2]
        square = x * x + y * y + z * z
        chord = np.sqrt(square)
        if not chord <= NEAR_M:
            far[count] = row
            count += 1
        arcs[row] = chord * (1 + square / (24 * MEAN_RADIUS_M**2))
    return arcs, far[:count]


@compiled
def nearest_on_line(
    slots: Slots, points_m: Floats, corners_m: Floats, lengths_m: Floats, begins_m: Floats, furthest_m: float
) -> tuple[Floats, Floats, Floats]:
    """For each camera the way over the ground to the nearest point of a line, how far along the line that point is, and
    the point, shape (n, 3); an infinite way where no point is nearer than `furthest_m`.

    The line's pieces run from corner to corner, are so long, and begin so far along the line.
    """
    distances, along, nearest = np.full(len(slots), np.inf), np.zeros(len(slots)), np.zeros((len(slots), 3))
    ends_m = begins_m + lengths_m
    for row, slot in enumerate(slots):
        shortest, piece = furthest_m, 0
        while piece < len(lengths_m):
            corner, end = corners_m[piece], corners_m[piece + 1]
            x, y, z = (
                points_m[slot, 0] - corner[0],
                points_m[slot, 1] - corner[1],
                points_m[slot, 2] - corner[2],
            )
            spare_m = np.sqrt(x * x + y * y + z * z) - shortest
            if spare_m * SURELY > lengths_m[piece]:  # the line comes no nearer before it has run so far
                piece = max(piece + 1, np.searchsorted(ends_m, begins_m[piece] + spare_m * SURELY))
                continue
            run_x, run_y, run_z = end[0] - corner[0], end[1] - corner[1], end[2] - corner[2]
            square = max(run_x * run_x + run_y * run_y + run_z * run_z, 1e-9)
            part = min(max((x * run_x + y * run_y + z * run_z) / square, 0.0), 1.0)
            x, y, z = x - part * run_x, y - part * run_y, z - part * run_z
            chord = np.sqrt(x * x + y * y + z * z)
            if chord < shortest:
                shortest = chord
                distances[row] = chord * (1 + chord * chord / (24 * MEAN_RADIUS_M**2))
                along[row] = begins_m[piece] + part * lengths_m[piece]
                for axis in range(3):
                    nearest[row, axis] = corner[axis] + part * (end[axis] - corner[axis])
            piece += 1
    return distances, along, nearest
