"""`entrevue places`: what an import prints and refuses, with and without a broker that can be told."""

import json
from pathlib import Path

import pytest

from tests.broker.cli.commands import Done, Entrevue
from tests.broker.cli.fake_server import Reply, fake_server
from tests.requirements import sample_data

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
"""
ROWS = "code;nom;lat;lon\n1;Châtelet [bold];48.85;2.34\n2;Gare \x1b[31mdu Nord;48.88;2.35\n3;Lost;188;2.35\n"
COLUMNS = ("--column", "id=code", "--column", "name=nom")


class Host:
    """A broker's folder with a list of stations in it, and the commands on it."""

    def __init__(self, entrevue: Entrevue, folder: Path) -> None:
        self._entrevue = entrevue
        self.stations = folder / "Gares d'Île.csv"
        self.configuration = folder / "entrevue.toml"
        self.stations.write_text(ROWS)
        self.configuration.write_text(CONFIGURATION)
        (folder / "cameras.csv").write_text("id,name,place,level\n1,Below,CHATELET [BOLD],-2\n")

    def __call__(self, *words: str) -> Done:
        return self._entrevue("places", *words, "--config", str(self.configuration))

    def ingest(self) -> Done:
        return self._entrevue("ingest", "--once", "--config", str(self.configuration), "--json")


@pytest.fixture
def host(entrevue: Entrevue, tmp_path: Path) -> Host:
    return Host(entrevue, tmp_path)


def test_an_import_prints_what_it_found_and_why_rows_were_rejected(host: Host) -> None:
    done = host("import", str(host.stations), *COLUMNS)
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].split() == ["gazetteer", "found", "added", "changed", "removed", "rejected"]
    assert lines[1].split() == ["gares-d-ile", "2", "2", "0", "0", "1"]
    assert lines[3].startswith("Gares d'Île.csv row 4: lat 188 is out of range")
    host.stations.write_text(ROWS.replace("48.88", "48.89").replace("1;Ch", "9;Ch"))
    again = json.loads(host("import", str(host.stations), *COLUMNS, "--json").out)
    assert {name: again[name] for name in ("found", "added", "changed", "removed", "rejected")} == {
        "found": 2,
        "added": 1,
        "changed": 1,
        "removed": 1,
        "rejected": 1,
    }


def test_gazetteers_are_listed_and_removed(host: Host) -> None:
    assert json.loads(host("list", "--json").out) == {"gazetteers": []}
    host("import", str(host.stations), *COLUMNS, "--gazetteer", "stations")
    assert host("list").out.splitlines()[1].split()[:2] == ["stations", "2"]
    (listed,) = json.loads(host("list", "--json").out)["gazetteers"]
    assert (listed["id"], listed["places"], listed["source"]) == ("stations", 2, "Gares d'Île.csv")
    assert json.loads(host("remove", "stations", "--json").out) == {"removed": 2}
    done = host("remove", "stations")
    assert done.status == 1
    assert done.one_line_error() == "not_found: there is no gazetteer 'stations'; known: none"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("absent.csv",), "absent.csv: there is no such file: nothing was changed"),
        (("places.pdf",), "must end in one of"),
        (("{}",), "has no column 'id'"),
        (("{}", "--column", "colour=nom"), "'colour' is not known of a place; known: id, name, lat"),
        (("{}", *COLUMNS, "--gazetteer", "rail-list"), "is the id of a configured network"),
        (("{}", *COLUMNS, "--gazetteer", "Ça"), "is no id for a gazetteer"),
        (("{}", *COLUMNS, "--encoding", "klingon"), "encoding 'klingon' is not known"),
        (("{}", *COLUMNS, "--delimiter", "x"), "delimiter"),
        (("{}", *COLUMNS, "--accuracy-m", "-1"), "accuracy_m"),
        (("{}", *COLUMNS, "--max-spread-m", "nan"), "max_spread_m"),
        (
            ("{}", "--column", "id=code", "--column", "lat=lon", "--column", "lon=nom"),
            "lists no usable place",
        ),
    ],
)
def test_what_cannot_be_imported_is_one_line_and_changes_nothing(
    host: Host, arguments: tuple[str, ...], says: str
) -> None:
    host("import", str(host.stations), *COLUMNS, "--gazetteer", "stations")
    before = host("list", "--json").out
    done = host("import", *(word.format(host.stations) for word in arguments))
    assert done.status == 1
    assert says in done.one_line_error()
    assert host("list", "--json").out == before


def test_a_redis_that_is_away_is_said_and_fails_nothing(host: Host, tmp_path: Path) -> None:
    away = f'data = "data"\nredis_url = "unix://{tmp_path}/nowhere"'
    host.configuration.write_text(CONFIGURATION.replace('data = "data"', away))
    done = host("import", str(host.stations), *COLUMNS, "--gazetteer", "stations")
    assert done.status == 0
    assert "out of reach: running processes find out by themselves" in done.one_line_error()
    assert json.loads(host("list", "--json").out)["gazetteers"][0]["places"] == 2
    removed = host("remove", "stations")
    assert (removed.status, "find out by themselves" in removed.err) == (0, True)


def test_an_ingest_locates_by_what_was_imported(host: Host) -> None:
    host("import", str(host.stations), *COLUMNS)
    (report,) = json.loads(host.ingest().out)["networks"]
    assert (report["found"], report["reasons"]) == (1, [])


def test_a_network_that_is_called_as_a_gazetteer_keeps_the_broker_from_starting(
    host: Host, entrevue: Entrevue
) -> None:
    host("import", str(host.stations), *COLUMNS, "--gazetteer", "stations")
    host.configuration.write_text(CONFIGURATION.replace("rail-list", "stations"))
    done = host.ingest()
    assert done.status == 1
    assert "network 'stations' has the id of an imported gazetteer" in done.one_line_error()
    assert "entrevue places remove stations" in done.one_line_error()
    assert host("remove", "stations").status == 0
    assert host.ingest().status == 0


def test_the_options_reach_the_reader(host: Host, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_bytes("id|name|lat|lon\n1|Évry|48.850|2.35\n1|Évry|48.858|2.35\n".encode("cp1252"))
    options = ("--encoding", "cp1252", "--delimiter", "|", "--accuracy-m", "10")
    apart = host("import", str(file), *options, "--max-spread-m", "400")
    assert apart.status == 1
    assert "max_spread_m allows 400" in apart.out
    assert host("import", str(file), *options, "--max-spread-m", "500").status == 0


@pytest.fixture
def gares() -> str:
    """Asked for before `entrevue`, which takes all variables away."""
    return str(sample_data() / "places" / "idf-gares" / "emplacement-des-gares-idf.csv")


def test_the_stations_of_a_region_are_imported_as_they_are_published(gares: str, host: Host) -> None:
    columns = ("--column", "id=id_ref_zdc", "--column", "name=nom_zdc", "--column", "lat_lon=geo_point_2d")
    done = host("import", gares, *columns, "--gazetteer", "idf-gares", "--accuracy-m", "50", "--json")
    report = json.loads(done.out)
    assert (done.status, report["found"], report["rejected"]) == (0, 992, 4)


PLACES = {
    "places": [
        {"id": "idf-gares:" + "7" * 90, "name": "Gare \x1b[31m[bold]", "lat": 48.88, "lon": 2.35, "later": 1}
        | {"position_accuracy_m": None}
    ],
    "links": [{"rel": "next", "href": "/v1/places?cursor=x"}],
}


def test_find_prints_what_the_api_says_and_asks_for_the_text_as_it_was_typed(entrevue: Entrevue) -> None:
    reply = Reply(json.dumps(PLACES).encode(), 200, {"Content-Type": "application/json"})
    with fake_server(reply, reply) as server:
        done = entrevue("places", "find", "Châtelet & Co", "--limit", "1", "--server", server.url)
        body = entrevue("places", "find", "x", "--server", server.url, "--json")
    assert "idf-gares:" + "7" * 90 in done.out and "\x1b" not in done.out
    assert "there are more" in done.one_line_error()
    assert json.loads(body.out) == PLACES
    assert server.asked[0][1] == "/v1/places?q=Ch%C3%A2telet+%26+Co&limit=1"


def test_a_search_names_a_place_in_place_of_a_point(entrevue: Entrevue) -> None:
    reply = Reply(b'{"features": [], "links": []}', 200, {"Content-Type": "application/json"})
    with fake_server(reply) as server:
        done = entrevue("search", "--place", "idf-gares:71264", "--radius-m", "300", "--server", server.url)
    assert done.status == 0
    assert server.asked[0][1] == "/v1/cameras?place=idf-gares%3A71264&radius_m=300.0&limit=50"
