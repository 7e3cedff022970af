"""`entrevue adapter`: a network in use is checked, and a new adapter passes the suite as a third party's package."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from adapters.conformance.scaffold import write_adapter
from adapters.contract.errors import Misconfigured
from tests.broker.cli.commands import Entrevue

CONFIGURATION = """
[broker]
data = "data"
[[agency]]
id = "rail"
name = "Railway"
[[network]]
id = "rail-list"
agency = "rail"
adapter = "camera_list"
[network.options]
cameras = "cameras.csv"
[[network]]
id = "rail-files"
agency = "rail"
adapter = "folder"
[network.options]
recordings = "recordings"
[[network]]
id = "rail-other"
agency = "rail"
adapter = "telepathy"
"""


@pytest.fixture
def host(tmp_path: Path) -> tuple[str, str]:
    (tmp_path / "entrevue.toml").write_text(CONFIGURATION)
    (tmp_path / "recordings").mkdir()
    (tmp_path / "cameras.csv").write_text("id,name,lat,lon\n1,Hall,48.88,2.35\n2,Lost,188,2.35\n")
    return ("--config", str(tmp_path / "entrevue.toml"))


def test_a_sound_network_passes_and_what_it_cannot_do_is_left_out(
    entrevue: Entrevue, host: tuple[str, str]
) -> None:
    done = entrevue("adapter", "check", "rail-list", *host, "--area", "2.2,48.8,2.45,48.92", "--json")
    assert (done.status, done.err) == (0, "")
    (network,) = json.loads(done.out)["networks"]
    assert (network["network"], network["adapter"]) == ("rail-list", "camera_list")
    results = {each["check"]: each["result"] for each in network["checks"]}
    assert results["cameras_stand_in_the_declared_area"] == "passed"
    assert results["a_snapshot_decodes"] == "left out"
    assert "the_records_are_those_expected" not in results, "it cannot be known of a network in use"


def test_a_network_that_breaks_a_claim_is_told_and_ends_with_1(
    entrevue: Entrevue, host: tuple[str, str]
) -> None:
    done = entrevue("adapter", "check", "camera_list", *host, "--area", "2.2,40,2.45,41")
    assert done.status == 1
    assert "cameras stand in the declared area" in done.one_line_error()
    assert "WRONG" in done.out and "48.88, 2.35" in done.out


def test_the_area_that_a_network_declares_is_checked_without_being_said_again(
    entrevue: Entrevue, host: tuple[str, str], tmp_path: Path
) -> None:
    polygon = {"type": "Polygon", "coordinates": [[[2.2, 40], [2.45, 40], [2.45, 41], [2.2, 40]]]}
    (tmp_path / "south.geojson").write_text(json.dumps(polygon))
    for area in ("[2.2, 40, 2.45, 41]", '"south.geojson"'):
        declared = f'adapter = "camera_list"\narea = {area}'
        text = CONFIGURATION.replace('adapter = "camera_list"', declared)
        (tmp_path / "entrevue.toml").write_text(text)
        done = entrevue("adapter", "check", "rail-list", *host)
        assert done.status == 1
        assert "cameras stand in the declared area" in done.one_line_error()


def test_a_network_that_cannot_be_set_up_is_a_finding(
    entrevue: Entrevue, host: tuple[str, str], tmp_path: Path
) -> None:
    (tmp_path / "entrevue.toml").write_text(
        CONFIGURATION.replace('recordings = "recordings"', 'recording = "x"')
    )
    done = entrevue("adapter", "check", "rail-files", *host, "--json")
    assert done.status == 1
    (only,) = json.loads(done.out)["networks"][0]["checks"]
    assert (only["check"], only["result"]) == ("the_adapter_can_be_set_up", "failed")
    assert "recordings" in only["says"]


@pytest.mark.parametrize(
    ("name", "more", "status", "says"),
    [
        ("nobody", (), 1, "no network"),
        ("rail-other", (), 1, "no adapter is called 'telepathy'"),
        ("rail-list", ("--area", "north"), 2, "--area"),
        ("rail-list", ("--area", "2.45,48.8,2.2,48.92"), 2, "--area"),
    ],
)
def test_what_cannot_be_checked_is_told_in_one_line(
    entrevue: Entrevue, host: tuple[str, str], name: str, more: tuple[str, ...], status: int, says: str
) -> None:
    done = entrevue("adapter", "check", name, *host, *more)
    assert done.status == status
    assert says in done.one_line_error()


def test_a_new_adapter_is_found_by_the_broker_and_passes_the_suite(
    entrevue: Entrevue, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    done = entrevue("adapter", "new", "harbour_eye", "--output", str(project), "--json")
    assert done.status == 0
    assert "entrevue_harbour_eye/adapter.py" in json.loads(done.out)["files"]
    built = run(project, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist"))
    assert built.returncode == 0, built.stderr
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    tested = run(project, "-m", "pytest", "-q", "-p", "no:cacheprovider", site=tmp_path / "site")
    assert tested.returncode == 0, tested.stdout
    assert " passed" in tested.stdout and "skipped" not in tested.stdout
    unknown = run(project, "-m", "pytest", "-q", "-k", "finds_it_by_its_name")
    assert unknown.returncode == 1, "without its entry point nobody finds it"


def run(project: Path, *arguments: str, site: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Python in the project, with what is installed and the folder `site`."""
    environment = {**os.environ, "PYTHONPATH": str(site or "")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_next_step_is_told(entrevue: Entrevue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = entrevue("adapter", "new", "harbour")
    assert "cd entrevue-harbour && pip install" in done.out
    again = entrevue("adapter", "new", "harbour")
    assert (again.status, "not empty" in again.one_line_error()) == (1, True)


@pytest.mark.parametrize("name", ["Harbour", "9lives", "a-b", "class", "../x", "", "a_", "folder"])
def test_a_name_that_cannot_be_used_is_refused_and_nothing_is_written(name: str, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured):
        write_adapter(name, tmp_path / "new", ["folder"])
    assert not (tmp_path / "new").exists()
