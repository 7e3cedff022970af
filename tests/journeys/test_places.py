"""A region's stations, imported while a broker of two processes serves: found at once, and again after a restart."""

import json
from pathlib import Path

import pytest

from tests.journeys.callers import Officer
from tests.journeys.processes import Machine, eventually
from tests.requirements import sample_data

CONFIGURATION = """
[broker]
data = "data"
[[agency]]
id = "metro"
name = "Metro"
[[network]]
id = "metro-list"
agency = "metro"
adapter = "camera_list"
refresh_s = 1
[network.options]
cameras = "cameras.csv"
"""
CAMERAS = """\
id,name,place,level,tags
quay,Quay,CHATELET,-2,
hall,Hall,idf-gares:474151,-3,
secret,Vault,Châtelet,-5,reserved
"""
OPTIONS = (
    *("--gazetteer", "idf-gares", "--accuracy-m", "50"),
    *("--column", "id=id_ref_zdc", "--column", "name=nom_zdc", "--column", "lat_lon=geo_point_2d"),
)


@pytest.fixture
def configuration(tmp_path: Path) -> tuple[str, str]:
    (tmp_path / "entrevue.toml").write_text(CONFIGURATION)
    (tmp_path / "cameras.csv").write_text(CAMERAS)
    return "--config", str(tmp_path / "entrevue.toml")


def officer(machine: Machine, configuration: tuple[str, str], url: str) -> Officer:
    added = machine.run(
        *("officer", "add", *configuration, "--agency", "metro", "--name", "Test officer"),
        *("--service", "Tests", "--number", "T-1", "--role", "operator"),
    )
    return Officer(url, json.loads(added.stdout)["token"])


def ids(caller: Officer, **query: object) -> list[str]:
    answer = caller.get("/v1/cameras", **query)
    return [feature["id"] for feature in answer.json().get("features", [])]


def test_stations_imported_while_serving_locate_underground_cameras(
    machine: Machine, configuration: tuple[str, str]
) -> None:
    serving = machine.start("serve", "--port", "0", "--processes", "2", *configuration)
    url = serving.first_line()
    caller = officer(machine, configuration, url)
    eventually("the first round", lambda: ids(caller, q="quay"))
    assert ids(caller, lat=48.8586, lon=2.3470, radius_m=100) == []

    gares = sample_data() / "places" / "idf-gares" / "emplacement-des-gares-idf.csv"
    imported = machine.run("places", "import", str(gares), *OPTIONS, *configuration, "--json")
    assert (imported.returncode, imported.stderr) == (0, "")
    assert json.loads(imported.stdout)["found"] == 992

    def answers() -> set[int]:
        """How many places several calls find, each on a connection of its own: either process answers."""
        return {len(caller.get("/v1/places", q="chatelet").json()["places"]) for _ in range(12)}

    eventually("every process knows the stations", lambda: answers() == {2})
    around = {"place": "idf-gares:71264", "radius_m": 10}
    eventually("the camera is at its station", lambda: ids(caller, **around) == ["metro-list:quay"])
    assert ids(caller, lat=48.8602, lon=2.3470, radius_m=20) == ["metro-list:quay"], (
        "180 m away, within 255 m"
    )
    assert ids(caller, place="idf-gares:474151", radius_m=10, level="-3") == ["metro-list:hall"]

    environment = {
        "ENTREVUE_SERVER": url,
        "ENTREVUE_TOKEN": caller.token,
        "ENTREVUE_PURPOSE": "public_safety",
    }
    found = machine.run("places", "find", "châtelet-les halles", **environment)
    assert "idf-gares:474151" in found.stdout
    searched = machine.run("search", "--place", "idf-gares:71264", "--radius-m", "10", **environment)
    assert "metro-list:quay" in searched.stdout and "secret" not in searched.stdout

    assert serving.stop() == 0
    again = machine.start("serve", "--port", "0", *configuration)
    caller = Officer(again.first_line(), caller.token)
    eventually("found after a restart", lambda: ids(caller, **around) == ["metro-list:quay"])
    assert again.stop() == 0
    machine.wait_until_empty(5)
