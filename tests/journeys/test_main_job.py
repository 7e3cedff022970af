"""The main job over real HTTP and real processes, on real footage and the real Paris lists."""

import json
import subprocess
from datetime import timedelta
from pathlib import Path

from tests.journeys.processes import Machine
from tests.journeys.recorders import (
    GARE_DU_NORD,
    METRO_FILES,
    RAIL_FILES,
    START,
    add_staff,
    asked,
    make_world,
    serve,
)
from tests.requirements import executable, sample_data


def shown_at_s(video: Path) -> list[float]:
    """Presentation time of every frame that ffmpeg shows, from the first one on."""
    ffprobe = executable("ffprobe", "ffmpeg")
    told = subprocess.run(
        [
            ffprobe,
            "-v",
            "error",
            "-select_streams",
            "v:0",
            "-show_entries",
            "frame=pts_time",
            "-of",
            "json",
            video,
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    times = sorted(float(frame["pts_time"]) for frame in json.loads(told.stdout)["frames"])
    return [time - times[0] for time in times]


def test_officers_find_ask_approve_fetch_and_verify_real_footage_of_two_owners(machine: Machine) -> None:
    world = make_world(machine.folder)
    staff = add_staff(world)
    running, url = serve(machine, world)
    host = ("--config", str(world.configuration))
    listed = json.loads(machine.run("ingest", *host, "--once", "--json").stdout)["networks"]
    paris = next(report for report in listed if report["id"] == "police-streets")
    assert paris["found"] > 700 and paris["rejected"] > 500 and paris["error"] is None

    client = {"ENTREVUE_SERVER": url, "ENTREVUE_PURPOSE": "judicial_inquiry", "ENTREVUE_CASE": "PV-2026-118"}
    asks = client | {"ENTREVUE_TOKEN": staff.tokens["police.investigator"]}
    around = ("--lat", str(GARE_DU_NORD[0]), "--lon", str(GARE_DU_NORD[1]), "--radius-m", "400")
    found = json.loads(machine.run("search", *around, "--interval", asked(5, 15), "--json", **asks).stdout)
    ids = [feature["id"] for feature in found["features"]]
    assert {"rail-cctv:person", "rail-cctv:bottle", "metro-cctv:car"} == set(ids)
    everything = json.loads(machine.run("search", *around, "--json", **asks).stdout)["features"]
    assert any(feature["id"].startswith("police-streets:") for feature in everything)
    assert not any(feature["id"].startswith("town-cctv:") for feature in everything)

    basis = ("--basis", "judicial_requisition:R-1", "--reason", "Theft", "--json")
    cameras = ("--camera", "rail-cctv:person", "--camera", "rail-cctv:bottle", "--camera", "metro-cctv:car")
    made = machine.run("request", *cameras, "--interval", asked(5.5, 15.25), *basis, **asks)
    assert made.returncode == 0, made.stderr
    request_id = json.loads(made.stdout)["id"]
    for owner in ("rail", "metro"):
        decides = client | {"ENTREVUE_TOKEN": staff.tokens[f"{owner}.custodian"]}
        shown = json.loads(machine.run("requests", "--to-decide", "--json", **decides).stdout)["requests"]
        assert [r["id"] for r in shown] == [request_id]
        assert {item["agency"] for item in shown[0]["items"]} == {owner}
        assert machine.run("approve", request_id, "--reason", "Checked", **decides).returncode == 0

    done = machine.run("fetch", request_id, "--output", "evidence", "--wait", **asks)
    assert done.returncode == 0, done.stderr
    evidence = machine.folder / "evidence"
    verified = machine.run("verify", str(evidence / f"{request_id}.zip"))
    assert verified.returncode == 0, verified.stdout

    shown = json.loads(machine.run("show", request_id, "--json", **asks).stdout)
    assert shown["state"] == "completed"
    sources = {f"rail-cctv:{k}": v for k, v in RAIL_FILES.items()} | {
        f"metro-cctv:{k}": v for k, v in METRO_FILES.items()
    }
    for item in shown["items"]:
        (clip,) = item["clips"]
        times = shown_at_s(sample_data() / "video" / sources[item["camera_id"]])
        wanted = [time for time in times if 5.5 <= time < 15.25]
        fetched = shown_at_s(evidence / "clips" / f"{clip['name']}.mp4")
        assert len(fetched) == len(wanted), item["camera_id"]
        assert all(abs(a - (b - wanted[0])) < 0.002 for a, b in zip(fetched, wanted, strict=True))
        first = START + timedelta(seconds=wanted[0])
        assert abs((type(first).fromisoformat(clip["first_frame_at"]) - first).total_seconds()) < 0.002

    entries = [
        json.loads(line) for line in machine.run("audit", "export", *host, "--json").stdout.splitlines()
    ]
    about = [entry["action"] for entry in entries if entry["request_id"] == request_id]
    told = [
        about.index(action) for action in ("submit_request", "make_clips", "seal_request", "fetch_bundle")
    ]
    assert told == sorted(told), about
    assert about.count("approve_request") == 2 or sum("approve" in action for action in about) == 2, about
    assert any(entry["purpose"] == "judicial_inquiry" and "search" in entry["action"] for entry in entries)

    assert running.stop() == 0
    assert running.errors.read_text() == ""
    machine.wait_until_empty()
