"""The loops over candidates that every search runs, compiled: one pass over memory instead of one an operation.

A question looks at about a hundred scattered cameras; as NumPy operations its time would be the overhead of each.
A process that answers calls `prepare` before it is ready. Compiled code is kept for this file as it is: whoever changes
a constant that it takes from elsewhere (bits, codes, instants) must change something here too.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

from broker.catalog.disclosure import FOOTAGE_BITS, LOCATE_BIT, VIEW_BITS
from broker.catalog.geometry import MEAN_RADIUS_M, NEAR_M, SQUARED_ECCENTRICITY, Bytes, Floats
from broker.catalog.index.arrays import Slots
from broker.catalog.index.instants import NEVER_US
from broker.catalog.index.table import FACTS, STATUSES, Facts
from broker.catalog.index.wanted import ANY, Wanted

SEES: Final = 1
SEES_NOT: Final = 0
UNKNOWN: Final = -1

UP: Final = STATUSES.index("up")
STALE: Final = STATUSES.index("stale")
SURELY: Final = 0.999
"""This share of a length of the ground is no more than it is, whichever formula measured it."""

LATEST_US: Final = int(np.iinfo(np.int64).max)

Mask = NDArray[np.bool_]
RightsBits = NDArray[np.uint8]
Instants = NDArray[np.int64]
F = TypeVar("F", bound=Callable[..., Any])


def _compiled(function: F) -> F:
    """Compiled when it is first called, for what it is called with."""
    return cast("F", numba.njit(function))


@_compiled
def status_of(facts: Facts, slot: int, stale: Mask) -> int:
    """The status now: an `up` that nothing has proved for long is stale."""
    status = facts[slot]["status"]
    if status == UP and stale[facts[slot]["network"]]:
        return STALE
    return int(status)


@_compiled
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


@_compiled
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


@_compiled
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


@_compiled
def bearings_deg(slots: Slots, points_m: Floats, from_m: Floats) -> Floats:
    """Bearings of cameras seen from points, rows of `from_m` or its only one, in [0, 360): the azimuth of the normal
    section, the horizontal direction of the straight line between them."""
    bearings = np.empty(len(slots))
    for row, slot in enumerate(slots):
        point = from_m[row if len(from_m) > 1 else 0]
        x, y, z = points_m[slot, 0] - point[0], points_m[slot, 1] - point[1], points_m[slot, 2] - point[2]
        up_x, up_y, up_z = point[0], point[1], point[2] / (1 - SQUARED_ECCENTRICITY)
        square = up_x * up_x + up_y * up_y + up_z * up_z
        east = np.sqrt(square) * (up_x * y - up_y * x)
        north = z * square - (x * up_x + y * up_y + z * up_z) * up_z
        bearing = np.degrees(np.arctan2(east, north))
        if bearing < 0:
            bearing += 360.0
        bearings[row] = bearing if bearing < 360.0 else 0.0  # what a tiny negative angle rounds to
    return bearings


@_compiled
def statuses(slots: Slots, facts: Facts, stale: Mask) -> Bytes:
    """Codes of `STATUSES`."""
    found = np.empty(len(slots), np.int8)
    for row, slot in enumerate(slots):
        found[row] = status_of(facts, slot, stale)
    return found


@_compiled
def sights(
    slots: Slots,
    distances_m: Floats,
    from_m: Floats,
    facts: Facts,
    bits: RightsBits,
    points_m: Floats,
    begins: Slots,
    counts: Slots,
    views: Floats,
    ptz: int,
) -> Bytes:
    """Whether each camera sees the point that its distance counts from, rows of `from_m` or its only one.

    Yes when any view does, no when every view says no. Unknown without a view, for a PTZ (where it points at that
    time is not known), without a position of its own, when the position error exceeds the distance (that of a
    camera at the very point always does), and where the caller may not know. A view is a row of `CameraTable.views`.
    """
    seen = np.full(len(slots), UNKNOWN, np.int8)
    for row, slot in enumerate(slots):
        record, distance_m = facts[slot], distances_m[row]
        if (
            counts[slot] == 0
            or not bits[slot] & VIEW_BITS
            or not record["has_position"]
            or record["kind"] == ptz
            or not record["accuracy_m"] <= distance_m
            or distance_m == 0.0
        ):
            continue
        point = from_m[row if len(from_m) > 1 else 0]
        x, y, z = point[0] - points_m[slot, 0], point[1] - points_m[slot, 1], point[2] - points_m[slot, 2]
        square = x * x + y * y + z * z
        # the line's part in the camera's horizontal plane: the ground falls away by half the arc
        across_m = np.sqrt(square * max(0.0, 1 - square / (2 * MEAN_RADIUS_M) ** 2))
        answer = SEES_NOT
        for at in range(begins[slot], begins[slot] + counts[slot]):
            view = views[at]
            towards_m, needed_m = x * view[0] + y * view[1] + z * view[2], view[3] * across_m
            if towards_m >= needed_m and distance_m <= view[4]:
                answer = SEES
                break
            if not (towards_m < needed_m or distance_m > view[4]):
                answer = UNKNOWN
        seen[row] = answer
    return seen


@_compiled
def footage(
    slots: Slots,
    bits: RightsBits,
    begins: Slots,
    counts: Slots,
    spans: NDArray[np.int64],
    begin_us: int,
    end_us: int,
) -> tuple[Floats, Instants]:
    """How much of the asked interval each camera's recorder holds, in seconds, NaN where the caller may not know
    or nothing is asked; and when the first footage, of the interval where one is asked for, will be erased."""
    covered = np.full(len(slots), np.nan)
    overwrite = np.full(len(slots), NEVER_US)
    for row, slot in enumerate(slots):
        total, first = 0, LATEST_US
        for at in range(begins[slot], begins[slot] + counts[slot]):
            inside = 0
            if end_us != NEVER_US:
                inside = min(spans[at, 1], end_us) - max(spans[at, 0], begin_us)
            if end_us == NEVER_US or inside > 0:
                if spans[at, 2] != NEVER_US:
                    first = min(first, spans[at, 2])
                total += inside
        if first != LATEST_US:
            overwrite[row] = first
        if end_us != NEVER_US and bits[slot] & FOOTAGE_BITS:
            covered[row] = total / 1e6
    return covered, overwrite


@_compiled
def seen_and_held(sees: Bytes, covered_s: Floats, wanted: Wanted) -> Slots:
    """The rows that do not surely look elsewhere, where sight is asked for, and hold some of the asked footage."""
    rows = np.empty(len(sees), np.int64)
    count = 0
    for row in range(len(sees)):
        if (wanted.sees and sees[row] == SEES_NOT) or (wanted.end_us != NEVER_US and not covered_s[row] > 0):
            continue
        rows[count] = row
        count += 1
    return rows[:count]


KERNELS: Final[tuple[Any, ...]] = (
    status_of,
    allowed,
    arcs_m,
    nearest_on_line,
    bearings_deg,
    statuses,
    sights,
    footage,
    seen_and_held,
)


def prepare() -> None:
    """Compiles everything, which takes seconds, or reads it from where an earlier process kept it: beside this file,
    else in the user's cache. Where neither can be written each process compiles for itself."""
    for kernel in KERNELS:
        with suppress(RuntimeError):  # no such folder
            kernel.enable_caching()
    slot, parts = np.zeros(1, np.int64), np.zeros((1, 5))
    facts, bits, stale = np.zeros(1, FACTS), np.full(1, 255, np.uint8), np.zeros(1, np.bool_)
    wanted = Wanted(ANY, ANY, ANY, ANY, ANY, 0, False, NEVER_US, NEVER_US)
    points, one = np.zeros((1, 3)), np.ones(1)
    status_of(facts, 0, stale)
    allowed(slot, facts, bits, stale, wanted)
    arcs_m(slot, points, points)
    nearest_on_line(slot, points, np.zeros((2, 3)), one, one, 1.0)
    bearings_deg(slot, points, points)
    sees = sights(slot, one, points, facts, bits, points, slot, slot, parts, 0)
    statuses(slot, facts, stale)
    footage(slot, bits, slot, slot, np.zeros((1, 3), np.int64), NEVER_US, NEVER_US)
    seen_and_held(sees, one, wanted)
