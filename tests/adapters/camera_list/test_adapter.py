"""The adapter gives what the fixtures expect, declares what it can, and refuses the rest."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from adapters.camera_list.adapter import create
from adapters.camera_list.manifest import MANIFEST
from adapters.contract.capabilities import Capability
from adapters.contract.errors import Misconfigured, NotSupported
from adapters.contract.models import HoldOrder, Interval
from adapters.contract.protocol import Adapter, AdapterContext

FIXTURES = Path(__file__).parents[3] / "fixtures" / "camera_list"
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOUR = Interval(start=NOON, end=NOON + timedelta(hours=1))
CSV_OPTIONS: dict[str, Any] = {
    "cameras": "cameras.csv",
    "columns": {
        "id": "Numéro",
        "name": "Implantation",
        "lat": "Latitude",
        "lon": "Longitude",
        "place": "Gare",
        "level": "Niveau",
        "kind": "Type",
        "heading_deg": "Azimut",
        "fov_deg": "Angle",
        "range_m": "Portée",
        "status": "État",
        "retention_days": "Conservation",
        "tags": "Étiquettes",
    },
    "streets": ["Implantation"],
    "crossings": {"file": "crossings.csv", "accuracy_m": 20},
    "places": "places.csv",
    "area": [2.2, 48.8, 2.45, 48.92],
}
GEOJSON_OPTIONS: dict[str, Any] = {"cameras": "cameras.geojson", "area": [2.2, 48.8, 2.45, 48.92]}


def adapter(options: dict[str, Any]) -> Adapter:
    return create(options, AdapterContext("paris", FIXTURES, FIXTURES, lambda: NOON))


async def lines(records: AsyncIterator[BaseModel]) -> list[str]:
    return [record.model_dump_json(exclude_defaults=True) async for record in records]


def expected(name: str) -> list[str]:
    return (FIXTURES / f"{name}.expected.jsonl").read_text(encoding="utf-8").splitlines()


async def test_a_csv_list_gives_the_expected_records() -> None:
    assert await lines(adapter(CSV_OPTIONS).list_cameras()) == expected("cameras.csv")


async def test_a_geojson_list_gives_the_expected_records() -> None:
    assert await lines(adapter(GEOJSON_OPTIONS).list_cameras()) == expected("cameras.geojson")


@pytest.mark.parametrize(
    ("file", "dialect"),
    [("overpass", "osm"), ("jamcams", "tfl"), ("otcm", "otcm"), ("otcm_v1", "otcm_v1")],
)
async def test_a_list_in_a_dialect_gives_the_expected_records(file: str, dialect: str) -> None:
    cameras = adapter({"cameras": f"{file}.json", "dialect": dialect})
    assert await lines(cameras.list_cameras()) == expected(f"{file}.json")


async def test_a_dialect_of_one_file_leaves_the_others_as_they_are() -> None:
    mixed = adapter({"cameras": [{"file": "jamcams.json", "dialect": "tfl"}, "cameras.geojson"]})
    records = [record async for record in mixed.list_cameras()]
    assert len(records) == len(expected("jamcams.json")) + len(expected("cameras.geojson"))


async def test_a_list_of_places_gives_the_expected_records() -> None:
    assert await lines(adapter(CSV_OPTIONS).list_places()) == expected("places.csv")


async def test_every_listing_says_the_same() -> None:
    cameras = adapter(CSV_OPTIONS)
    assert await lines(cameras.list_cameras()) == await lines(cameras.list_cameras())


def test_places_are_declared_only_where_they_are_configured() -> None:
    assert adapter(CSV_OPTIONS).capabilities == {Capability.PLACES}
    assert adapter(GEOJSON_OPTIONS).capabilities == frozenset()
    assert adapter(CSV_OPTIONS).capabilities <= MANIFEST.capabilities


@pytest.mark.parametrize(
    "call",
    [
        lambda cameras: cameras.take_snapshot("0101"),
        lambda cameras: cameras.list_spans("0101", HOUR),
        lambda cameras: anext(cameras.open_footage("0101", HOUR)),
        lambda cameras: cameras.place_hold(HoldOrder(key="k", native_id="0101", interval=HOUR)),
        lambda cameras: cameras.release_hold("k"),
        lambda cameras: anext(cameras.list_holds()),
        lambda cameras: cameras.read_clock(),
        lambda cameras: anext(cameras.list_places()),
    ],
)
async def test_what_a_list_cannot_do_is_not_supported(call: Callable[[Adapter], Awaitable[object]]) -> None:
    with pytest.raises(NotSupported):
        await call(adapter(GEOJSON_OPTIONS))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({}, "cameras: Field required"),
        ({"cameras": []}, "cameras"),
        ({"cameras": "a.csv", "x": 1}, "x: not a known"),
        ({"cameras": {"file": "a.csv", "dialect": "osm"}}, "must end in .json"),
        ({"cameras": {"file": "a.json", "dialect": "osm", "columns": {"id": "x"}}}, "take out columns"),
        ({"cameras": "a.json", "dialect": "osmm"}, "dialect: Input should be"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_read(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(Misconfigured, match=reason):
        adapter(options)


async def test_a_missing_file_is_told_when_listing() -> None:
    with pytest.raises(Misconfigured, match=r"gone\.csv: there is no such file"):
        await lines(adapter({"cameras": "gone.csv"}).list_cameras())
