"""Reads a public list of places: stations, streets, communes. Owns when rows that share an id are one place."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from adapters.contract.errors import Misconfigured
from adapters.contract.models import PlaceRecord, Position, Rejection
from adapters.contract.options import parse_options
from adapters.lists.config import GazetteerFile, PlaceColumns
from adapters.lists.crossings import fold_street
from adapters.lists.csv_rows import read_csv
from adapters.lists.geojson_rows import read_geojson
from adapters.lists.mapping import map_place
from adapters.lists.positions import arc_m, middle_of, rounded_up
from adapters.lists.reader import wanted_places
from adapters.lists.rows import TextRow, Unusable

Found = tuple[str, PlaceRecord]
"""Where a row stands, and what it says."""


def read_gazetteer(options: dict[str, Any], base_dir: Path) -> Iterator[PlaceRecord | Rejection]:
    """Every place once, and every row that could not be used.

    A place that is listed by several rows, as a station is by its lines, stands in their centre. All rows are
    held in memory until the last one is read. Reads files: run it in a thread. It raises what the lists of cameras
    raise, `Misconfigured` for a wrong option too.
    """
    columns = options.get("columns", {})
    if unknown := sorted(set(columns) - set(PlaceColumns.model_fields)):
        known = ", ".join(PlaceColumns.model_fields)
        raise Misconfigured(f"{unknown[0]!r} is not known of a place; known: {known}")
    file = parse_options(GazetteerFile, options)
    return _places(file, base_dir / file.file)


def _places(file: GazetteerFile, path: Path) -> Iterator[PlaceRecord | Rejection]:
    by_id: dict[str, list[Found]] = {}
    for row in _rows(file, path):
        if isinstance(row, Rejection):
            yield row
            continue
        try:
            place = map_place(row, None, file.accuracy_m)
        except Unusable as problem:
            yield Rejection(where=row.where, reason=str(problem))
        else:
            by_id.setdefault(place.native_id, []).append((row.where, place))
    for rows in by_id.values():
        yield from _as_one(rows, file.max_spread_m)


def _rows(file: GazetteerFile, path: Path) -> Iterator[TextRow | Rejection]:
    wanted = wanted_places(file)
    if file.is_geojson:
        return read_geojson(path, wanted, file.encoding, file.max_geojson_mb, extents=True)
    return read_csv(path, wanted, file.delimiter, file.encoding)


def _as_one(rows: Sequence[Found], max_spread_m: float) -> Iterator[PlaceRecord | Rejection]:
    """The one place that the rows speak of, or each of them rejected where they lie too far apart.

    Its accuracy reaches every row's position and the error of each. The first row's name counts.
    """
    first = rows[0][1]
    if len(rows) == 1:
        yield first
        return
    positions = [place.position for _, place in rows]
    lat, lon, spread_m = middle_of(positions)
    if spread_m > max_spread_m:
        for where, place in rows:
            apart_m = arc_m(lat, lon, place.position.lat, place.position.lon)
            yield Rejection(
                where=where,
                reason=f"lies {apart_m:.0f} m from the centre of the {len(rows)} rows of {first.native_id!r}, "
                f"the farthest {spread_m:.0f} m; max_spread_m allows {max_spread_m:g}",
            )
        return
    for where, place in rows[1:]:
        if fold_street(place.name) != fold_street(first.name):
            yield Rejection(
                where=where,
                reason=f"calls {first.native_id!r} {place.name!r}; {rows[0][0]} calls it {first.name!r}, "
                "which is kept",
            )
    elevations = {position.elevation_m for position in positions}
    yield first.model_copy(
        update={
            "position": Position(
                lat=lat,
                lon=lon,
                elevation_m=elevations.pop() if len(elevations) == 1 else None,
                accuracy_m=_reach_m(lat, lon, positions),
            )
        }
    )


def _reach_m(lat: float, lon: float, positions: Sequence[Position]) -> float | None:
    """The farthest that any of the positions, with its own error, may be from the point; None where the rows
    repeat one point and none says how right it is."""
    apart_m = [arc_m(lat, lon, position.lat, position.lon) for position in positions]
    if all(position.accuracy_m is None for position in positions) and max(apart_m) < 0.01:
        return None
    return rounded_up(
        max(away + (position.accuracy_m or 0.0) for away, position in zip(apart_m, positions, strict=True))
    )
