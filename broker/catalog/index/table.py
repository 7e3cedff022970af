"""Every known camera in columns by slot, each slot with its display kept apart. Changed and read in one thread.

A camera keeps its slot for as long as it is known; a freed slot goes to the next new camera. `changed` tells
what must be decided anew for slots that were written, `moved` what the spatial index must learn.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from adapters.contract.gaps import gap_over_s, longest_period_s
from broker.agencies.policy import CameraColumns, Category
from broker.catalog.disclosure import offered_bits
from broker.catalog.geometry import Floats, geocentric_point_m
from broker.catalog.index.arrays import FIRST_CAPACITY, Ragged, Slots, Vocabulary
from broker.catalog.index.stored import StoredCamera
from broker.catalog.models import is_reserved
from broker.catalog.names import folded
from broker.catalog.rendering import fragments_of

NEVER_US: Final = int(np.iinfo(np.int64).min)
"""An instant that is not known, in microseconds since 1970."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

STATUSES: Final = ("up", "stale", "unknown", "down")
"""Codes of `status`, best first."""

JOURNAL_KEPT: Final = 65_536


def microseconds(instant: datetime) -> int:
    """Since 1970, of an aware instant."""
    return round(instant.timestamp() * 1e6)


def instant(since_1970_us: int) -> datetime:
    return EPOCH + timedelta(microseconds=since_1970_us)


FACTS: Final = np.dtype(
    [
        ("lat_deg", np.float64),
        ("lon_deg", np.float64),
        ("accuracy_m", np.float64),
        ("captured_us", np.int64),
        ("clock_offset_ms", np.float64),
        ("gap_over_s", np.float64),
        ("owner", np.int32),
        ("network", np.int32),
        ("kind", np.int32),
        ("level", np.int32),
        ("tags", np.int32),
        ("status", np.int8),
        ("offered", np.uint8),
        ("has_position", np.bool_),
        ("has_snapshot", np.bool_),
        ("vanished", np.bool_),
        ("reserved", np.bool_),
    ],
    align=True,
)
"""What cameras are searched by, a record each: a question reads all of a few scattered ones. Position and
accuracy are the camera's own, else its place's; `owner` to `tags` are codes; `offered` are bits of actions."""

Facts = NDArray[np.void]


class CameraTable:
    """The catalog's cameras in memory. `version` grows with every change."""

    def __init__(self) -> None:
        self.facts: Facts = np.zeros(FIRST_CAPACITY, FACTS)
        self.points_m: Floats = np.full((FIRST_CAPACITY, 3), np.nan)
        self.views = Ragged(3, np.float64)
        self.spans = Ragged(3, np.int64)
        self.owners: Vocabulary[str] = Vocabulary()
        self.networks: Vocabulary[str] = Vocabulary()
        self.kinds: Vocabulary[str] = Vocabulary([""])
        self.levels: Vocabulary[str | None] = Vocabulary([None])
        self.tag_sets: Vocabulary[frozenset[str]] = Vocabulary([frozenset()])
        self.ids: list[str | None] = []
        self.displays: list[bytes] = []
        self.texts: list[str] = []
        self.version = 0
        self._slots: dict[str, int] = {}
        self._free: list[int] = []
        self._reserved_sets: dict[int, bool] = {}
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
        return self.owners.values[int(self.facts[slot]["owner"])]

    def ids_of_network(self, network_id: str) -> list[str]:
        code = self.networks.find(network_id)
        codes = self.facts["network"][: self.size]
        return [name for slot in np.flatnonzero(codes == code) if (name := self.ids[slot]) is not None]

    def all_slots(self) -> Slots:
        """Every slot that holds a camera."""
        alive = np.fromiter(self._slots.values(), np.int64, len(self._slots))
        alive.sort()
        return alive

    def put(self, camera: StoredCamera) -> tuple[int, bool]:
        """Writes the camera; its slot, and whether it stands elsewhere than before."""
        slot = self._slots.get(camera.id)
        if slot is None:
            slot = self._allocate(camera.id)
        place = camera.located
        lat_deg, lon_deg, accuracy_m = (np.nan, np.nan, 0.0)
        if place is not None:
            lat_deg, lon_deg, accuracy_m = place.lat, place.lon, place.accuracy_m or 0.0
        has_position = camera.position is not None
        before = self.facts[slot]
        stood = (float(before["lat_deg"]), float(before["lon_deg"]), bool(before["has_position"]))
        stands = (lat_deg, lon_deg, has_position)
        tags = self.tag_sets.code(frozenset(camera.tags))
        captured = None if camera.snapshot is None else camera.snapshot.captured_at
        self.facts[slot] = (
            lat_deg,
            lon_deg,
            accuracy_m,
            NEVER_US if captured is None else microseconds(captured),
            np.nan if camera.clock_offset_ms is None else camera.clock_offset_ms,
            gap_over_s(longest_period_s(stream.fps for stream in camera.streams)),
            self.owners.code(camera.agency),
            self.networks.code(camera.network),
            self.kinds.code(camera.kind or ""),
            self.levels.code(camera.level),
            tags,
            STATUSES.index(camera.status),
            offered_bits(camera.offers),
            has_position,
            camera.snapshot is not None,
            camera.vanished_at is not None,
            self._is_reserved(tags),
        )
        if stood != stands:
            self.points_m[slot] = geocentric_point_m(lat_deg, lon_deg)
        self.views.put(slot, [_view(v.heading_deg, v.fov_deg, v.range_m) for v in camera.views])
        self.spans.put(slot, [_span(s.interval.start, s.interval.end, s.overwrite_at) for s in camera.spans])
        self.displays[slot] = fragments_of(camera)
        self.texts[slot] = folded(f"{camera.name} {camera.id} {camera.place_name or ''}")
        self._note(slot)
        return slot, stood != stands

    def remove(self, camera_id: str) -> int | None:
        """Forgets the camera; the slot that it had."""
        slot = self._slots.pop(camera_id, None)
        if slot is None:
            return None
        self.facts[slot] = np.zeros(1, FACTS)[0]
        self.points_m[slot] = np.nan
        self.facts[slot]["lat_deg"] = self.facts[slot]["lon_deg"] = np.nan
        self.facts[slot]["owner"] = self.owners.code("")
        self.views.put(slot, [])
        self.spans.put(slot, [])
        self.ids[slot] = None
        self.displays[slot], self.texts[slot] = b"", ""
        self._free.append(slot)
        self._note(slot)
        return slot

    def changed_since(self, version: int) -> Slots | None:
        """The slots written after that version; None where that is too long ago to say."""
        if version < self._journal_begins:
            return None
        return np.unique(np.array(self._journal[version - self._journal_begins :], dtype=np.int64))

    def policy_columns(self, slots: Slots | None = None) -> CameraColumns:
        """What rights depend on, of these slots or of all."""
        facts = self.facts[: self.size] if slots is None else self.facts[slots]
        return CameraColumns(
            owner=Category(facts["owner"], self.owners.values),
            network=Category(facts["network"], self.networks.values),
            kind=Category(facts["kind"], self.kinds.values),
            tags=Category(facts["tags"], self.tag_sets.values),
            lat_deg=facts["lat_deg"],
            lon_deg=facts["lon_deg"],
            reserved=facts["reserved"],
        )

    def _allocate(self, camera_id: str) -> int:
        if self._free:
            slot = self._free.pop()
            self.ids[slot] = camera_id
        else:
            slot = len(self.ids)
            self.ids.append(camera_id)
            self.displays.append(b"")
            self.texts.append("")
            if slot >= self._capacity:
                self._capacity *= 2
                self.facts = np.concatenate((self.facts, np.zeros_like(self.facts)))
                self.points_m = np.concatenate((self.points_m, np.full_like(self.points_m, np.nan)))
                self.views.reserve(self._capacity)
                self.spans.reserve(self._capacity)
        self._slots[camera_id] = slot
        return slot

    def _is_reserved(self, tags: int) -> bool:
        known = self._reserved_sets.get(tags)
        if known is None:
            known = self._reserved_sets[tags] = is_reserved(self.tag_sets.values[tags])
        return known

    def _note(self, slot: int) -> None:
        self.version += 1
        self._journal.append(slot)
        if len(self._journal) > 2 * JOURNAL_KEPT:
            del self._journal[:JOURNAL_KEPT]
            self._journal_begins += JOURNAL_KEPT


def _view(
    heading_deg: float | None, fov_deg: float | None, range_m: float | None
) -> tuple[float, float, float]:
    """Heading, half the angle, range, NaN where unknown. A panoramic view looks every way."""
    if fov_deg is not None and fov_deg >= 360:
        heading_deg = 0.0
    return (
        np.nan if heading_deg is None else heading_deg,
        np.nan if fov_deg is None else fov_deg / 2,
        np.nan if range_m is None else range_m,
    )


def _span(start: datetime, end: datetime, overwrite_at: datetime | None) -> tuple[int, int, int]:
    overwrite_us = NEVER_US if overwrite_at is None else microseconds(overwrite_at)
    return microseconds(start), microseconds(end), overwrite_us
