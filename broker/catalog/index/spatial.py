"""Which slots may lie near: an immutable tree over points, and what moved since it was built.

Candidates only, and never too few: who asks measures exactly. The tree knows points as they were when it was
built; a slot that moved since is left out of its answer and found in the small unsorted part instead. A new
tree is built beside the old one, in a thread, and swapped in; readers never wait.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from broker.catalog.geometry import Floats
from broker.catalog.index.arrays import Column, Slots

REBUILD_AFTER: Final = 2_000
"""So many moved slots make a new tree worth its time."""

QUIET_SHARE: Final = 2
LEAF: Final = 32
FIRST_RECENT: Final = 256


class SpatialIndex:
    """Points in space by slot, for one thread of readers and writers; `rebuild` does its work in another."""

    def __init__(self) -> None:
        self._tree = cKDTree(np.empty((0, 3)))
        self._tree_slots: Slots = np.empty(0, np.int64)
        self._is_known = Column(np.bool_, False)
        self._is_recent = Column(np.bool_, False)
        self._recent_at: dict[int, int] = {}
        self._recent_slots: Slots = np.empty(FIRST_RECENT, np.int64)
        self._recent_points: Floats = np.empty((FIRST_RECENT, 3))
        self._moved_meanwhile: dict[int, Floats] | None = None

    def __len__(self) -> int:
        """Points in the tree and outside it."""
        return len(self._tree_slots) + len(self._recent_at)

    def wants_rebuild(self, *, in_quiet: bool = False) -> bool:
        """Whether so much moved that a new tree pays; where nobody searches, that is a part of all points."""
        enough = max(REBUILD_AFTER, len(self._tree_slots) // QUIET_SHARE if in_quiet else 0)
        return len(self._recent_at) > enough and self._moved_meanwhile is None

    def move(self, slot: int, point_m: Floats) -> None:
        """The slot is at this point now, shape (3,); at none where the point is NaN."""
        self._is_recent.reserve(slot + 1)
        self._is_known.reserve(slot + 1)
        if np.isnan(point_m[0]) and not self._is_known.values[slot]:
            return
        self._is_known.values[slot] = True
        if self._moved_meanwhile is not None:
            self._moved_meanwhile[slot] = point_m
        at = self._recent_at.get(slot)
        if at is None:
            at = self._recent_at[slot] = len(self._recent_at)
            if at == len(self._recent_slots):
                self._recent_slots = np.concatenate((self._recent_slots, np.empty_like(self._recent_slots)))
                self._recent_points = np.concatenate(
                    (self._recent_points, np.empty_like(self._recent_points))
                )
            self._recent_slots[at] = slot
            self._is_recent.values[slot] = True
        self._recent_points[at] = point_m

    def near(self, point_m: tuple[float, float, float], radius_m: float) -> Slots:
        """Every slot within a straight line of `radius_m` from the point."""
        found = np.array(self._tree.query_ball_point(point_m, radius_m), np.int64)
        slots = self._tree_slots.take(found)
        if not self._recent_at:
            return slots
        _, recent = self._recent_near(np.array([point_m]), np.array([radius_m]))
        return np.concatenate((slots[~self._is_recent.values[slots]], recent))

    def near_each(self, points_m: Floats, radii_m: Floats) -> tuple[NDArray[np.int64], Slots]:
        """The same for several points, shape (k, 3): pairs of the number of the point and a slot near it."""
        parts = self._tree.query_ball_point(points_m, radii_m)
        which = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        slots = self._tree_slots[np.array([row for part in parts for row in part], np.int64)]
        if not self._recent_at:
            return which, slots
        near, recent = self._recent_near(points_m, radii_m)
        settled = ~self._is_recent.values[slots]
        return np.concatenate((which[settled], near)), np.concatenate((slots[settled], recent))

    def _recent_near(self, points_m: Floats, radii_m: Floats) -> tuple[NDArray[np.int64], Slots]:
        apart = self._recent_points[None, : len(self._recent_at)] - points_m[:, None]
        near, recent = np.nonzero(np.einsum("kij,kij->ki", apart, apart) <= (radii_m**2)[:, None])
        return near, self._recent_slots[recent]

    async def rebuild(self, read_points: Callable[[], tuple[Slots, Floats]]) -> None:
        """A new tree of what is read, slots and their points. Reading is done in the other thread too: what moves
        meanwhile may be read as it was, as it is or in between, and is recent afterwards."""
        self._moved_meanwhile = {}
        try:
            tree, slots, is_known = await asyncio.to_thread(_build, read_points)
            moved = self._moved_meanwhile
        finally:
            self._moved_meanwhile = None
        self._tree, self._tree_slots = tree, slots
        self._is_recent.values[self._recent_slots[: len(self._recent_at)]] = False
        self._recent_at = {}
        self._is_known = is_known
        for slot, point_m in moved.items():
            self._is_known.reserve(slot + 1)
            self._is_known.values[slot] = True
            self.move(slot, point_m)


def _build(read_points: Callable[[], tuple[Slots, Floats]]) -> tuple[cKDTree, Slots, Column]:
    """The tree, its slots, and by slot whether it is among them."""
    slots, points_m = read_points()
    is_known = Column(np.bool_, False)
    is_known.reserve(int(slots.max(initial=-1)) + 1)
    is_known.values[slots] = True
    return cKDTree(points_m, leafsize=LEAF, balanced_tree=False), slots, is_known
