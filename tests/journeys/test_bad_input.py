"""Bad input over real HTTP and from real recorders: each a clear error in the one shape, nothing half done."""

import json
import os
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from adapters.contract.models import format_instant
from tests.journeys.callers import Officer, submission
from tests.journeys.processes import Machine, eventually
from tests.journeys.recorders import START, Staff, World, add_staff, asked, make_world, serve
from tests.requirements import sample_data

STAMP = f"{START:%Y-%m-%d_%H-%M-%S-%f}"


def add_bad_recordings(world: World) -> None:
    """Beside good cameras: an empty file, a cut one, one that is no video, and rows that are no cameras."""
    rail = world.folder / "rail"
    good = (sample_data() / "video" / "kerberos" / "test-480p.mp4").read_bytes()
    for camera, content in {"empty": b"", "truncated": good[: len(good) // 2], "text": b"no video"}.items():
        (rail / "recordings" / camera).mkdir()
        (rail / "recordings" / camera / f"{STAMP}.mp4").write_bytes(content)
    with (rail / "cameras.csv").open("a") as rows:
        for line in (
            *("empty,Empty,48.88,2.355,,,", "truncated,Truncated,48.88,2.355,,,", "text,Text,48.88,2.355,,,"),
            *("far,Out of range,188,2.355,,,", "person,Again,48.88,2.355,,,"),
        ):
            rows.write(f"{line}\n")


@dataclass(frozen=True)
class Running:
    machine: Machine
    world: World
    staff: Staff
    url: str
    report: dict[str, Any]

    @property
    def investigator(self) -> Officer:
        return self.staff.at(self.url, "police.investigator")

    def count(self, table: str) -> int:
        with closing(
            sqlite3.connect(f"file:{self.world.data / 'ledger.sqlite'}?mode=ro", uri=True)
        ) as ledger:
            found: int = ledger.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - our names
            return found


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    machine = Machine(tmp_path_factory.mktemp("bad-input"))
    try:
        world = make_world(machine.folder)
        add_bad_recordings(world)
        staff = add_staff(world)
        _, url = serve(machine, world)
        done = machine.run("ingest", "--config", str(world.configuration), "--once", "--json")
        reports = {report["id"]: report for report in json.loads(done.stdout)["networks"]}
        yield Running(machine, world, staff, url, reports["rail-cctv"])
    finally:
        machine.clear()


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of an answer in the one shape."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    assert {"type", "title", "status", "detail", "code"} <= set(body)
    assert body["status"] == answer.status_code
    return answer.status_code, body["code"]


NOW = datetime.now(UTC)
FUTURE = f"{format_instant(NOW + timedelta(days=1))}/{format_instant(NOW + timedelta(days=1, minutes=1))}"
LONG = f"{format_instant(NOW - timedelta(days=2))}/{format_instant(NOW - timedelta(days=1))}"
REVERSED = f"{format_instant(NOW - timedelta(hours=1))}/{format_instant(NOW - timedelta(hours=2))}"


@pytest.mark.parametrize(
    ("camera", "interval", "expected"),
    [
        ("rail-cctv:person", FUTURE, (422, "interval_in_future")),
        ("rail-cctv:person", REVERSED, (422, "interval_invalid")),
        ("rail-cctv:person", LONG, (422, "interval_too_long")),
        ("rail-cctv:person", "yesterday", (422, "interval_invalid")),
        ("rail-cctv:person", "2026-01-01T00:00:00/2026-01-01T00:01:00", (422, "interval_invalid")),
        ("rail-cctv:nobody", asked(0, 5), (422, "camera_unknown")),
        ("town-cctv:square", asked(0, 2), (422, "camera_unknown")),
    ],
    ids=(
        "future",
        "reversed",
        "too long",
        "no interval",
        "no zone",
        "unknown camera",
        "camera of no partner",
    ),
)
def test_a_wrong_submission_is_refused_and_creates_nothing(
    running: Running, camera: str, interval: str, expected: tuple[int, str]
) -> None:
    before = running.count("requests"), running.count("holds")
    items = {"metro-cctv:car": asked(0, 5), camera: interval}
    assert problem(running.investigator.post("/v1/requests", submission(items))) == expected
    assert (running.count("requests"), running.count("holds")) == before


def test_a_camera_of_an_agency_that_shares_nothing_looks_like_one_that_does_not_exist(
    running: Running,
) -> None:
    hidden, unknown = "town-cctv:square", "town-cctv:nobody"
    for path in (
        "/v1/cameras/{}",
        "/v1/cameras/{}/snapshot",
        "/v1/cameras/{}/footage?interval=" + asked(0, 1),
    ):
        answers = [running.investigator.get(path.format(name)) for name in (hidden, unknown)]
        assert problem(answers[0]) == (404, "not_found")
        assert answers[0].text.replace(hidden, unknown) == answers[1].text
    refused = [
        running.investigator.post("/v1/requests", submission({name: asked(0, 1)}))
        for name in (hidden, unknown)
    ]
    assert refused[0].text.replace(hidden, unknown) == refused[1].text


@pytest.mark.parametrize(
    "query",
    [
        {"lat": 91, "lon": 2, "radius_m": 10},
        {"lat": 48, "lon": 181, "radius_m": 10},
        {"lat": "nan", "lon": 2, "radius_m": 10},
        {"lat": 48, "lon": 2, "radius_m": -1},
        {"bbox": "3,48,2,nonsense"},
        {"lat": 48, "lon": 2, "radius_m": 10, "limit": 100000},
        {"lat": 48, "lon": 2, "radius_m": 10, "interval": REVERSED},
    ],
    ids=("latitude", "longitude", "no number", "radius", "box", "limit", "interval"),
)
def test_a_wrong_search_is_refused(running: Running, query: dict[str, Any]) -> None:
    status, _ = problem(running.investigator.get("/v1/cameras", **query))
    assert status == 422


def test_swapped_coordinates_find_nothing(running: Running) -> None:
    found = running.investigator.get("/v1/cameras", lat=2.3553, lon=48.8809, radius_m=1000).json()
    assert found["features"] == []


def test_who_does_not_say_who_they_are_or_why_is_refused(running: Running) -> None:
    around = {"lat": 48.88, "lon": 2.35, "radius_m": 100}
    for officer, expected in (
        (Officer(running.url, "wrong"), (401, "token_invalid")),
        (running.staff.at(running.url, "police.investigator", None), (403, "purpose_missing")),
        (running.staff.at(running.url, "police.investigator", "curiosity"), (422, "purpose_unknown")),
    ):
        assert problem(officer.get("/v1/cameras", **around)) == expected
    assert problem(httpx.get(f"{running.url}/v1/cameras", params=around)) == (401, "token_missing")


def test_a_revoked_token_is_refused_at_once(running: Running) -> None:
    operator = running.staff.at(running.url, "police.operator")
    mine = operator.get("/v1/me").json()["id"]
    done = running.machine.run("officer", "revoke", mine, "--config", str(running.world.configuration))
    assert done.returncode == 0, done.stderr
    assert problem(operator.get("/v1/me")) == (401, "token_invalid")


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/cameras/", "/v1/requests/req_none", "/v1/holds/none"])
def test_what_is_not_there_is_a_problem(running: Running, path: str) -> None:
    assert problem(running.investigator.get(path)) == (404, "not_found")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"items": []}', b"0" * (2 << 20)], ids=len)
def test_a_body_that_is_no_submission_is_a_problem(running: Running, body: bytes) -> None:
    headers = {
        "Authorization": f"Bearer {running.staff.tokens['police.investigator']}",
        "Content-Type": "application/json",
    }
    status, _ = problem(httpx.post(f"{running.url}/v1/requests", content=body, headers=headers))
    assert status in (400, 413, 422)


def test_bad_rows_and_files_are_rejected_with_reasons_and_the_others_kept(running: Running) -> None:
    reasons = "\n".join(running.report["reasons"])
    assert running.report["error"] is None
    assert running.report["found"] == 5
    for wrong in ("empty", "truncated", "text", "188", "person"):
        assert wrong in reasons, reasons
    assert running.investigator.get("/v1/cameras/rail-cctv:person").status_code == 200


def test_an_interval_without_footage_ends_unavailable_and_says_so(running: Running) -> None:
    body = submission({"rail-cctv:person": asked(-600, -590), "rail-cctv:truncated": asked(0, 2)})
    made = running.investigator.post("/v1/requests", body)
    assert made.status_code == 201
    done = running.investigator.finished(made.json()["id"])
    assert done["state"] == "unavailable"
    assert all(item["state_reason"] for item in done["items"])
    assert all(item["clips"] == [] for item in done["items"])


def test_an_empty_list_keeps_what_was_known(running: Running) -> None:
    cameras = running.world.folder / "metro" / "cameras.csv"
    recordings = running.world.folder / "metro" / "recordings"
    kept = cameras.read_text()
    shutil.move(recordings, recordings.with_name("away"))
    recordings.mkdir()
    try:
        cameras.write_text(kept.splitlines()[0] + "\n")
        done = running.machine.run(
            *("ingest", "--config", str(running.world.configuration), "--network", "metro-cctv", "--once")
        )
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        assert running.investigator.get("/v1/cameras/metro-cctv:car").status_code == 200
    finally:
        recordings.rmdir()
        shutil.move(recordings.with_name("away"), recordings)
        cameras.write_text(kept)


def test_the_catalogs_store_away_is_said_and_comes_back_by_itself(running: Running) -> None:
    """Last: it empties the catalog."""
    valkey = next(number for number, command in running.machine.alive().items() if "valkey-server" in command)
    os.kill(valkey, signal.SIGSTOP)
    try:
        mine = running.investigator.get("/v1/requests")
        assert mine.status_code == 200, "requests do not need the catalog"
    finally:
        os.kill(valkey, signal.SIGKILL)

    def found() -> bool:
        answer = running.investigator.get("/v1/cameras/rail-cctv:person")
        if answer.status_code != 200:
            assert problem(answer) in {(503, "catalog_unavailable"), (404, "not_found")}
        return answer.status_code == 200

    eventually("the camera is known, as it was all the time or again", found)

    def made() -> bool:
        answer = running.investigator.post("/v1/requests", submission({"rail-cctv:person": asked(1, 2)}))
        if answer.status_code != 201:
            assert problem(answer) == (503, "catalog_unavailable"), "it is not said to be unknown"
        return answer.status_code == 201

    eventually("the catalog is full again", made)


def test_nothing_of_all_this_reached_the_log_as_a_failure(running: Running) -> None:
    told = [json.loads(line) for line in running.machine.started[0].errors.read_text().splitlines()]
    assert not [entry for entry in told if "unplanned" in entry["event"] or "exception" in entry], told
