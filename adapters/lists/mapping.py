"""Turns a row of text into typed facts. Owns what each field may say; knows neither files nor other rows."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple, TypeVar

from adapters.contract.models import CameraKind, CameraStatus, PlaceRecord, Position, View
from adapters.lists.config import Area, CameraField
from adapters.lists.crossings import split_streets
from adapters.lists.positions import read_coordinates, read_distance, read_number, rounded_up, split_lat_lon
from adapters.lists.rows import TextRow, Unusable
from adapters.lists.web_addresses import read_web_address

_BETWEEN_NUMBERS = re.compile(r"[;|/]|,\s")
_BETWEEN_TAGS = re.compile("[,;|]")


REMEMBERED: Final = 16_384
"""So many different cells are read once: of a long list, most rows say of views and tags what others said before."""


class CameraCells(NamedTuple):
    """The cells of a row, in the order of `CameraColumns`."""

    id: str
    name: str
    lat: str
    lon: str
    lat_lon: str
    elevation_m: str
    position_accuracy_m: str
    place: str
    level: str
    kind: str
    heading_deg: str
    fov_deg: str
    range_m: str
    status: str
    retention_days: str
    tags: str
    snapshot_url: str
    clip_url: str


class PlaceCells(NamedTuple):
    """The cells of a row, in the order of `PlaceColumns`."""

    id: str
    name: str
    lat: str
    lon: str
    lat_lon: str
    elevation_m: str
    position_accuracy_m: str


class CameraFacts(NamedTuple):
    """What one row says of a camera; None, or nothing, where it does not say."""

    where: str
    native_id: str
    name: str | None
    kind: CameraKind | None
    position: Position | None
    elevation_m: float | None
    place: str | None
    level: str | None
    views: tuple[View, ...]
    status: CameraStatus | None
    retention_days: float | None
    tags: tuple[str, ...]
    streets: tuple[str, ...]
    snapshot_url: str | None = None
    clip_url: str | None = None


@dataclass(frozen=True, slots=True)
class RowRules:
    """What the network's options say about every row of one file."""

    area: Area | None
    values: Mapping[CameraField, Mapping[str, str]]
    id_strip_leading_zeros: bool
    position_accuracy_m: float | None


def map_camera(row: TextRow, rules: RowRules) -> CameraFacts:
    """The facts of a row whose cells are those of `CameraCells`, then descriptions that name streets.

    `Unusable` says which field is wrong.
    """
    cells = CameraCells(*row.cells[: len(CameraCells._fields)])
    if rules.values:
        cells = _translate(cells, rules.values)
    native_id = _read_id(cells.id, rules.id_strip_leading_zeros)
    lat, lon = split_lat_lon(cells.lat_lon) if cells.lat_lon else (cells.lat, cells.lon)
    coordinates = read_coordinates(lat, lon, rules.area)
    elevation_m = read_number(cells.elevation_m, "elevation_m") if cells.elevation_m else None
    stated_accuracy_m = read_distance(cells.position_accuracy_m, "position_accuracy_m")
    position = coordinates and Position(
        lat=coordinates[0],
        lon=coordinates[1],
        elevation_m=elevation_m,
        accuracy_m=rules.position_accuracy_m if stated_accuracy_m is None else stated_accuracy_m,
    )
    retention_days = read_number(cells.retention_days, "retention_days")
    if retention_days is not None and retention_days <= 0:
        raise Unusable(f"retention_days is {retention_days:g}, not above 0")
    return CameraFacts(
        where=row.where,
        native_id=native_id,
        name=cells.name or None,
        kind=_read_choice(CameraKind, cells.kind, "kind") if cells.kind else None,
        position=position,
        elevation_m=elevation_m,
        place=cells.place or None,
        level=cells.level or None,
        views=_read_views(cells.heading_deg, cells.fov_deg, cells.range_m),
        status=_read_choice(CameraStatus, cells.status, "status") if cells.status else None,
        retention_days=retention_days,
        tags=_read_tags(cells.tags),
        streets=_read_streets(row.cells[len(CameraCells._fields) :]),
        snapshot_url=read_web_address(cells.snapshot_url, "snapshot_url"),
        clip_url=read_web_address(cells.clip_url, "clip_url"),
    )


def map_place(row: TextRow, area: Area | None, accuracy_m: float | None = None) -> PlaceRecord:
    """The place of a row whose cells are those of `PlaceCells`; `Unusable` says which field is wrong.

    A place may lie outside the network's area: lists of places often cover a whole country. What reaches far is
    as uncertain as it is wide, beyond the error of where it was measured.
    """
    cells = PlaceCells(*row.cells)
    native_id = _read_id(cells.id, strip_leading_zeros=False)
    lat, lon = split_lat_lon(cells.lat_lon) if cells.lat_lon else (cells.lat, cells.lon)
    coordinates = read_coordinates(lat, lon, area, outside_allowed=True)
    if coordinates is None:
        raise Unusable("a place needs coordinates")
    stated_m = read_distance(cells.position_accuracy_m, "position_accuracy_m")
    own_m = accuracy_m if stated_m is None else stated_m
    position = Position(
        lat=coordinates[0],
        lon=coordinates[1],
        elevation_m=read_number(cells.elevation_m, "elevation_m"),
        accuracy_m=rounded_up((own_m or 0.0) + row.extent_m) if row.extent_m else own_m,
    )
    return PlaceRecord(native_id=native_id, name=cells.name or native_id, position=position)


def _read_streets(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(street for text in texts for street in split_streets(text)) if texts else ()


def _translate(cells: CameraCells, values: Mapping[CameraField, Mapping[str, str]]) -> CameraCells:
    """The list's own words replaced by ours, one whole cell at a time."""
    return cells._replace(
        **{field: words[cell] for field, words in values.items() if (cell := getattr(cells, field)) in words}
    )


def _read_id(text: str, strip_leading_zeros: bool) -> str:
    if not text:
        raise Unusable("has no id")
    return (text.lstrip("0") or "0") if strip_leading_zeros else text


Choice = TypeVar("Choice", CameraKind, CameraStatus)


@lru_cache(maxsize=256)
def _read_choice(choices: type[Choice], text: str, field: str) -> Choice:
    try:
        return choices(text.lower())
    except ValueError:
        known = ", ".join(choices)
        raise Unusable(f"{field} is {text[:40]!r}, none of {known}") from None


@lru_cache(maxsize=REMEMBERED)
def _read_tags(text: str) -> tuple[str, ...]:
    if not text:
        return ()
    return tuple(dict.fromkeys(tag for part in _BETWEEN_TAGS.split(text) if (tag := part.strip())))


@lru_cache(maxsize=REMEMBERED)
def _read_views(heading_deg: str, fov_deg: str, range_m: str) -> tuple[View, ...]:
    """One view for each heading; an angle and a range stand for all views, or for one each."""
    if not (heading_deg or fov_deg or range_m):
        return ()
    columns = [
        [read_number(part, field) for part in _split_numbers(text)]
        for field, text in (("heading_deg", heading_deg), ("fov_deg", fov_deg), ("range_m", range_m))
    ]
    count = max(len(column) for column in columns)
    if any(len(column) not in (1, count) for column in columns):
        raise Unusable("heading_deg, fov_deg and range_m speak of different numbers of views")
    headings, fovs, ranges = (column * count if len(column) == 1 else column for column in columns)
    return tuple(
        _view(*sector) for sector in zip(headings, fovs, ranges, strict=True) if sector != (None, None, None)
    )


def _split_numbers(text: str) -> list[str]:
    """Numbers separated by `;`, `|`, `/` or a comma and a blank: a comma alone is a decimal one."""
    return [part.strip() for part in _BETWEEN_NUMBERS.split(text)]


def _view(heading_deg: float | None, fov_deg: float | None, range_m: float | None) -> View:
    if heading_deg is not None:
        if not -180 <= heading_deg <= 360:
            raise Unusable(f"heading_deg is {heading_deg:g}, outside -180 to 360")
        # A negative number so small that adding 360 gives 360 itself is north as well.
        heading_deg = heading_deg % 360 % 360
    if fov_deg is not None and not 0 < fov_deg <= 360:
        raise Unusable(f"fov_deg is {fov_deg:g}, not above 0 and up to 360 (empty where unknown)")
    if range_m is not None and range_m <= 0:
        raise Unusable(f"range_m is {range_m:g}, not above 0 (empty where unknown)")
    return View(heading_deg=heading_deg, fov_deg=fov_deg, range_m=range_m)
