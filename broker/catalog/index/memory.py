"""The catalog as one process knows it: cameras in columns, where they stand, what their networks last reported.

Changed and read in one thread; only new trees are built in another. Nothing here waits for a store.
"""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from broker.agencies.models import Officer, PolicyBook
from broker.catalog.geometry import Floats
from broker.catalog.index.areas import Places
from broker.catalog.index.arrays import Slots
from broker.catalog.index.preparing import prepare
from broker.catalog.index.rights import Rights, RightsCache
from broker.catalog.index.rows import CameraRows, rows_of
from broker.catalog.index.spatial import SpatialIndex
from broker.catalog.index.stored import StoredCamera
from broker.catalog.index.table import CameraTable
from broker.catalog.models import NetworkReport, Place, network_of
from broker.catalog.placelist import PlaceList

NOWHERE: NDArray[np.float64] = np.full(3, np.nan)


class CatalogIndex:
    """What is searched. `questions` counts how often somebody asked for rights over it, as each search does first."""

    def __init__(self) -> None:
        self.table = CameraTable()
        self.questions = 0
        self._reports: dict[str, NetworkReport] = {}
        self._proof_ends: Floats = np.empty(0)
        self._known_places: dict[str, PlaceList] = {}
        self._own = SpatialIndex()
        self._placed = SpatialIndex()
        self._uncertainty_m = 0.0
        self._rights = RightsCache(self.table)

    def __len__(self) -> int:
        return len(self.table)

    @property
    def where(self) -> Places:
        """Where cameras are, for `find`."""
        return Places(self.table, self._own, self._placed, self._uncertainty_m)

    def put(self, cameras: Iterable[StoredCamera]) -> None:
        """The cameras as they are from now on."""
        slots, moved = self.table.put(rows_of(cameras))
        self._uncertainty_m = max(self._uncertainty_m, self._widest_m(slots))
        if not np.count_nonzero(moved):
            return
        for slot in slots[moved].tolist():
            self._move(slot)

    def fill(self, rows: CameraRows) -> None:
        """Many cameras of a start: they are found once `settle` has run."""
        self.table.put(rows)

    def remove(self, camera_id: str) -> None:
        """The camera is not known any more."""
        slot = self.table.remove(camera_id)
        if slot is not None:
            self._move(slot)

    def _move(self, slot: int) -> None:
        point, has_position = self.table.points_m[slot].copy(), self.table.facts[slot]["has_position"]
        self._own.move(slot, point if has_position else NOWHERE)
        self._placed.move(slot, NOWHERE if has_position else point)

    async def settle(self) -> None:
        """Puts what is near in space near in memory, and builds trees of it: at a start, before any search."""
        await asyncio.to_thread(prepare)
        await asyncio.to_thread(self.table.arrange_by_place)
        await self._own.rebuild(lambda: self._points(has_position=True))
        await self._placed.rebuild(lambda: self._points(has_position=False))
        self._uncertainty_m = self._widest_m(slice(self.table.size))

    def wants_settling(self, *, in_quiet: bool) -> bool:
        """Whether much moved since the last tree; `in_quiet` nobody searches, and more is to come."""
        return self._own.wants_rebuild(in_quiet=in_quiet) or self._placed.wants_rebuild(in_quiet=in_quiet)

    async def settle_if_due(self) -> None:
        """Builds a new tree where much moved since the last one."""
        if self._own.wants_rebuild():
            await self._own.rebuild(lambda: self._points(has_position=True))
        if self._placed.wants_rebuild():
            await self._placed.rebuild(lambda: self._points(has_position=False))

    def put_places(self, network_id: str, places: Iterable[Place]) -> None:
        """All places of a network as they are from now on."""
        self._known_places[network_id] = PlaceList.of(places)

    @property
    def places(self) -> Mapping[str, PlaceList]:
        """By network, the places that it lists itself."""
        return self._known_places

    def place(self, place_id: str) -> Place | None:
        """One of a network's own."""
        places = self._known_places.get(network_of(place_id))
        return None if places is None else places.get(place_id)

    @property
    def reports(self) -> Mapping[str, NetworkReport]:
        """What the last synchronisation of each network found."""
        return self._reports

    def put_reports(self, reports: Mapping[str, NetworkReport]) -> None:
        """All networks' reports as they are from now on."""
        self._reports = dict(reports)
        self._proof_ends = np.empty(0)

    def stale_networks(self, at: datetime) -> NDArray[np.bool_]:
        """By network code, whether nothing proved the network for long; one without a report is stale."""
        networks = self.table.words.network.values
        if len(self._proof_ends) != len(networks):
            ends = (_proof_ends(self._reports.get(name)) for name in networks)
            self._proof_ends = np.fromiter(ends, np.float64, len(networks))
        return at.timestamp() > self._proof_ends

    def rights(self, officer: Officer, purpose: str | None, book: PolicyBook, at: datetime) -> Rights:
        """What the officer may do with each camera, for this purpose, now."""
        self.questions += 1
        return self._rights.rights(officer, purpose, book, at)

    def _points(self, *, has_position: bool) -> tuple[Slots, Floats]:
        facts = self.table.facts[: self.table.size]
        slots = np.flatnonzero(~np.isnan(facts["lat_deg"]) & (facts["has_position"] == has_position))
        points_m = self.table.points_m[slots]
        # another thread may be half-way through writing a camera, which is moved then when the tree is swapped in
        written = np.isfinite(points_m).all(axis=1)
        return slots[written], points_m[written]

    def _widest_m(self, slots: Slots | slice) -> float:
        """How far from its place the furthest of these cameras may stand that only a place locates."""
        facts = self.table.facts[slots]
        return float(facts["accuracy_m"][~facts["has_position"]].max(initial=0.0))


def _proof_ends(report: NetworkReport | None) -> float:
    """Until when the report proves its network's cameras, in seconds since 1970."""
    if report is None or report.proven_until is None:
        return -np.inf
    return report.proven_until.timestamp()
