"""Where a question looks: candidates from the spatial index, then measured exactly.

Whatever the shape, candidates come from balls that surely hold it. A camera that is known by its place only is
near as soon as the place's stated uncertainty reaches into a radius or a buffer.
"""

from typing import Final

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

from broker.catalog.geometry import (
    Floats,
    distance_m,
    geocentric_m,
    geocentric_point_m,
    lengths_m,
)
from broker.catalog.index.arrays import Slots
from broker.catalog.index.kernels import Mask, allowed, arcs_m, nearest_on_line
from broker.catalog.index.rights import Rights
from broker.catalog.index.spatial import SpatialIndex
from broker.catalog.index.table import CameraTable
from broker.catalog.index.wanted import Wanted
from broker.catalog.questions import Along, Area, Box, Radius, Within

PIECE_M: Final = 2_000.0
"""Lines are measured in pieces no longer than this: straight in space, 8 cm below the ground in the middle."""

STRETCH_M: Final = 250.0
"""Candidates near a line come from balls about stretches no shorter than this, and no shorter than its buffer."""

SLACK: Final = 1.01
"""A box bulges between its corners, and rounding moves an edge."""

WHOLE_M: Final = 2e7
WIDE_DEG: Final = 90.0

Point = tuple[float, float, float]


class Places(msgspec.Struct, frozen=True):
    """The spatial part of the index. `placed` holds cameras that only their place locates, `uncertainty_m`
    how far from it the furthest of them may stand."""

    table: CameraTable
    own: SpatialIndex
    placed: SpatialIndex
    uncertainty_m: float


class Asked(msgspec.Struct, frozen=True):
    """What is looked for, by whom: `stale` says by network code whose cameras nothing proved for long."""

    wanted: Wanted
    rights: Rights
    stale: Mask


class Found(msgspec.Struct, frozen=True):
    """Cameras that lie in an area, one row each, in no order.

    `from_m` is where distances count from, shape (1, 3) or (n, 3), None where nothing was asked for that has a
    distance; `distance_m` is NaN then.
    """

    slots: Slots
    distance_m: Floats
    from_m: Floats | None
    along_m: Floats | None = None

    def __len__(self) -> int:
        return len(self.slots)

    def take(self, rows: NDArray[np.int64]) -> "Found":
        """These rows, in this order."""
        from_m, along_m = self.from_m, self.along_m
        return Found(
            self.slots.take(rows),
            self.distance_m.take(rows),
            from_m if from_m is None or len(from_m) == 1 else from_m.take(rows, axis=0),
            None if along_m is None else along_m.take(rows),
        )

    def where(self, mask: Mask) -> "Found":
        """The rows of the mask."""
        return self if np.count_nonzero(mask) == len(mask) else self.take(mask.nonzero()[0])


def find(area: Area | None, places: Places, asked: Asked) -> Found:
    """The cameras in the area that the caller may locate and whose record is wanted."""
    match area:
        case None:
            slots = candidates(places, asked, places.table.all_slots())
            return Found(slots, np.full(len(slots), np.nan), None)
        case Radius():
            return _in_radius(area, places, asked)
        case Box():
            return _in_box(area, places, asked)
        case Within():
            return _within(area, places, asked)
        case Along():
            return _along(area, places, asked)


def candidates(places: Places, asked: Asked, slots: Slots) -> Slots:
    """Of these slots, those that the caller may locate and whose record is wanted."""
    return allowed(slots, places.table.facts, asked.rights.bits.values, asked.stale, asked.wanted)


def _measured(
    places: Places, slots: Slots, lat_deg: float, lon_deg: float, point_m: Point | None = None
) -> Found:
    """The slots with their distances from the point. Which formula measures a camera depends on nothing else, so
    that it is as far away on every page."""
    from_m = np.array([point_m or geocentric_point_m(lat_deg, lon_deg)])
    distances, far = arcs_m(slots, places.table.points_m, from_m)
    if len(far):
        facts, distant = places.table.facts, slots.take(far)
        distances[far] = distance_m(lat_deg, lon_deg, facts["lat_deg"][distant], facts["lon_deg"][distant])
    return Found(slots, distances, from_m)


def _in_radius(area: Radius, places: Places, asked: Asked) -> Found:
    point_m = geocentric_point_m(area.lat_deg, area.lon_deg)
    slots = places.own.near(point_m, area.radius_m)
    if not len(places.placed):
        kept = candidates(places, asked, slots)
        found = _measured(places, kept, area.lat_deg, area.lon_deg, point_m)
        return found.where(found.distance_m <= area.radius_m)
    placed = places.placed.near(point_m, area.radius_m + places.uncertainty_m)
    slots = candidates(places, asked, np.concatenate((slots, placed)))
    found = _measured(places, slots, area.lat_deg, area.lon_deg)
    return found.where(found.distance_m <= area.radius_m + _uncertainty_m(places, found.slots))


def _uncertainty_m(places: Places, slots: Slots) -> Floats:
    """How much nearer a camera may stand: the accuracy of its place where it has no position of its own."""
    facts = places.table.facts
    return np.where(facts["has_position"][slots], 0.0, facts["accuracy_m"][slots])


def _in_box(area: Box, places: Places, asked: Asked) -> Found:
    slots = candidates(places, asked, _in_balls(places, [area]))
    facts = places.table.facts
    lats, lons = facts["lat_deg"][slots], facts["lon_deg"][slots]
    inside = (lats >= area.south_deg) & (lats <= area.north_deg) & _between_meridians(area, lons)
    return _measured(places, slots[inside], *area.centre_deg)


def _between_meridians(area: Box, lons: Floats) -> NDArray[np.bool_]:
    """Between west and east; 180 and -180 are one meridian."""
    mirrored = np.where(np.abs(lons) == 180.0, -lons, lons)
    if area.west_deg > area.east_deg:
        return (lons >= area.west_deg) | (lons <= area.east_deg) | (mirrored >= area.west_deg)
    return ((lons >= area.west_deg) & (lons <= area.east_deg)) | (
        (mirrored >= area.west_deg) & (mirrored <= area.east_deg)
    )


def _within(area: Within, places: Places, asked: Asked) -> Found:
    boxes = [Box(*part.bounds) for part in shapely.get_parts(area.shape)]
    slots = candidates(places, asked, _in_balls(places, boxes))
    facts = places.table.facts
    lats, lons = facts["lat_deg"][slots], facts["lon_deg"][slots]
    shapely.prepare(area.shape)
    inside = shapely.intersects_xy(area.shape, lons, lats)
    edge = np.abs(lons) == 180.0
    if edge.any():
        inside |= edge & shapely.intersects_xy(area.shape, -lons, lats)
    return _measured(places, slots[inside], *Box(*area.shape.bounds).centre_deg)


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


def _along(area: Along, places: Places, asked: Asked) -> Found:
    """Distances to the nearest point of the line, and how far along the line that point is."""
    lats, lons = _pieces(area)
    lengths = distance_m(lats[:-1], lons[:-1], lats[1:], lons[1:])
    begins = np.cumsum(lengths) - lengths
    corners = geocentric_m(lats, lons)
    middles, reach_m = _stretches(corners, begins, max(STRETCH_M, area.buffer_m))
    reach_m = reach_m + area.buffer_m + 1.0
    slots = places.own.near_each(middles, reach_m)[1]
    if len(places.placed):
        placed = places.placed.near_each(middles, reach_m + places.uncertainty_m)[1]
        slots = np.concatenate((slots, placed))
    kept = candidates(places, asked, np.unique(slots))
    furthest_m = area.buffer_m + places.uncertainty_m + 1.0
    distances, along, from_m = nearest_on_line(
        kept, places.table.points_m, corners, lengths, begins, furthest_m
    )
    found = Found(kept, distances, from_m, along)
    return found.where(found.distance_m <= area.buffer_m + _uncertainty_m(places, kept))


def _stretches(corners_m: Floats, begins_m: Floats, length_m: float) -> tuple[Floats, Floats]:
    """Balls that hold the line, few enough that a camera lies near a few of them only: their middles and radii."""
    first = np.unique(begins_m // length_m, return_index=True)[1]
    low = np.minimum.reduceat(np.minimum(corners_m[:-1], corners_m[1:]), first)
    high = np.maximum.reduceat(np.maximum(corners_m[:-1], corners_m[1:]), first)
    return (low + high) / 2, lengths_m(high - low) / 2


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
