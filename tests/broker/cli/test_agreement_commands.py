"""`entrevue agreement`: a file is taken as a whole or not at all; a custodian's decision says what it was for."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.broker.cli.commands import Done, Entrevue

CONFIGURATION = """
[broker]
data = "data"
[[agency]]
id = "rail"
name = "Railway"
[[agency]]
id = "police"
name = "Police"
[[network]]
id = "rail-list"
agency = "rail"
adapter = "camera_list"
[[network]]
id = "police-list"
agency = "police"
adapter = "camera_list"
"""
AGREEMENT = """
[[agreement]]
id = "rail-police"
owner = "rail"
partners = ["police"]
actions = ["locate"]
purposes = ["judicial_inquiry"]
valid = "2020-01-01T00:00:00Z/2099-01-01T00:00:00Z"
"""
SECOND = AGREEMENT.replace("rail-police", "second")
POLYGON = '{"type": "Polygon", "coordinates": [[[2, 48], [3, 48], [3, 49], [2, 48]]]}'


class Host:
    """A broker's folder, and the commands on it."""

    def __init__(self, entrevue: Entrevue, folder: Path) -> None:
        self._entrevue = entrevue
        self.folder = folder
        (folder / "entrevue.toml").write_text(CONFIGURATION)

    def __call__(self, *words: str) -> Done:
        return self._entrevue(*words, "--config", str(self.folder / "entrevue.toml"))

    def apply(self, text: str) -> Done:
        (self.folder / "new.toml").write_text(text)
        return self("agreement", "apply", str(self.folder / "new.toml"), "--json")

    def agreements(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = json.loads(self("agreement", "list", "--json").out)["agreements"]
        return listed

    def custodian(self) -> str:
        done = self(
            *("officer", "add", "--agency", "rail", "--name", "Test officer", "--service", "Tests"),
            *("--number", "T-1", "--role", "custodian"),
        )
        return str(json.loads(done.out)["token"])

    def logged(self, action: str) -> list[tuple[str | None, str | None]]:
        """Purpose and case of each entry of an action."""
        entries = map(json.loads, self("audit", "export", "--json").out.splitlines())
        return [(e["purpose"], e["case_ref"]) for e in entries if e["action"] == action]


@pytest.fixture
def host(entrevue: Entrevue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    for name in ("ENTREVUE_TOKEN", "ENTREVUE_PURPOSE", "ENTREVUE_CASE"):
        monkeypatch.delenv(name, raising=False)
    return Host(entrevue, tmp_path)


def test_every_agreement_of_a_file_is_proposed(host: Host) -> None:
    done = host.apply(AGREEMENT + SECOND)
    assert (done.status, done.err) == (0, "")
    assert [a["id"] for a in json.loads(done.out)["agreements"]] == ["rail-police", "second"]
    assert [(a["id"], a["state"]) for a in host.agreements()] == [
        ("rail-police", "proposed"),
        ("second", "proposed"),
    ]


@pytest.mark.parametrize(
    ("second", "says"),
    [
        (AGREEMENT, "'rail-police' is defined twice"),
        (SECOND.replace("judicial_inquiry", "fun"), "purpose 'fun' is not configured"),
        (SECOND.replace('"police"', '"nobody"'), "unknown agency 'nobody'"),
        (SECOND + 'networks = ["nowhere"]', "'nowhere' is no network of its owner"),
        (SECOND + 'networks = ["police-list"]', "'police-list' is no network of its owner"),
        (SECOND + 'area = "gone.geojson"', "gone.geojson cannot be read"),
        (SECOND.replace("2099", "2019"), "must end after it starts"),
    ],
)
def test_a_file_with_one_wrong_agreement_proposes_none(host: Host, second: str, says: str) -> None:
    done = host.apply(AGREEMENT + second)
    assert (done.status, done.out) == (1, "")
    assert says in done.one_line_error()
    assert host.agreements() == []
    assert host.logged("propose_agreement") == []


def test_a_file_with_another_owners_id_proposes_none(host: Host) -> None:
    host.apply(AGREEMENT)
    swapped = AGREEMENT.replace('owner = "rail"', 'owner = "police"').replace('["police"]', '["rail"]')
    done = host.apply(SECOND + swapped)
    assert done.status == 1
    assert "belongs to rail" in done.one_line_error()
    assert [a["id"] for a in host.agreements()] == ["rail-police"]


def test_an_area_is_read_beside_its_file(host: Host) -> None:
    (host.folder / "paris.geojson").write_text(POLYGON)
    assert host.apply(AGREEMENT + 'area = "paris.geojson"').status == 0


@pytest.mark.parametrize("by", ["options", "variables"])
def test_a_decision_is_logged_with_the_purpose_and_case_that_are_given(
    host: Host, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    host.apply(AGREEMENT)
    monkeypatch.setenv("ENTREVUE_TOKEN", host.custodian())
    said: tuple[str, ...] = ("--purpose", "public_safety", "--case", "PV-3")
    if by == "variables":
        monkeypatch.setenv("ENTREVUE_PURPOSE", "public_safety")
        monkeypatch.setenv("ENTREVUE_CASE", "PV-3")
        said = ()
    for command, action in (("activate", "activate_agreement"), ("end", "end_agreement")):
        done = host("agreement", command, "rail-police", *said)
        assert (done.status, done.err) == (0, "")
        assert host.logged(action) == [("public_safety", "PV-3")]


def test_a_decision_at_the_host_needs_no_purpose_but_knows_only_configured_ones(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.apply(AGREEMENT)
    monkeypatch.setenv("ENTREVUE_TOKEN", host.custodian())
    wrong = host("agreement", "activate", "rail-police", "--purpose", "fun")
    assert wrong.status == 1
    assert "purpose_unknown" in wrong.one_line_error()
    assert [a["state"] for a in host.agreements()] == ["proposed"]
    assert host("agreement", "activate", "rail-police").status == 0
    assert host.logged("activate_agreement") == [(None, None)]


def test_the_table_and_the_json_of_a_decision_tell_the_agreement_as_it_is_now(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.apply(AGREEMENT)
    monkeypatch.setenv("ENTREVUE_TOKEN", host.custodian())
    activated = host("agreement", "activate", "rail-police").out.splitlines()
    assert activated[-1].split()[:3] == ["rail-police", "1", "active"]
    ended = json.loads(host("agreement", "end", "rail-police", "--json").out)
    assert (ended["id"], ended["version"], ended["state"]) == ("rail-police", 1, "ended")
