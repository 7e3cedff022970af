"""The demo as a newcomer meets it: one command, then the very lines that it prints."""

import json
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.contract.models import Interval
from broker.demo.models import FilmedCamera
from broker.demo.networks import ratp_metro, sncf_gares
from tests.broker.demo.clock_readings import frame_instants, shown_by_opencv
from tests.journeys.callers import Officer, submission
from tests.journeys.processes import Machine, Running, eventually

READY_WITHIN_S = 120.0
"""Longer than a newcomer waits: other tests may be using the machine. .ci/run holds it to 60 s."""

FILMS = {
    f"{network}:{film.native_id}": film
    for network, films in (("sncf-gares", sncf_gares.FILMS), ("ratp-metro", ratp_metro.FILMS))
    for film in films
}


@dataclass
class Demo:
    """The running demo. `begun` is a little before it was started: its history ends there."""

    machine: Machine
    running: Running
    begun: datetime
    told: dict[str, Any]

    @property
    def data(self) -> Path:
        return self.machine.folder / "demo data"

    def officer(self, name: str, purpose: str | None = "judicial_inquiry") -> Officer:
        return Officer(self.told["url"], self.told["officers"][name]["token"], purpose)

    def delivered(self, camera: str, asked: Interval, custodian: str) -> dict[str, Any]:
        """The only item of a request that was approved and finished, with its clips in `clips/`."""
        investigator = self.officer("police.investigator")
        made = investigator.post("/v1/requests", submission({camera: str(asked)}))
        assert made.status_code == 201, made.text
        path = f"/v1/requests/{made.json()['id']}"
        approved = self.officer(custodian, None).post(f"{path}/approve", {"reason": "Checked"})
        assert approved.status_code == 200, approved.text
        item: dict[str, Any] = investigator.finished(made.json()["id"])["items"][0]
        for clip in item["clips"]:
            file = self.machine.folder / f"{clip['name']}.mp4"
            file.write_bytes(investigator.get(clip["href"]).content)
        return item


def start_demo(machine: Machine, *more: str) -> Demo:
    begun = datetime.now(UTC)
    running = machine.start("demo", "--port", "0", "--data", "demo data", *more)
    file = machine.folder / "demo data" / "demo.json"

    def ready() -> dict[str, Any] | None:
        assert running.process.poll() is None, running.errors.read_text()
        return json.loads(file.read_text()) if file.exists() else None

    told = eventually("the demo is ready", ready, READY_WITHIN_S)
    eventually("it says what to try", lambda: running.output.read_text().endswith((".\n", "}\n")))
    return Demo(machine, running, begun, told)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    machine = Machine(tmp_path_factory.mktemp("demo"))
    try:
        yield start_demo(machine)
    finally:
        machine.clear()


def test_the_lines_that_it_prints_do_the_main_job(demo: Demo) -> None:
    printed = demo.running.output.read_text().splitlines()
    script = "\n".join(line.strip() for line in printed if line.startswith("  "))
    (demo.machine.folder / "try").mkdir()
    done = demo.machine.shell(f"cd try\n{script}")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "sncf-gares:gdn-quai-03" in done.stdout
    assert "\nproven" in done.stdout and "FAILED" not in done.stdout
    assert list((demo.machine.folder / "try" / "evidence" / "clips").glob("*.mp4"))


def test_its_secrets_are_its_owners_alone(demo: Demo) -> None:
    assert demo.data.stat().st_mode & 0o077 == 0
    assert (demo.data / "demo.json").stat().st_mode & 0o777 == 0o600
    for token in (demo.data / "tokens").iterdir():
        assert token.stat().st_mode & 0o777 == 0o600


def test_every_role_of_every_agency_signs_in(demo: Demo) -> None:
    roles = ("operator", "investigator", "custodian", "auditor")
    wanted = {f"{agency}.{role}" for agency in ("sncf", "ratp", "police") for role in roles} | {"admin"}
    assert set(demo.told["officers"]) == wanted
    for name in wanted - {"admin"}:
        me = demo.officer(name).get("/v1/me").json()
        assert f"{me['agency']}.{me['roles'][0]}" == name
    assert demo.officer("admin").get("/v1/me").json()["roles"] == ["administrator"]


@pytest.mark.parametrize(
    ("camera", "custodian"),
    [
        ("sncf-gares:gdn-quai-03", "sncf.custodian"),
        ("ratp-metro:cht-acces-05", "ratp.custodian"),
        ("sncf-gares:sdf-quai-01", "sncf.custodian"),
    ],
)
def test_a_clip_shows_exactly_the_instants_that_were_asked_for(
    demo: Demo, camera: str, custodian: str
) -> None:
    start = demo.begun.replace(microsecond=370_000) - timedelta(seconds=200)
    asked = Interval(start=start, end=start + timedelta(seconds=13, milliseconds=260))
    item = demo.delivered(camera, asked, custodian)
    assert item["state"] == "completed", item["state_reason"]
    assert [clip["name"] for clip in item["clips"]] == ["1.1"]
    assert shown_by_opencv(demo.machine.folder / "1.1.mp4") == frame_instants(FILMS[camera], asked)


def outage_in_history(film: FilmedCamera, begun: datetime) -> Interval:
    """The latest outage that lies well inside the demo's history."""
    assert film.outage is not None
    history = Interval(start=begun - timedelta(seconds=570), end=begun - timedelta(seconds=30))
    inside = [o for o in film.outage.within(history) if o.intersect(history) == o]
    return inside[-1]


def test_a_gap_is_shown_as_two_parts_and_never_joined(demo: Demo) -> None:
    camera = "sncf-gares:gdn-hall-01"
    outage = outage_in_history(FILMS[camera], demo.begun)
    asked = Interval(start=outage.start - timedelta(seconds=5), end=outage.end + timedelta(seconds=5))
    item = demo.delivered(camera, asked, "sncf.custodian")
    assert [clip["name"] for clip in item["clips"]] == ["1.1", "1.2"]
    (gap,) = item["gaps"]
    assert gap == str(outage)
    before = Interval(start=asked.start, end=outage.start)
    after = Interval(start=outage.end, end=asked.end)
    for part, interval in (("1.1", before), ("1.2", after)):
        shown = shown_by_opencv(demo.machine.folder / f"{part}.mp4")
        assert shown == frame_instants(FILMS[camera], interval)


def test_the_reserved_camera_is_absent_for_partners_and_there_for_its_custodian(demo: Demo) -> None:
    hidden = "sncf-gares:gdn-surete-01"
    around = {"lat": 48.8809, "lon": 2.3553, "radius_m": 500}
    for name in ("police.investigator", "police.operator", "ratp.operator"):
        found = demo.officer(name).get("/v1/cameras", **around).json()["features"]
        assert hidden not in {feature["id"] for feature in found}
        assert demo.officer(name).get(f"/v1/cameras/{hidden}").status_code == 404
    own = demo.officer("sncf.custodian").get("/v1/cameras", **around).json()["features"]
    assert hidden in {feature["id"] for feature in own}


def test_the_police_share_locations_and_no_footage(demo: Demo) -> None:
    shared = demo.officer("sncf.investigator")
    found = shared.get("/v1/cameras", lat=48.8809, lon=2.3553, radius_m=500, network="police-voirie").json()
    assert len(found["features"]) >= 3
    assert all(feature["properties"]["footage"] is None for feature in found["features"])
    recent = Interval(start=demo.begun - timedelta(seconds=100), end=demo.begun - timedelta(seconds=90))
    refused = shared.post("/v1/requests", submission({"police-voirie:voie-1001": str(recent)}))
    assert (refused.status_code, refused.json()["code"]) == (422, "footage_not_offered")


def test_the_present_is_recorded_too(demo: Demo) -> None:
    investigator = demo.officer("police.investigator")

    def recent() -> bool:
        footage = investigator.get("/v1/cameras/sncf-gares:gdn-quai-03").json()["properties"]["footage"]
        return datetime.fromisoformat(footage["until"]) > demo.begun + timedelta(seconds=20)

    eventually("footage of after the start is in the catalog", recent, 90)


def test_started_again_it_goes_on_where_it_was_and_stopped_it_leaves_nothing(demo: Demo) -> None:
    earlier = demo.officer("police.investigator").get("/v1/requests").json()["requests"]
    assert earlier
    begun = time.monotonic()
    assert demo.running.stop(signal.SIGINT) == 0
    assert time.monotonic() - begun < 15
    demo.machine.wait_until_empty(5)
    assert demo.running.errors.read_text() == ""
    assert not (demo.data / "demo.json").exists()
    assert list(demo.machine.temporary.iterdir()) == []

    again = start_demo(demo.machine, "--json")
    assert json.loads(again.running.output.read_text()) == again.told
    assert again.told["officers"] == demo.told["officers"]
    later = again.officer("police.investigator").get("/v1/requests").json()["requests"]
    assert [r["id"] for r in later] == [r["id"] for r in earlier]
    bundle = again.officer("police.investigator").get(f"/v1/requests/{earlier[0]['id']}/bundle.zip")
    assert bundle.status_code == 200
    second = again.machine.run("demo", "--port", "0", "--data", "demo data")
    assert (second.returncode, second.stdout, second.stderr.count("\n")) == (1, "", 1)
    assert (demo.data / "demo.json").exists()
    again.running.kill()
    demo.machine.wait_until_empty(15)


def test_stopped_while_it_films_it_leaves_nothing(machine: Machine) -> None:
    running = machine.start("demo", "--port", "0", "--data", "demo data")
    eventually(
        "it films",
        lambda: list((machine.folder / "demo data").glob("networks/*/recordings/*/*.part")),
    )
    assert running.stop(signal.SIGTERM) == 0
    machine.wait_until_empty(5)
    assert (running.output.read_text(), running.errors.read_text()) == ("", "")
