"""Where a question looks: candidates from the spatial index, then measured exactly.

Whatever the shape, candidates come from balls that surely hold it. A camera that is known by its place only is
near as soon as the place's stated uncertainty reaches into a radius or a buffer.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from broker.catalog.geometry import (
    NEAR_M,
    Floats,
    arc_m,
    bearings_deg,
    distance_m,
    geocentric_m,
    geocentric_point_m,
)
from broker.catalog.index.arrays import Slots
from broker.catalog.index.rights import Rights
from broker.catalog.index.spatial import SpatialIndex
from broker.catalog.index.table import CameraTable, Facts
from broker.catalog.questions import Along, Area, Box, Radius, Within

PIECE_M: Final = 2_000.0
"""Lines are measured in pieces no longer than this: straight in space, 8 cm below the ground in the middle."""

SLACK: Final = 1.01
"""A box bulges between its corners, and rounding moves an edge."""

WHOLE_M: Final = 2e7
WIDE_DEG: Final = 90.0


@dataclass(frozen=True)
class Places:
    """The spatial part of the index. `placed` holds cameras that only their place locates, `uncertainty_m`
    how far from it the furthest of them may stand."""

    table: CameraTable
    own: SpatialIndex
    placed: SpatialIndex
    uncertainty_m: float


@dataclass(frozen=True)
class Found:
    """Cameras that lie in an area, one row each, in no order.

    `points_m` is where they stand, `from_m` where distances count from, shape (1, 3) or (n, 3), None where
    nothing was asked for that has a distance; `distance_m` is NaN then.
    """

    slots: Slots
    bits: NDArray[np.uint8]
    facts: Facts
    points_m: Floats
    distance_m: Floats
    from_m: Floats | None
    along_m: Floats | None = None

    def __len__(self) -> int:
        return len(self.slots)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "Found":
        from_m = self.from_m
        return Found(
            self.slots[rows],
            self.bits[rows],
            self.facts[rows],
            self.points_m[rows],
            self.distance_m[rows],
            from_m if from_m is None or len(from_m) == 1 else from_m[rows],
            None if self.along_m is None else self.along_m[rows],
        )

    @cached_property
    def bearing_deg(self) -> Floats:
        """Towards each camera from where its distance counts from."""
        if self.from_m is None:
            return np.full(len(self), np.nan)
        return bearings_deg(self.from_m, self.points_m)

    @cached_property
    def back_bearing_deg(self) -> Floats:
        """From each camera towards that point."""
        if self.from_m is None:
            return np.full(len(self), np.nan)
        return bearings_deg(self.points_m, self.from_m)


def find(area: Area | None, places: Places, rights: Rights) -> Found:
    """The cameras in the area that the caller may locate."""
    match area:
        case None:
            return candidates(places, rights, places.table.all_slots())
        case Radius():
            return _in_radius(area, places, rights)
        case Box():
            return _in_box(area, places, rights)
        case Within():
            return _within(area, places, rights)
        case Along():
            return _along(area, places, rights)


def candidates(places: Places, rights: Rights, slots: Slots) -> Found:
    """What is known of these slots, without those that the caller may not locate."""
    bits = rights.bits.values[slots]
    may = rights.locates(bits)
    if not may.all():
        slots, bits = slots[may], bits[may]
    table = places.table
    return Found(slots, bits, table.facts[slots], table.points_m[slots], np.full(len(slots), np.nan), None)


def _measured(found: Found, lat_deg: float, lon_deg: float) -> Found:
    """The rows with their distances from the point."""
    from_m = np.array([geocentric_point_m(lat_deg, lon_deg)])
    line = found.points_m - from_m
    chords = np.sqrt(np.einsum("ij,ij->i", line, line))
    if chords.max(initial=0.0) <= NEAR_M:
        distances = arc_m(chords)
    else:
        distances = distance_m(lat_deg, lon_deg, found.facts["lat_deg"], found.facts["lon_deg"])
    return Found(found.slots, found.bits, found.facts, found.points_m, distances, from_m)


def _in_radius(area: Radius, places: Places, rights: Rights) -> Found:
    point_m = np.array(geocentric_point_m(area.lat_deg, area.lon_deg))
    slots = places.own.near(point_m, area.radius_m)
    if len(places.placed):
        placed = places.placed.near(point_m, area.radius_m + places.uncertainty_m)
        slots = np.concatenate((slots, placed))
    found = _measured(candidates(places, rights, slots), area.lat_deg, area.lon_deg)
    reach_m: Floats | float = area.radius_m
    if len(places.placed):
        reach_m = area.radius_m + _uncertainty_m(found.facts)
    inside = found.distance_m <= reach_m
    return found if inside.all() else found.take(inside)


def _uncertainty_m(facts: Facts) -> Floats:
    """How much nearer a camera may stand: the accuracy of its place where it has no position of its own."""
    return np.where(facts["has_position"], 0.0, facts["accuracy_m"])


def _in_box(area: Box, places: Places, rights: Rights) -> Found:
    found = candidates(places, rights, _in_balls(places, [area]))
    lats, lons = found.facts["lat_deg"], found.facts["lon_deg"]
    inside = (lats >= area.south_deg) & (lats <= area.north_deg) & _between_meridians(area, lons)
    return _measured(found.take(inside), *area.centre_deg)


def _between_meridians(area: Box, lons: Floats) -> NDArray[np.bool_]:
    """Between west and east; 180 and -180 are one meridian."""
    mirrored = np.where(np.abs(lons) == 180.0, -lons, lons)
    if area.west_deg > area.east_deg:
        return (lons >= area.west_deg) | (lons <= area.east_deg) | (mirrored >= area.west_deg)
    return ((lons >= area.west_deg) & (lons <= area.east_deg)) | (
        (mirrored >= area.west_deg) & (mirrored <= area.east_deg)
    )


def _within(area: Within, places: Places, rights: Rights) -> Found:
    boxes = [Box(*part.bounds) for part in shapely.get_parts(area.shape)]
    found = candidates(places, rights, _in_balls(places, boxes))
    lats, lons = found.facts["lat_deg"], found.facts["lon_deg"]
    shapely.prepare(area.shape)
    inside = shapely.intersects_xy(area.shape, lons, lats)
    edge = np.abs(lons) == 180.0
    if edge.any():
        inside |= edge & shapely.intersects_xy(area.shape, -lons, lats)
    return _measured(found.take(inside), *Box(*area.shape.bounds).centre_deg)


def _in_balls(places: Places, boxes: list[Box]) -> Slots:
    """Slots that may lie in the boxes, each once. A ball reaches from a box's centre to its furthest corner."""
    centres = np.array([box.centre_deg for box in boxes])
    points_m = geocentric_m(centres[:, 0], centres[:, 1])
    corners = np.array([_corners_deg(box) for box in boxes]).reshape(-1, 2)
    lines = geocentric_m(corners[:, 0], corners[:, 1]).reshape(-1, 4, 3) - points_m[:, None]
    reach_m = np.sqrt(np.einsum("kij,kij->ki", lines, lines)).max(axis=1) * SLACK + 1.0
    reach_m[[box.width_deg > WIDE_DEG for box in boxes]] = WHOLE_M
    slots = places.own.near_each(points_m, reach_m)[1]
    if len(places.placed):
        slots = np.concatenate((slots, places.placed.near_each(points_m, reach_m)[1]))
    return slots if len(boxes) == 1 else np.unique(slots)


def _corners_deg(box: Box) -> list[tuple[float, float]]:
    return [(lat, lon) for lat in (box.south_deg, box.north_deg) for lon in (box.west_deg, box.east_deg)]


def _along(area: Along, places: Places, rights: Rights) -> Found:
    """Distances to the nearest point of the line, and how far along the line that point is."""
    lats, lons = _pieces(area)
    lengths = distance_m(lats[:-1], lons[:-1], lats[1:], lons[1:])
    begins = np.cumsum(lengths) - lengths
    corners = geocentric_m(lats, lons)
    runs, middles = corners[1:] - corners[:-1], (corners[1:] + corners[:-1]) / 2
    reach_m = lengths / 2 + area.buffer_m + 1.0
    piece, slots = places.own.near_each(middles, reach_m)
    if len(places.placed):
        placed_piece, placed = places.placed.near_each(middles, reach_m + places.uncertainty_m)
        piece, slots = np.concatenate((piece, placed_piece)), np.concatenate((slots, placed))
    offsets = places.table.points_m[slots] - corners[piece]
    squares = np.maximum(np.einsum("ij,ij->i", runs, runs), 1e-9)
    parts = np.einsum("ij,ij->i", offsets, runs[piece]) / squares[piece]
    parts = np.minimum(np.maximum(parts, 0.0), 1.0)
    lines = offsets - parts[:, None] * runs[piece]
    distances = arc_m(np.sqrt(np.einsum("ij,ij->i", lines, lines)))
    along = begins[piece] + parts * lengths[piece]
    nearest = _first_of_each(slots, np.lexsort((along, distances, slots)))
    found = candidates(places, rights, slots[nearest])
    nearest = nearest[rights.locates(rights.bits.values[slots[nearest]])]
    found = replace(
        found,
        distance_m=distances[nearest],
        from_m=found.points_m - lines[nearest],
        along_m=along[nearest],
    )
    return found.take(found.distance_m <= area.buffer_m + _uncertainty_m(found.facts))


def _first_of_each(slots: Slots, order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of rows in this order, the first of each slot."""
    ordered = slots[order]
    first = np.ones(len(order), bool)
    first[1:] = ordered[1:] != ordered[:-1]
    return order[first]


def _pieces(area: Along) -> tuple[Floats, Floats]:
    """The line's corners with further points between distant ones; longitudes go on past 180 degrees."""
    corners = np.array(area.points_deg)
    lons, lats = np.unwrap(corners[:, 0], period=360), corners[:, 1]
    lengths = distance_m(lats[:-1], lons[:-1], lats[1:], lons[1:])
    counts = np.maximum(1, np.ceil(lengths / PIECE_M)).astype(np.int64)
    corner = np.repeat(np.arange(len(counts)), counts)
    share = (np.arange(len(corner)) - (np.cumsum(counts) - counts)[corner]) / counts[corner]
    dense_lats = lats[corner] + share * (lats[corner + 1] - lats[corner])
    dense_lons = lons[corner] + share * (lons[corner + 1] - lons[corner])
    return np.append(dense_lats, lats[-1]), np.append(dense_lons, lons[-1])
