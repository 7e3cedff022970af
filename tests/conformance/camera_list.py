"""The harness of `camera_list`: the list of fixtures/camera_list, which holds rows that cannot be used."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from adapters.camera_list.adapter import create
from adapters.camera_list.manifest import MANIFEST
from adapters.conformance.harness import Harness, Site, Situation, Truth

FIXTURES = Path(__file__).parents[2] / "fixtures" / "camera_list"
EXPECTED = FIXTURES / "cameras.csv.expected.jsonl"
COLUMNS = {
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
}
AREA = (2.2, 48.8, 2.45, 48.92)


@asynccontextmanager
async def open_list(_situation: Situation, _folder: Path) -> AsyncIterator[Site]:
    records = map(json.loads, EXPECTED.read_text(encoding="utf-8").splitlines())
    yield Site(
        options={
            "cameras": "cameras.csv",
            "columns": COLUMNS,
            "streets": ["Implantation"],
            "crossings": {"file": "crossings.csv", "accuracy_m": 20},
            "places": "places.csv",
            "area": list(AREA),
        },
        base_dir=FIXTURES,
        truth=Truth(native_ids=frozenset(each["native_id"] for each in records if "native_id" in each)),
    )


HARNESS = Harness(
    create=create,
    manifest=MANIFEST,
    open=open_list,
    expected=EXPECTED,
    area=AREA,
    situations=frozenset({Situation.ONE_BAD_RECORD}),
    planted_at="adapters.lists.reader:read_csv",
)
