"""Finds where two named streets cross. Owns the folding of street names and the error of the point found."""

import re
import unicodedata
from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

from adapters.contract.models import Position
from adapters.lists.config import Area
from adapters.lists.positions import middle_of, read_coordinates, split_lat_lon
from adapters.lists.rows import TextRow, Unusable

MAX_STREETS = 8
"""A description that names more streets than these is not a crossing, and its pairs would be many."""

_NOT_LETTERS = re.compile(r"[\W_]+")


class CrossingCells(NamedTuple):
    """The cells of a row, in the order of `CrossingColumns`."""

    name1: str
    name2: str
    lat: str
    lon: str
    lat_lon: str


def fold_street(name: str) -> str:
    """What two spellings of a street have in common: no case, accents, ligatures, hyphens, apostrophes.

    Articles stay: `rue Moulin` and `rue du Moulin` may be two streets.
    """
    # Compatibility caseless matching, definition D146 of the Unicode Standard, section 3.13.
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFD", name).casefold())
    decomposed = unicodedata.normalize("NFKD", folded.casefold()).replace("œ", "oe").replace("æ", "ae")
    letters = "".join(character for character in decomposed if not unicodedata.combining(character))
    return _NOT_LETTERS.sub(" ", letters).strip()


def split_streets(text: str) -> tuple[str, ...]:
    """The streets of a description such as `Rue A, rue B`."""
    return tuple(name for part in re.split("[,;]", text) if (name := part.strip()))


def _pair(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one <= other else (other, one)


class CrossingIndex:
    """Crossings by their two streets; filled by `add`, then only asked."""

    def __init__(self, accuracy_m: float, max_spread_m: float, area: Area | None) -> None:
        self._accuracy_m = accuracy_m
        self._max_spread_m = max_spread_m
        self._area = area
        self._points: dict[tuple[str, str], list[Position]] = {}

    def add(self, row: TextRow) -> None:
        """`Unusable` for a row without two names or without a position."""
        cells = CrossingCells(*row.cells)
        names = fold_street(cells.name1), fold_street(cells.name2)
        if not all(names):
            raise Unusable("a crossing needs two street names")
        lat, lon = split_lat_lon(cells.lat_lon) if cells.lat_lon else (cells.lat, cells.lon)
        coordinates = read_coordinates(lat, lon, self._area, outside_allowed=True)
        if coordinates is None:
            raise Unusable("a crossing needs coordinates")
        self._points.setdefault(_pair(*names), []).append(Position(lat=coordinates[0], lon=coordinates[1]))

    def locate(self, streets: Sequence[str], elevation_m: float | None) -> Position:
        """The centre of all points where any two of the streets cross.

        Its accuracy is that of a crossing plus the distance to the farthest of those points. `Unusable`
        where no two of the streets cross here, where they cross too far apart to mean one junction, and
        where they cross outside the network's area.
        """
        folded = list(dict.fromkeys(name for street in streets if (name := fold_street(street))))
        if len(folded) > MAX_STREETS:
            raise Unusable(f"names {len(folded)} streets; a crossing has at most {MAX_STREETS}")
        points = [point for two in combinations(folded, 2) for point in self._points.get(_pair(*two), ())]
        if not points:
            raise Unusable(f"no crossing of its streets is known ({', '.join(map(repr, streets))})")
        lat, lon, spread_m = middle_of(points)
        if spread_m > self._max_spread_m:
            raise Unusable(
                f"its streets cross at {len(points)} points up to {spread_m:.0f} m from their centre; "
                f"max_spread_m allows {self._max_spread_m:g}"
            )
        if self._area is not None and not self._area.contains(lat, lon):
            raise Unusable(f"its streets cross at lat {lat:g}, lon {lon:g}, outside the network's area")
        accuracy_m = round(self._accuracy_m + spread_m, 1)
        return Position(lat=lat, lon=lon, elevation_m=elevation_m, accuracy_m=accuracy_m)
