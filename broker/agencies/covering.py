"""Which cameras the terms of an agreement, or an emergency, are about: tests over columns, one a rule.

A test is asked about the rows that the ones before it left standing, and answers for every row.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from broker.agencies.columns import BoolColumn, CameraColumns
from broker.agencies.models import Circle, Terms
from broker.agencies.rules import Rule

Test = Callable[[CameraColumns, BoolColumn], BoolColumn]
Tests = tuple[tuple[Rule, Test], ...]
Degrees = NDArray[np.float64]

GRID: Final = 64
FEW: Final = 20_000
"""Below this many points the grid costs more than it saves."""
MEAN_RADIUS_M: Final = 6_371_008.8


def covered(tests: Iterable[tuple[Rule, Test]], columns: CameraColumns) -> BoolColumn:
    """The rows that pass every test."""
    standing = np.ones(len(columns), bool)
    for _, test in tests:
        standing &= test(columns, standing)
    return standing


def owned_by(agencies: frozenset[str]) -> Test:
    return lambda columns, _: columns.owner.where(agencies.__contains__)


def reserved(wanted: bool) -> Test:
    return lambda columns, _: columns.reserved == wanted


def tests_of(terms: Terms) -> Tests:
    """What a camera must pass to be one of an agreement's. A reserved one never is; an area needs a position."""
    tests: list[tuple[Rule, Test]] = [
        (Rule.OWNER, owned_by(frozenset({terms.owner}))),
        (Rule.RESERVED, reserved(False)),
    ]
    if terms.networks is not None:
        networks = frozenset(terms.networks)
        tests.append((Rule.NETWORK, lambda columns, _: columns.network.where(networks.__contains__)))
    if terms.kinds is not None:
        kinds = frozenset(kind.value for kind in terms.kinds)
        tests.append((Rule.KIND, lambda columns, _: columns.kind.where(kinds.__contains__)))
    if terms.tags_any is not None or terms.tags_none is not None:
        tests.append((Rule.TAGS, lambda columns, _: columns.tags.where(lambda tags: _tagged(terms, tags))))
    if terms.area is not None:
        tests.append((Rule.AREA, within(terms.area)))
    return tuple(tests)


def _tagged(terms: Terms, tags: frozenset[str]) -> bool:
    wanted = terms.tags_any is None or not tags.isdisjoint(terms.tags_any)
    return wanted and (terms.tags_none is None or tags.isdisjoint(terms.tags_none))


def within(geojson: dict[str, Any]) -> Test:
    """Stands in the area or on its outline."""

    def test(columns: CameraColumns, standing: BoolColumn) -> BoolColumn:
        rows = np.flatnonzero(standing & ~np.isnan(columns.lat_deg))
        inside = np.zeros(len(columns), bool)
        if len(rows):
            inside[rows] = points_inside(shape(geojson), columns.lon_deg[rows], columns.lat_deg[rows])
        return inside

    return test


def points_inside(area: BaseGeometry, lon_deg: Degrees, lat_deg: Degrees) -> BoolColumn:
    """Which points the area meets. Most of many points are told by the cell of a grid that they fall into: only those
    in cells that the outline crosses are measured."""
    shapely.prepare(area)
    west, south, east, north = area.bounds
    inside = np.zeros(len(lon_deg), bool)
    near = np.flatnonzero((lon_deg >= west) & (lon_deg <= east) & (lat_deg >= south) & (lat_deg <= north))
    if len(near) >= FEW and east > west and north > south:
        columns, rows = np.linspace(west, east, GRID + 1), np.linspace(south, north, GRID + 1)
        # a point that rounding puts beside its cell falls into the next, whose margin covers it
        margin = 1e-6 * max(east - west, north - south)
        cells = shapely.box(
            columns[:-1, None] - margin,
            rows[None, :-1] - margin,
            columns[1:, None] + margin,
            rows[None, 1:] + margin,
        )
        whole, met = shapely.contains_properly(area, cells), shapely.intersects(area, cells)
        column = np.minimum((lon_deg[near] - west) * (GRID / (east - west)), GRID - 1).astype(np.int64)
        row = np.minimum((lat_deg[near] - south) * (GRID / (north - south)), GRID - 1).astype(np.int64)
        inside[near] = whole[column, row]
        near = near[(met & ~whole)[column, row]]
    inside[near] = shapely.intersects_xy(area, lon_deg[near], lat_deg[near])
    return inside


def within_circle(circle: Circle) -> Test:
    """Stands no further from the middle than the radius, over the sphere."""

    def test(columns: CameraColumns, standing: BoolColumn) -> BoolColumn:
        rows = np.flatnonzero(standing & ~np.isnan(columns.lat_deg))
        near = np.zeros(len(columns), bool)
        lat, lon = np.radians(columns.lat_deg[rows]), np.radians(columns.lon_deg[rows])
        lat_0, lon_0 = np.radians(circle.lat), np.radians(circle.lon)
        half = np.sin((lat - lat_0) / 2) ** 2 + np.cos(lat) * np.cos(lat_0) * np.sin((lon - lon_0) / 2) ** 2
        near[rows] = 2 * MEAN_RADIUS_M * np.arcsin(np.sqrt(np.minimum(half, 1.0))) <= circle.radius_m
        return near

    return test
