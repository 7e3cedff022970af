"""What a question makes of each camera, compiled: whether it sees the point, what footage it has, whether it fits.

Every loop takes what `CameraTable.known` lists, after the rows that it goes through. A slot's distance counts from
`from_m`: its row of it, or the only row; from nowhere where there is none.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from broker.catalog.disclosure import FOOTAGE_BITS, PICTURE_BITS, VIEW_BITS
from broker.catalog.geometry import MEAN_RADIUS_M, SQUARED_ECCENTRICITY, Bytes, Floats
from broker.catalog.index.arrays import Slots
from broker.catalog.index.compiling import compiled
from broker.catalog.index.instants import NEVER_US
from broker.catalog.index.kernels import Mask, RightsBits, status_of
from broker.catalog.index.rows import STATUSES, Facts
from broker.catalog.index.wanted import Wanted

SEES: Final = 1
SEES_NOT: Final = 0
UNKNOWN: Final = -1

LATEST_US: Final = int(np.iinfo(np.int64).max)
STATUS_COUNT: Final = len(STATUSES)

Instants = NDArray[np.int64]
Text = NDArray[np.uint8]


@compiled
def bearing_deg(point_m: Floats, from_m: Floats) -> float:
    """Towards a point from another, both of shape (3,), in [0, 360): the azimuth of the normal section, the horizontal
    direction of the straight line between them."""
    x, y, z = point_m[0] - from_m[0], point_m[1] - from_m[1], point_m[2] - from_m[2]
    up_x, up_y, up_z = from_m[0], from_m[1], from_m[2] / (1 - SQUARED_ECCENTRICITY)
    square = up_x * up_x + up_y * up_y + up_z * up_z
    east = np.sqrt(square) * (up_x * y - up_y * x)
    north = z * square - (x * up_x + y * up_y + z * up_z) * up_z
    bearing = np.degrees(np.arctan2(east, north))
    if bearing < 0:
        bearing += 360.0
    return bearing if bearing < 360.0 else 0.0  # what a tiny negative angle rounds to


@compiled
def sight(
    slot: int,
    distance_m: float,
    from_m: Floats,
    bits: RightsBits,
    ptz: int,
    facts: Facts,
    points_m: Floats,
    begins: Slots,
    counts: Slots,
    views: Floats,
) -> int:
    """Whether the camera sees a point, shape (3,), so far from it.

    Yes when any view does, no when every view says no. Unknown without a view, for a PTZ (where it points at that
    time is not known), without a position of its own, when the position error exceeds the distance (that of a
    camera at the very point always does), and where the caller may not know. A view is a row of `CameraTable.views`.
    """
    record = facts[slot]
    if (
        counts[slot] == 0
        or not bits[slot] & VIEW_BITS
        or not record["has_position"]
        or record["kind"] == ptz
        or not record["accuracy_m"] <= distance_m
        or distance_m == 0.0
    ):
        return UNKNOWN
    x, y, z = from_m[0] - points_m[slot, 0], from_m[1] - points_m[slot, 1], from_m[2] - points_m[slot, 2]
    square = x * x + y * y + z * z
    # the line's part in the camera's horizontal plane: the ground falls away by half the arc
    across_m = np.sqrt(square * max(0.0, 1 - square / (2 * MEAN_RADIUS_M) ** 2))
    answer = SEES_NOT
    for at in range(begins[slot], begins[slot] + counts[slot]):
        view = views[at]
        towards_m, needed_m = x * view[0] + y * view[1] + z * view[2], view[3] * across_m
        if towards_m >= needed_m and distance_m <= view[4]:
            return SEES
        if not (towards_m < needed_m or distance_m > view[4]):
            answer = UNKNOWN
    return answer


@compiled
def seen_from(
    row: int,
    slot: int,
    distances_m: Floats,
    from_m: Floats,
    bits: RightsBits,
    ptz: int,
    facts: Facts,
    points_m: Floats,
    begins: Slots,
    counts: Slots,
    views: Floats,
) -> int:
    """Whether the row's camera sees the point that its distance counts from; unknown where there is none."""
    if not len(from_m):
        return UNKNOWN
    point = from_m[row if len(from_m) > 1 else 0]
    return sight(slot, distances_m[row], point, bits, ptz, facts, points_m, begins, counts, views)


@compiled
def footage(
    slot: int, begins: Slots, counts: Slots, spans: Instants, begin_us: int, end_us: int
) -> tuple[int, int]:
    """How much of the interval the camera's recorder holds, in microseconds, 0 where none is asked for; and when the
    first footage, of the interval where one is asked for, will be erased, `NEVER_US` where unknown."""
    total, first = 0, LATEST_US
    for at in range(begins[slot], begins[slot] + counts[slot]):
        inside = 0
        if end_us != NEVER_US:
            inside = min(spans[at, 1], end_us) - max(spans[at, 0], begin_us)
        if end_us == NEVER_US or inside > 0:
            if spans[at, 2] != NEVER_US:
                first = min(first, spans[at, 2])
            total += inside
    return total, first if first != LATEST_US else NEVER_US


@compiled
def holds_words(text: Text, begin: int, end: int, words: Text, word_ends: Slots) -> bool:
    """Whether every word stands in the text from `begin` to `end`; words follow each other, each up to its end."""
    start = 0
    for word_end in word_ends:
        length, first = word_end - start, words[start]
        places = text[begin : end - length + 1]
        is_found = False
        for at in range(len(places)):
            if places[at] != first:
                continue
            same = 1
            while same < length and text[begin + at + same] == words[start + same]:
                same += 1
            if same == length:
                is_found = True
                break
        if not is_found:
            return False
        start = word_end
    return True


@compiled
def fitting(
    slots: Slots,
    distances_m: Floats,
    from_m: Floats,
    bits: RightsBits,
    ptz: int,
    wanted: Wanted,
    words: Text,
    word_ends: Slots,
    text_begins: Slots,
    text_counts: Slots,
    texts: Text,
    facts: Facts,
    points_m: Floats,
    view_begins: Slots,
    view_counts: Slots,
    views: Floats,
    span_begins: Slots,
    span_counts: Slots,
    spans: Instants,
) -> Slots:
    """The rows that hold the words, do not surely look elsewhere, where sight is asked for, and have some of the
    footage that is asked for."""
    rows = np.empty(len(slots), np.int64)
    count = 0
    for row, slot in enumerate(slots):
        if wanted.end_us != NEVER_US:
            held_us, _ = footage(slot, span_begins, span_counts, spans, wanted.begin_us, wanted.end_us)
            if held_us <= 0 or not bits[slot] & FOOTAGE_BITS:
                continue
        if wanted.sees:
            seen = seen_from(
                row, slot, distances_m, from_m, bits, ptz, facts, points_m, view_begins, view_counts, views
            )
            if seen == SEES_NOT:
                continue
        begin = text_begins[slot]
        if not holds_words(texts, begin, begin + text_counts[slot], words, word_ends):
            continue
        rows[count] = row
        count += 1
    return rows[:count]


@compiled
def bands(
    slots: Slots,
    distances_m: Floats,
    from_m: Floats,
    bits: RightsBits,
    ptz: int,
    wanted: Wanted,
    stale: Mask,
    fresh_us: int,
    facts: Facts,
    points_m: Floats,
    view_begins: Slots,
    view_counts: Slots,
    views: Floats,
    span_begins: Slots,
    span_counts: Slots,
    spans: Instants,
) -> Slots:
    """By rank: sees, works, has the footage, has a snapshot taken since `fresh_us`, one number a row, best first."""
    ranks = np.empty(len(slots), np.int64)
    for row, slot in enumerate(slots):
        seen = seen_from(
            row, slot, distances_m, from_m, bits, ptz, facts, points_m, view_begins, view_counts, views
        )
        rank = 0 if seen == SEES else 1 if seen == UNKNOWN else 2
        rank = rank * STATUS_COUNT + status_of(facts, slot, stale)
        lacking = 0
        if wanted.end_us != NEVER_US:
            held_us, _ = footage(slot, span_begins, span_counts, spans, wanted.begin_us, wanted.end_us)
            if not bits[slot] & FOOTAGE_BITS:
                held_us = 0
            lacks_s = (wanted.end_us - wanted.begin_us) / 1e6 - held_us / 1e6
            lacking = 1 if lacks_s > facts[slot]["gap_over_s"] else 0
        is_fresh = facts[slot]["captured_us"] >= fresh_us and (bits[slot] & PICTURE_BITS) != 0
        ranks[row] = (rank * 2 + lacking) * 2 + (0 if is_fresh else 1)
    return ranks


@compiled
def described(
    slots: Slots,
    distances_m: Floats,
    from_m: Floats,
    bits: RightsBits,
    ptz: int,
    wanted: Wanted,
    stale: Mask,
    facts: Facts,
    points_m: Floats,
    view_begins: Slots,
    view_counts: Slots,
    views: Floats,
    span_begins: Slots,
    span_counts: Slots,
    spans: Instants,
) -> tuple[RightsBits, Bytes, Floats, Bytes, Floats, Instants, Instants]:
    """The columns of a page: rights, status, bearing, whether it sees, seconds of the asked interval, when that is
    erased, when the snapshot was taken. NaN and `UNKNOWN` also where the caller may not know."""
    count = len(slots)
    rights, status, seen = np.empty(count, np.uint8), np.empty(count, np.int8), np.empty(count, np.int8)
    bearings, covered = np.full(count, np.nan), np.full(count, np.nan)
    overwrite, captured = np.empty(count, np.int64), np.empty(count, np.int64)
    for row, slot in enumerate(slots):
        rights[row], status[row] = bits[slot], status_of(facts, slot, stale)
        captured[row] = facts[slot]["captured_us"]
        seen[row] = seen_from(
            row, slot, distances_m, from_m, bits, ptz, facts, points_m, view_begins, view_counts, views
        )
        if len(from_m):
            bearings[row] = bearing_deg(points_m[slot], from_m[row if len(from_m) > 1 else 0])
        held_us, overwrite[row] = footage(
            slot, span_begins, span_counts, spans, wanted.begin_us, wanted.end_us
        )
        if wanted.end_us != NEVER_US and bits[slot] & FOOTAGE_BITS:
            covered[row] = held_us / 1e6
    return rights, status, bearings, seen, covered, overwrite, captured
