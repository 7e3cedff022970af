"""Every known camera in columns by slot, each slot with its display kept apart. Changed and read in one thread.

A camera keeps its slot for as long as it is known; a freed slot goes to the next new camera. `changed` tells
what must be decided anew for slots that were written, `moved` what the spatial index must learn.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from broker.agencies.columns import CameraColumns, Category
from broker.catalog.geometry import Floats, geocentric_m
from broker.catalog.index.arrays import FIRST_CAPACITY, Ragged, Slots
from broker.catalog.index.parts import SPAN_WIDTH, VIEW_WIDTH
from broker.catalog.index.rows import CODED, UNUSED, CameraRows, Facts, Words
from broker.catalog.index.stored import read_camera
from broker.catalog.rendering import display_of

JOURNAL_KEPT: Final = 65_536

Known = tuple[Facts, Floats, Slots, Slots, Floats, Slots, Slots, NDArray[np.int64]]


class CameraTable:
    """The catalog's cameras in memory. `version` grows with every change."""

    def __init__(self) -> None:
        self.facts: Facts = np.full(FIRST_CAPACITY, UNUSED)
        self.points_m: Floats = np.full((FIRST_CAPACITY, 3), np.nan)
        self.views = Ragged(VIEW_WIDTH, np.float64)
        self.spans = Ragged(SPAN_WIDTH, np.int64)
        self.words = Words()
        self.ids: list[str | None] = []
        self.texts = Ragged(1, np.uint8)
        self._bodies: list[str] = []
        self._displays: list[bytes | None] = []
        self.version = 0
        self._slots: dict[str, int] = {}
        self._free: list[int] = []
        self._capacity = FIRST_CAPACITY
        self._journal: list[int] = []
        self._journal_begins = 0

    def __len__(self) -> int:
        return len(self._slots)

    @property
    def size(self) -> int:
        """Slots in use or free again: columns are read up to here."""
        return len(self.ids)

    def slot_of(self, camera_id: str) -> int | None:
        return self._slots.get(camera_id)

    def owner_of(self, slot: int) -> str:
        return self.words.owner.values[int(self.facts[slot]["owner"])]

    def display(self, slot: int) -> bytes:
        """What may be shown of the slot's camera: written when it is first shown, as most cameras are not."""
        display = self._displays[slot]
        if display is None:
            display = self._displays[slot] = display_of(read_camera(self._bodies[slot]))
            self._bodies[slot] = ""
        return display

    @property
    def known(self) -> Known:
        """What compiled loops look at: records, points; views and spans, each with where a slot's begin and how many
        they are."""
        views, spans = self.views, self.spans
        return (
            self.facts,
            self.points_m,
            views.begins,
            views.counts,
            views.parts,
            spans.begins,
            spans.counts,
            spans.parts,
        )

    def ids_of_network(self, network_id: str) -> list[str]:
        code = self.words.network.find(network_id)
        codes = self.facts["network"][: self.size]
        return [name for slot in np.flatnonzero(codes == code) if (name := self.ids[slot]) is not None]

    def all_slots(self) -> Slots:
        """Every slot that holds a camera."""
        is_used = np.ones(self.size, np.bool_)
        is_used[self._free] = False
        return is_used.nonzero()[0]

    def put(self, rows: CameraRows) -> tuple[Slots, NDArray[np.bool_]]:
        """Writes the cameras; their slots, and which stand elsewhere than before."""
        if not rows.ids:
            return np.empty(0, np.int64), np.empty(0, np.bool_)
        slots = np.array([self._slot_for(camera_id) for camera_id in rows.ids], np.int64)
        facts = rows.facts.copy()
        for column in CODED:
            own = self.words.of(column)
            codes = np.array([own.code(word) for word in rows.words.of(column).values], np.int32)
            facts[column] = codes[facts[column]]
        before = self.facts[slots]
        moved = before["has_position"] != facts["has_position"]
        for name in ("lat_deg", "lon_deg"):
            moved |= (before[name] != facts[name]) & ~(np.isnan(before[name]) & np.isnan(facts[name]))
        self.facts[slots] = facts
        self.points_m[slots] = geocentric_m(facts["lat_deg"], facts["lon_deg"])
        self.views.put(slots, rows.view_counts, rows.views)
        self.spans.put(slots, rows.span_counts, rows.spans)
        self.texts.put(slots, rows.text_counts, rows.texts)
        numbers = slots.tolist()
        for slot, body in zip(numbers, rows.bodies, strict=True):
            self._bodies[slot], self._displays[slot] = body, None
        self._note(numbers)
        return slots, moved

    def remove(self, camera_id: str) -> int | None:
        """Forgets the camera; the slot that it had."""
        slot = self._slots.pop(camera_id, None)
        if slot is None:
            return None
        self.facts[slot] = UNUSED
        self.points_m[slot] = np.nan
        self.facts[slot]["owner"] = self.words.owner.code("")
        none = np.zeros(1, np.int64)
        for parts in (self.views, self.spans, self.texts):
            parts.put(np.array([slot]), none, parts.parts[:0])
        self.ids[slot] = None
        self._bodies[slot], self._displays[slot] = "", None
        self._free.append(slot)
        self._note([slot])
        return slot

    def arrange_by_place(self) -> None:
        """Slots anew, in an order in which what is near in space is near in memory. For a start: whoever knew slots
        must learn them again, and nobody may read or write meanwhile."""
        located = np.flatnonzero(~np.isnan(self.points_m[: self.size, 0]))
        near = located[cKDTree(self.points_m[located], balanced_tree=False).indices]
        order = np.concatenate((near, np.setdiff1d(np.arange(self.size), located)))
        size = self.size
        self.facts[:size], self.points_m[:size] = self.facts[order], self.points_m[order]
        self.views.reorder(order)
        self.spans.reorder(order)
        self.texts.reorder(order)
        old = order.tolist()
        self.ids = [self.ids[slot] for slot in old]
        self._bodies = [self._bodies[slot] for slot in old]
        self._displays = [self._displays[slot] for slot in old]
        self._slots = {name: slot for slot, name in enumerate(self.ids) if name is not None}
        self._free = [slot for slot, name in enumerate(self.ids) if name is None]
        self.version += 1
        self._journal, self._journal_begins = [], self.version

    def changed_since(self, version: int) -> Slots | None:
        """The slots written after that version; None where that is too long ago to say."""
        if version < self._journal_begins:
            return None
        return np.unique(np.array(self._journal[version - self._journal_begins :], dtype=np.int64))

    def policy_columns(self, slots: Slots | None = None) -> CameraColumns:
        """What rights depend on, of these slots or of all."""
        facts = self.facts[: self.size] if slots is None else self.facts[slots]
        return CameraColumns(
            owner=Category(facts["owner"], self.words.owner.values),
            network=Category(facts["network"], self.words.network.values),
            kind=Category(facts["kind"], self.words.kind.values),
            tags=Category(facts["tags"], self.words.tags.values),
            lat_deg=facts["lat_deg"],
            lon_deg=facts["lon_deg"],
            reserved=facts["reserved"],
        )

    def _slot_for(self, camera_id: str) -> int:
        slot = self._slots.get(camera_id)
        if slot is not None:
            return slot
        if self._free:
            slot = self._free.pop()
            self.ids[slot] = camera_id
        else:
            slot = len(self.ids)
            self.ids.append(camera_id)
            self._bodies.append("")
            self._displays.append(None)
            if slot >= self._capacity:
                self._capacity *= 2
                self.facts = np.concatenate((self.facts, np.full(len(self.facts), UNUSED)))
                self.points_m = np.concatenate((self.points_m, np.full_like(self.points_m, np.nan)))
                self.views.reserve(self._capacity)
                self.spans.reserve(self._capacity)
                self.texts.reserve(self._capacity)
        self._slots[camera_id] = slot
        return slot

    def _note(self, slots: list[int]) -> None:
        self.version += len(slots)
        self._journal += slots
        if len(self._journal) > 2 * JOURNAL_KEPT:
            dropped = len(self._journal) - JOURNAL_KEPT
            del self._journal[:dropped]
            self._journal_begins += dropped
