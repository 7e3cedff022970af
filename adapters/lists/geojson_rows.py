"""Reads a GeoJSON FeatureCollection (RFC 7946) into rows of text. Owns its shape; judges no value.

A feature without a geometry may still say where it is by its properties. A camera is a point; where lines and
areas are asked for as well, they count as the middle of their extent.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from adapters.contract.errors import Malformed, Misconfigured
from adapters.contract.models import Rejection
from adapters.lists.extents import extent_of
from adapters.lists.json_files import load_json, plain_text
from adapters.lists.rows import TextRow, Unusable, Wanted, missing_column

_GEOMETRY_FIELDS = ("lon", "lat", "elevation_m")


def read_geojson(
    path: Path, wanted: Sequence[Wanted], encoding: str | None, max_mb: float, *, extents: bool = False
) -> Iterator[TextRow | Rejection]:
    """The wanted properties of each feature, with `lat`, `lon`, `elevation_m` from its point and `id` from
    the feature itself where no column is mapped to it. With `extents`, lines and areas are read too.

    The file is read whole, hence `TooLarge` beyond `max_mb` (10^6 bytes). `Malformed` for what is not a
    FeatureCollection, `Misconfigured` for a required property that no feature has.
    """
    features = _load_features(path, encoding, max_mb)
    _require_columns(path, features, wanted)
    for number, feature in enumerate(features, start=1):
        where = f"{path.name} feature {number}"
        try:
            point, extent_m = _located(feature, extents)
            cells = _cells(feature, point, wanted)
        except Unusable as problem:
            yield Rejection(where=where, reason=str(problem))
        else:
            yield TextRow(where, cells, extent_m)


def _load_features(path: Path, encoding: str | None, max_mb: float) -> list[Any]:
    document = load_json(path, encoding, max_mb)
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or document.get("type") != "FeatureCollection":
        raise Malformed(f"{path}: is not a GeoJSON FeatureCollection")
    return features


def _properties(feature: Any) -> Mapping[str, Any]:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    return properties if isinstance(properties, dict) else {}


def _require_columns(path: Path, features: Sequence[Any], wanted: Sequence[Wanted]) -> None:
    present: dict[str, None] = {}
    located = False
    for feature in features:
        present.update(dict.fromkeys(_properties(feature)))
        if isinstance(feature, dict) and "id" in feature:
            present["id"] = None
        located = located or (isinstance(feature, dict) and feature.get("geometry") is not None)
    for want in wanted:
        by_geometry = located and want.field in {"lat", "lon", "lat_lon", "elevation_m"}
        if features and want.required and want.column not in present and not by_geometry:
            raise Misconfigured(missing_column(path.name, want, present))


def _located(feature: Any, extents: bool) -> tuple[Mapping[str, Any], float]:
    """What the geometry says of the fields of a position, and how far it reaches from there."""
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        raise Unusable("is not a Feature")
    geometry = feature.get("geometry")
    if extents and isinstance(geometry, dict) and geometry.get("type") != "Point":
        lat, lon, extent_m = extent_of(geometry)
        return {"lon": lon, "lat": lat}, extent_m
    return dict(zip(_GEOMETRY_FIELDS, _coordinates(geometry), strict=False)), 0.0


def _cells(feature: Any, point: Mapping[str, Any], wanted: Sequence[Wanted]) -> tuple[str, ...]:
    properties = _properties(feature)
    cells = []
    for want in wanted:
        if want.field in point:
            value = point[want.field]
        elif want.field == "lat_lon" and point:
            value = None
        else:
            value = properties.get(want.column)
            if want.field == "id" and want.column == "id" and value is None:
                value = feature.get("id")
        cells.append(plain_text(value, want.column))
    return tuple(cells)


def _coordinates(geometry: Any) -> Sequence[Any]:
    """Longitude, latitude and, where given, elevation; nothing for a feature without a geometry."""
    if geometry is None:
        return ()
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind != "Point":
        raise Unusable(f"its geometry is {kind if isinstance(kind, str) else 'not readable'}, not a Point")
    coordinates = geometry.get("coordinates")
    if not isinstance(coordinates, list):
        raise Unusable("its Point has no coordinates")
    if coordinates and (len(coordinates) < 2 or not all(isinstance(n, int | float) for n in coordinates)):
        raise Unusable("its Point's coordinates are not numbers, longitude before latitude")
    return coordinates
