"""GeoJSON is taken as RFC 7946 writes it, feature by feature."""

import json
from pathlib import Path
from typing import Any

import pytest

from adapters.contract.errors import Malformed, Misconfigured, TooLarge
from adapters.contract.models import Rejection
from adapters.lists.geojson_rows import read_geojson
from adapters.lists.rows import TextRow, Wanted

FIELDS = ("id", "lat", "lon", "elevation_m", "name", "tags")
WANTED = tuple(Wanted(name, name, required=False) for name in FIELDS)


def read(
    tmp_path: Path, document: Any, wanted: tuple[Wanted, ...] = WANTED, max_mb: float = 1
) -> list[TextRow | Rejection]:
    file = tmp_path / "list.geojson"
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    return list(read_geojson(file, wanted, None, max_mb))


def collection(*features: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def feature(coordinates: Any = (2.35, 48.85), **properties: Any) -> dict[str, Any]:
    geometry = None if coordinates is None else {"type": "Point", "coordinates": coordinates}
    return {"type": "Feature", "id": 7, "geometry": geometry, "properties": properties}


def test_longitude_stands_before_latitude_and_elevation_last(tmp_path: Path) -> None:
    (row,) = read(tmp_path, collection(feature((2.35, 48.85, 33), name="Parvis", tags=["a", 1, True])))
    assert row == TextRow("list.geojson feature 1", ("7", "48.85", "2.35", "33", "Parvis", "a;1;true"))


def test_properties_locate_a_feature_without_geometry(tmp_path: Path) -> None:
    (row,) = read(tmp_path, collection(feature(None, id="x", lat=48, lon="2,5", name=None)))
    assert row == TextRow("list.geojson feature 1", ("x", "48", "2,5", "", "", ""))


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("text", "not a Feature"),
        ({"type": "Point", "coordinates": [2, 48]}, "not a Feature"),
        (feature("2,48"), "no coordinates"),
        (feature([2.35]), "not numbers"),
        (feature([2.35, None]), "not numbers"),
        (feature() | {"geometry": {"type": "Polygon", "coordinates": []}}, "is Polygon, not a Point"),
        (feature() | {"geometry": 3}, "not readable"),
        (feature(name={"fr": "Parvis"}), "name is not a plain value"),
        (feature(tags=[["a"]]), "tags is not a plain value"),
        (feature(name="\ud800"), "half a character"),
        (feature(name="a\0b"), "NUL"),
    ],
)
def test_a_broken_feature_costs_only_itself(tmp_path: Path, broken: Any, reason: str) -> None:
    before, rejection, after = read(tmp_path, collection(feature(), broken, feature()))
    assert isinstance(before, TextRow)
    assert isinstance(after, TextRow)
    assert isinstance(rejection, Rejection)
    assert rejection.where == "list.geojson feature 2"
    assert reason in rejection.reason


@pytest.mark.parametrize(
    "document",
    ["{", "[]", "3", '{"type": "Feature"}', '{"type": "FeatureCollection", "features": {}}', "[" * 200_000],
)
def test_what_is_no_feature_collection_is_refused_whole(tmp_path: Path, document: str) -> None:
    with pytest.raises(Malformed, match=r"list\.geojson"):
        read(tmp_path, document)


def test_a_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(TooLarge, match=r"max_geojson_mb allows 0\.001"):
        read(tmp_path, collection(*[feature()] * 20), max_mb=0.001)


def test_a_mapped_property_that_no_feature_has_is_named_with_those_present(tmp_path: Path) -> None:
    wanted = (Wanted("name", "titre", required=True),)
    with pytest.raises(Misconfigured, match=r"no column 'titre' .*'nom', 'id'"):
        read(tmp_path, collection(feature(nom="Parvis")), wanted)


def test_a_geometry_stands_for_mapped_coordinates(tmp_path: Path) -> None:
    wanted = (Wanted("lat", "Latitude", required=True), Wanted("lon", "Longitude", required=True))
    (row,) = read(tmp_path, collection(feature()), wanted)
    assert row == TextRow("list.geojson feature 1", ("48.85", "2.35"))


def test_a_collection_of_nothing_is_an_empty_list(tmp_path: Path) -> None:
    assert read(tmp_path, collection(), (Wanted("id", "id", required=True),)) == []
