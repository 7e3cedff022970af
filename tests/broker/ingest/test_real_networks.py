"""Real lists and real recordings come into the catalog through `Ingest`, and are found by search."""

import csv
import re
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from redis.asyncio import Redis

from adapters.registry import load
from broker.agencies.models import Role
from broker.settings.sections import NetworkSettings
from tests.requirements import sample_data
from tests.world import NOW, SignedIn, StandingClock, TestBroker, open_test_broker, settings

STREETS = ["Implantation", "Rue croisement 1", "Rue croisement 2", "Rue croisement 3"]
PARIS = "bbox=2.2,48.8,2.45,48.92"
FILES = {
    "intel/bottle-detection.mp4": 39.854,
    "intel/car-detection.mp4": 30.16,
    "intel/one-by-one-person-detection.mp4": 139.4,
    "intel/walk.mkv": 2.966,
    "kerberos/test-480p.mp4": 3.167,
    "mediamtx/emptyvideoaudio.mkv": 60.0,
    "mediamtx/offline_h264.mp4": 1.0,
    "mediamtx/offline_h265.mp4": 1.0,
}


def paris_options() -> dict[str, Any]:
    folder = sample_data() / "cameras" / "paris-pvpp"
    return {
        "cameras": [
            {"file": str(folder / "annexe1.csv"), "streets": STREETS},
            {"file": str(folder / "annexe2.csv"), "streets": STREETS},
            str(folder / "data.csv"),
        ],
        "columns": {"id": "Numéro", "name": "Implantation"},
        "id_strip_leading_zeros": True,
        "position_accuracy_m": 25,
        "area": [2.2, 48.8, 2.45, 48.92],
        "crossings": {
            "file": str(folder / "croisements_rues_paris.csv"),
            "columns": {"name1": "nom1", "name2": "nom2"},
            "accuracy_m": 30,
        },
    }


def table(name: str) -> list[dict[str, str]]:
    path = sample_data() / "cameras" / "paris-pvpp" / name
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines, delimiter=";"))


def number(row: dict[str, str]) -> str:
    return re.sub("^0+", "", row["Numéro"])


def with_adapter(broker: TestBroker, network_id: str, adapter: str, options: dict[str, Any]) -> None:
    """Gives a network of the test world a real adapter."""
    recorders = broker.broker.recorders
    before = recorders._networks[network_id]
    recorders._networks[network_id] = NetworkSettings(
        id=network_id, agency=before.agency, adapter=adapter, options=options
    )
    recorders._load = load


@pytest.fixture
async def broker(tmp_path: Path, redis: Redis) -> AsyncIterator[TestBroker]:
    """The test world before its first synchronisation."""
    async with open_test_broker(
        tmp_path / "data", redis, clock=StandingClock(NOW), configuration=settings(tmp_path / "data")
    ) as opened:
        yield opened


async def every(officer: SignedIn, query: str) -> dict[str, Any]:
    """Every camera of a search, by id, over all its pages."""
    found: dict[str, Any] = {}
    address = f"/v1/cameras?{query}&limit=300"
    while address:
        body = (await officer.get(address)).json()
        for feature in body["features"]:
            assert feature["id"] not in found
            found[feature["id"]] = feature
        address = body["links"][0]["href"] if body["links"] else ""
    return found


async def test_the_three_lists_of_paris_become_one_network_that_is_searched(broker: TestBroker) -> None:
    with_adapter(broker, "police-list", "camera_list", paris_options())
    report = await broker.broker.ingest.synchronise("police-list")
    stated = {number(row): row for row in table("data.csv")}
    everything = {number(row) for name in ("annexe1.csv", "annexe2.csv") for row in table(name)} | set(stated)
    assert report.error is None
    assert report.found == report.added == len(stated) + 119
    assert report.rejected == len(everything) - report.found == len(report.reasons)
    assert all(re.search(r"row \d+: ", reason) for reason in report.reasons)

    officer = await broker.officer("police", Role.OPERATOR)
    found = await every(officer, PARIS)
    assert len(found) == report.found
    placed = {name.partition(":")[2] for name in found} - set(stated)
    assert len(placed) == 119
    for name, feature in found.items():
        accuracy_m = feature["properties"]["position_accuracy_m"]
        native = name.partition(":")[2]
        if native in stated:
            row = stated[native]
            assert feature["geometry"]["coordinates"] == [float(row["lon"]), float(row["lat"])]
            assert accuracy_m == 25
        else:
            assert 30 <= accuracy_m <= 230

    row = stated["1065"] if "1065" in stated else next(iter(stated.values()))
    near = await every(officer, f"lat={row['lat']}&lon={row['lon']}&radius_m=200")
    assert next(iter(near)) == f"police-list:{number(row)}"
    distances = [feature["properties"]["distance_m"] for feature in near.values()]
    assert distances == sorted(distances)
    assert distances[0] == 0

    again = await broker.broker.ingest.synchronise("police-list")
    assert (again.added, again.changed, again.vanished) == (0, 0, 0)


async def test_recordings_of_real_cameras_are_found_with_their_footage_and_a_picture(
    broker: TestBroker, tmp_path: Path
) -> None:
    start = NOW - timedelta(minutes=5)
    for name in FILES:
        source = sample_data() / "video" / name
        folder = tmp_path / "recordings" / name.rpartition(".")[0]
        folder.mkdir(parents=True)
        shutil.copy(source, folder / f"2026-06-15_11-55-00-000000{source.suffix}")
    listed = tmp_path / "cameras.csv"
    rows = [f"{name.rpartition('.')[0]};{name};48.8809;2.3553" for name in FILES]
    rows += ["lost;No such place;91;2.3", "swapped;Swapped;2.3553;48.8809", "intel/walk;Twice;48.88;2.35"]
    listed.write_text("\n".join(["id;name;lat;lon", *rows]))
    options = {
        "recordings": str(tmp_path / "recordings"),
        "pattern": "%path/%Y-%m-%d_%H-%M-%S-%f",
        "cameras": str(listed),
        "area": [2.2, 48.8, 2.45, 48.92],
        "settle_s": 0,
        "retention_days": 30,
    }
    with_adapter(broker, "rail-cctv", "folder", options)
    report = await broker.broker.ingest.synchronise("rail-cctv")
    assert (report.error, report.found, report.rejected) == (None, len(FILES), 3), report.reasons
    reasons = " | ".join(report.reasons)
    for row in (10, 11, 12):
        assert f"cameras.csv row {row}: " in reasons

    officer = await broker.officer("police", Role.INVESTIGATOR)
    found = await every(officer, "lat=48.8809&lon=2.3553&radius_m=50&network=rail-cctv")
    assert set(found) == {f"rail-cctv:{quote(name.rpartition('.')[0], safe='')}" for name in FILES}
    for name, duration_s in FILES.items():
        facts = found[f"rail-cctv:{quote(name.rpartition('.')[0], safe='')}"]["properties"]
        footage = facts["footage"]
        begun, ended = (datetime.fromisoformat(footage[key]) for key in ("from", "until"))
        assert begun == start.astimezone(UTC)
        assert abs((ended - begun).total_seconds() - duration_s) < 0.005
        assert footage["overwrite_at"] is not None
        assert facts["streams"][0]["codec"] == ("h265" if name.endswith("h265.mp4") else "h264")
        taken = datetime.fromisoformat(facts["snapshot"]["captured_at"])
        assert begun <= taken < ended
        picture = await officer.get(facts["snapshot"]["href"])
        assert picture.status_code == 200 and picture.content.startswith(b"\xff\xd8")

    asked = "2026-06-15T11:56:00Z/2026-06-15T11:57:00Z"
    covering = await every(officer, f"bbox=2.3,48.8,2.4,48.9&network=rail-cctv&interval={asked}")
    assert set(covering) == {"rail-cctv:intel%2Fone-by-one-person-detection"}
    (only,) = covering.values()
    assert only["properties"]["footage"]["covers"] == {"seconds": 60.0, "share": 1.0}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("bad;Bad;148.88;2.35", "lat"),
        ("bad;Bad;48.88;200", "lon"),
        ("bad;Bad;2.35;48.88", "swapped"),
        ("bad;Bad;nowhere;2.35", "lat"),
        ("bad;Bad;48.88;", "lon"),
        ("bad;Bad;;", "neither coordinates nor a place"),
        ("good;Again;48.88;2.35", "good"),
        (";No id;48.88;2.35", "id"),
    ],
)
async def test_a_camera_that_cannot_be_located_or_named_is_rejected_with_its_reason_and_counted(
    broker: TestBroker, tmp_path: Path, row: str, reason: str
) -> None:
    listed = tmp_path / "list.csv"
    listed.write_text(f"id;name;lat;lon\ngood;Good;48.88;2.35\n{row}\n")
    options = {"cameras": str(listed), "area": [2.2, 48.8, 2.45, 48.92]}
    with_adapter(broker, "police-list", "camera_list", options)
    report = await broker.broker.ingest.synchronise("police-list")
    assert (report.error, report.found, report.rejected) == (None, 1, 1)
    assert report.reasons[0].startswith("list.csv row 3: ")
    assert reason in report.reasons[0]
    officer = await broker.officer("police", Role.OPERATOR)
    assert list(await every(officer, "network=police-list")) == ["police-list:good"]


async def test_a_list_that_became_empty_or_unreadable_changes_nothing(
    broker: TestBroker, tmp_path: Path
) -> None:
    listed = tmp_path / "list.csv"
    listed.write_text("id;name;lat;lon\ngood;Good;48.88;2.35\n")
    with_adapter(broker, "police-list", "camera_list", {"cameras": str(listed)})
    await broker.broker.ingest.synchronise("police-list")
    before = await broker.broker.catalog.network_cameras("police-list")
    assert len(before) == 1
    for content in ("", "id;name;lat;lon\n", "nonsense\n1\n"):
        listed.write_text(content)
        report = await broker.broker.ingest.synchronise("police-list")
        assert report.error is not None, content
        assert await broker.broker.catalog.network_cameras("police-list") == before
    listed.unlink()
    report = await broker.broker.ingest.synchronise("police-list")
    assert report.error is not None and "there is no such file" in report.error
    assert await broker.broker.catalog.network_cameras("police-list") == before
