"""`--json` prints the API's own body, whichever command: what a client command gets, and what a host command would."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from broker.agencies.views import AgreementList, AgreementView, IssuedView, OfficerList
from broker.audit.routes import EntryView
from broker.cli.main import MODULES
from broker.ingest.views import NetworkList
from tests.broker.cli.commands import Entrevue
from tests.broker.cli.fake_server import fake_server
from tests.broker.cli.test_client import as_json, request_body
from tests.broker.cli.test_host_commands import AGREEMENT, CONFIGURATION
from tests.broker.cli.test_usage import EVERY

INTERVAL = "2026-06-15T20:00:00Z/2026-06-15T20:05:00Z"
MORE = {"a_later_version": {"says": ["more", None, 1.50]}}
REQUEST = request_body() | MORE
HOLD = {
    "id": "hold_1",
    "camera_id": "n:1",
    "requested": INTERVAL,
    "held": {"state": "ordered", "until": None},
} | MORE
CAMERA = {
    "id": "n:1",
    "properties": {
        "name": "Quai 3",
        "agency": "rail",
        "status": "up",
        "distance_m": None,
        "sees": None,
        "actions": [],
    },
}

PLACE = {"id": "stations:1", "name": "Gare du Nord", "lat": 48.88, "lon": 2.35, "position_accuracy_m": None}
EMERGENCY = {
    "id": "emg_1",
    "agency": "police",
    "state": "in_force",
    "owners": ["rail"],
    "started_at": "2026-06-15T20:00:00Z",
    "ends_at": "2026-06-15T21:00:00Z",
    "unreviewed": ["rail"],
} | MORE
MESSAGE = {
    "id": "msg_1",
    "subscriber": "webhook:dispatch",
    "kind": "hold.hold_held",
    "subject": "hold_1",
    "at": "2026-06-15T20:00:00Z",
    "state": "dead",
    "attempts": 10,
    "error": "answered 503",
    "due_at": None,
} | MORE

CLIENT: dict[tuple[str, ...], tuple[tuple[str, ...], dict[str, Any]]] = {
    ("search",): (("--lat", "48", "--lon", "2", "--radius-m", "3"), {"features": [CAMERA], "links": []}),
    ("request",): (
        (
            *("--camera", "n:1", "--interval", INTERVAL, "--reason", "r", "--case", "c"),
            *("--purpose", "accident", "--basis", "customs:1"),
        ),
        REQUEST,
    ),
    ("requests",): ((), {"requests": [REQUEST], "links": []}),
    ("show",): (("req_1",), REQUEST),
    ("approve",): (("req_1", "--reason", "r"), REQUEST),
    ("deny",): (("req_1", "--reason", "r"), REQUEST),
    ("cancel",): (("req_1",), REQUEST),
    ("attach",): (("req_1", __file__), REQUEST),
    ("outcome",): (("req_1", "useful"), REQUEST),
    ("hold",): (("--camera", "n:1", "--interval", INTERVAL, "--reason", "r"), {"holds": [HOLD]}),
    ("release",): (("hold_1",), HOLD),
    ("stop",): (("hold_1",), HOLD),
    ("emergency", "start"): (("--reason", "r", "--agency", "rail"), EMERGENCY),
    ("emergency", "end"): (("emg_1",), EMERGENCY),
    ("emergency", "review"): (("emg_1", "justified", "--reason", "r"), EMERGENCY),
    ("emergency", "list"): ((), {"emergencies": [EMERGENCY], "links": []}),
    ("message", "list"): ((), {"messages": [MESSAGE], "links": []}),
    ("message", "retry"): (("msg_1",), MESSAGE),
    ("agreement", "dry-run"): (("rail-police",), {"counts": [], "cameras": [], "links": []}),
    ("places", "find"): (("gare",), {"places": [PLACE], "links": []}),
}
HOST: dict[tuple[str, ...], tuple[tuple[str, ...], type[BaseModel]]] = {
    ("officer", "add"): (
        (
            *("--agency", "rail", "--name", "Test officer", "--service", "Tests"),
            *("--number", "T-2", "--role", "custodian"),
        ),
        IssuedView,
    ),
    ("officer", "list"): ((), OfficerList),
    ("agreement", "apply"): (("new.toml",), AgreementList),
    ("agreement", "activate"): (("rail-police",), AgreementView),
    ("agreement", "list"): ((), AgreementList),
    ("agreement", "end"): (("rail-police",), AgreementView),
    ("ingest",): (("--once",), NetworkList),
}
LINES = {("audit", "export"): EntryView}
"""Its lines are the entries of the API's list, as a whole log is no page."""

WITHOUT_COUNTERPART = {
    *(("demo",), ("serve",), ("worker",), ("fetch",), ("verify",), ("doctor",), ("witness",)),
    ("retention",),
    ("register",),
    *(("agency", "list"), ("officer", "revoke"), ("adapter", "check"), ("adapter", "new")),
    *(("places", "import"), ("places", "list"), ("places", "remove")),
    *(("audit", "checkpoint"), ("audit", "prove"), ("audit", "erase"), ("audit", "verify")),
    ("policy", "explain"),
}


def test_every_command_is_held_to_the_api_or_has_no_counterpart_there() -> None:
    assert {*CLIENT, *HOST, *LINES, *WITHOUT_COUNTERPART} == set(EVERY)
    assert {command[0] for command in EVERY} == {name.partition(" ")[0] for name in MODULES} - {"api"}


@pytest.mark.parametrize("command", CLIENT, ids=" ".join)
def test_a_client_command_prints_what_the_broker_answered(
    entrevue: Entrevue, command: tuple[str, ...]
) -> None:
    arguments, body = CLIENT[command]
    with fake_server(as_json(body | MORE)) as server:
        done = entrevue(*command, *arguments, "--server", server.url, "--json")
    assert (done.status, done.err) == (0, "")
    assert json.loads(done.out) == body | MORE


@pytest.mark.parametrize("command", EVERY, ids=" ".join)
def test_every_command_takes_json(entrevue: Entrevue, command: tuple[str, ...]) -> None:
    assert "--json" in entrevue(*command, "--help").out


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entrevue: Entrevue) -> tuple[str, str]:
    """A set-up on which every command of `HOST` succeeds when they are called in order."""
    (tmp_path / "entrevue.toml").write_text(CONFIGURATION)
    (tmp_path / "cameras.csv").write_text("id,name,lat,lon\n1,Hall,48.88,2.35\n2,Lost,188,2.35\n")
    (tmp_path / "new.toml").write_text(AGREEMENT)
    monkeypatch.chdir(tmp_path)
    named = ("--config", str(tmp_path / "entrevue.toml"))
    custodian = ("--name", "Test custodian", "--service", "Tests", "--number", "T-1", "--role", "custodian")
    added = entrevue("officer", "add", *named, "--agency", "rail", *custodian)
    monkeypatch.setenv("ENTREVUE_TOKEN", json.loads(added.out)["token"])
    return named


def test_a_host_command_prints_the_body_that_its_call_has(entrevue: Entrevue, host: tuple[str, str]) -> None:
    for command, (arguments, model) in HOST.items():
        done = entrevue(*command, *arguments, *host, "--json")
        assert (done.status, done.err) == (0, ""), command
        body = json.loads(done.out)
        read = model.model_validate(body, extra="forbid")
        assert read.model_dump(mode="json") == body, command
    for command, model in LINES.items():
        lines = entrevue(*command, *host, "--json").out.splitlines()
        assert lines
        for line in lines:
            assert model.model_validate_json(line, extra="forbid").model_dump(mode="json") == json.loads(line)


def test_a_body_of_its_own_is_noticed() -> None:
    with pytest.raises(ValueError, match="Extra inputs"):
        OfficerList.model_validate({"officers": [], "links": [], "count": 0}, extra="forbid")
    with pytest.raises(ValueError, match="links"):
        OfficerList.model_validate({"officers": []}, extra="forbid")
