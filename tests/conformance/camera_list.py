"""The harnesses of `camera_list`: the lists of fixtures/camera_list, which hold rows that cannot be used.

London's cameras have pictures, from a server made on the spot; the list names it by the address that `hosts` has.
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from adapters.camera_list.adapter import create
from adapters.camera_list.manifest import MANIFEST
from adapters.conformance.faults.models import Request
from adapters.conformance.harness import Harness, Site, Situation, Truth
from adapters.conformance.simulated import Reply, simulated_recorder
from adapters.contract.protocol import Adapter, AdapterContext

FIXTURES = Path(__file__).parents[2] / "fixtures" / "camera_list"
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
PARIS = (2.2, 48.8, 2.45, 48.92)
CSV = {
    "cameras": "cameras.csv",
    "columns": COLUMNS,
    "streets": ["Implantation"],
    "crossings": {"file": "crossings.csv", "accuracy_m": 20},
    "places": "places.csv",
    "area": list(PARIS),
}
PUBLISHED_HOST = "https://cams.example"
PICTURE = cv2.imencode(".jpg", np.full((48, 64, 3), 90, np.uint8))[1].tobytes()
TAKEN_AT = datetime(2026, 6, 15, 11, 59, 30, tzinfo=UTC)
TIMEOUTS = ("connect_timeout_s", "read_timeout_s", "call_timeout_s", "download_timeout_s", "ca_file")


def expected_ids(expected: Path) -> frozenset[str]:
    records = map(json.loads, expected.read_text(encoding="utf-8").splitlines())
    return frozenset(each["native_id"] for each in records if "native_id" in each)


@asynccontextmanager
async def open_list(
    options: Mapping[str, Any], expected: Path, _situation: Situation, _folder: Path
) -> AsyncIterator[Site]:
    yield Site(options=options, base_dir=FIXTURES, truth=Truth(native_ids=expected_ids(expected)))


async def picture(request: Request) -> Reply:
    if request.target.endswith(".jpg"):
        return Reply(200, PICTURE, "image/jpeg", (("Last-Modified", "Mon, 15 Jun 2026 11:59:30 GMT"),))
    return Reply(404)


@asynccontextmanager
async def open_pictures(_situation: Situation, folder: Path) -> AsyncIterator[Site]:
    async with simulated_recorder(picture) as address:
        yield Site(
            options={"cameras": "jamcams.json", "dialect": "tfl", "hosts": [{"url": address}]},
            base_dir=folder,
            addresses=(address,),
            truth=Truth(
                native_ids=expected_ids(HARNESS.expected),
                snapshot_times={"00001.00001": TAKEN_AT, "00001.00003": TAKEN_AT},
            ),
        )


def create_with_pictures(options: dict[str, Any], context: AdapterContext) -> Adapter:
    """The adapter over the fixture, whose pictures are where `hosts` says, and which waits as the suite says."""
    waits = {key: options.pop(key) for key in TIMEOUTS if key in options}
    (host,) = options["hosts"]
    published = (FIXTURES / options["cameras"]).read_text(encoding="utf-8")
    written = context.cache_dir / options["cameras"]
    written.write_text(published.replace(PUBLISHED_HOST, host["url"]), encoding="utf-8")
    return create(options | {"cameras": str(written), "hosts": [host | waits]}, context)


HARNESS = Harness(
    create=create_with_pictures,
    manifest=MANIFEST,
    open=open_pictures,
    expected=FIXTURES / "jamcams.json.expected.jsonl",
    area=(-0.6, 51.2, 0.4, 51.8),
    situations=frozenset({Situation.ONE_BAD_RECORD}),
    planted_at="adapters.lists.reader:read_dialect",
)
NO_PICTURES = dict.fromkeys(
    ("a_snapshot_decodes", "a_snapshot_is_of_the_camera_that_was_asked", "a_snapshots_time_is_the_recorders"),
    "this network names no server from which pictures may be fetched",
)


def without_pictures(
    options: Mapping[str, Any], expected: str, area: tuple[float, float, float, float]
) -> Harness:
    file = FIXTURES / f"{expected}.expected.jsonl"
    return replace(
        HARNESS,
        create=create,
        open=partial(open_list, options, file),
        expected=file,
        area=area,
        excuses=NO_PICTURES,
    )


AMERICA = (-150.0, 30.0, -88.0, 62.0)
FURTHER = {
    "camera_list-csv": replace(
        without_pictures(CSV, "cameras.csv", PARIS), planted_at="adapters.lists.reader:read_csv"
    ),
    "camera_list-osm": without_pictures(
        {"cameras": "overpass.json", "dialect": "osm"}, "overpass.json", PARIS
    ),
    "camera_list-otcm": without_pictures({"cameras": "otcm.json", "dialect": "otcm"}, "otcm.json", AMERICA),
    "camera_list-otcm_v1": without_pictures(
        {"cameras": "otcm_v1.json", "dialect": "otcm_v1"}, "otcm_v1.json", AMERICA
    ),
}
