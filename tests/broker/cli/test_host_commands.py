"""Host commands on a data folder: officers, agreements, log, doctor; wrong set-ups are one line, status 1."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis

from tests.broker.cli.commands import Done, Entrevue

CONFIGURATION = """
[broker]
data = "data"
[[agency]]
id = "rail"
name = "Railway [bold]"
[[agency]]
id = "police"
name = "Police"
[[network]]
id = "rail-list"
agency = "rail"
adapter = "camera_list"
[network.options]
cameras = "cameras.csv"
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


@pytest.fixture
def host(tmp_path: Path) -> tuple[str, str]:
    """The options that name a broker's set-up."""
    (tmp_path / "entrevue.toml").write_text(CONFIGURATION)
    (tmp_path / "cameras.csv").write_text("id,name,lat,lon\n1,Hall,48.88,2.35\n2,Lost,188,2.35\n")
    return ("--config", str(tmp_path / "entrevue.toml"))


def add(entrevue: Entrevue, host: tuple[str, str], *more: str, role: str = "custodian") -> Done:
    return entrevue(
        *("officer", "add", *host, "--agency", "rail", "--name", "Test officer", "--service", "Tests"),
        *("--number", "T-1", "--role", role, *more),
    )


def test_agencies_are_those_of_the_configuration(entrevue: Entrevue, host: tuple[str, str]) -> None:
    assert "Railway [bold]" in entrevue("agency", "list", *host).out
    listed = json.loads(entrevue("agency", "list", *host, "--json").out)
    assert {agency["id"] for agency in listed["agencies"]} == {"rail", "police"}


def test_an_officers_token_is_printed_once_and_listed_never(
    entrevue: Entrevue, host: tuple[str, str], tmp_path: Path
) -> None:
    done = add(entrevue, host, "--until", "2098-12-31", role="operator,investigator")
    assert (done.status, done.err) == (0, "")
    added = json.loads(done.out)
    assert set(added) == {"id", "token"}
    listed = entrevue("officer", "list", *host, "--json").out
    assert added["token"] not in listed + entrevue("officer", "list", *host).out
    (officer,) = json.loads(listed)["officers"]
    assert officer["id"] == added["id"]
    assert officer["roles"] == ["investigator", "operator"]
    assert officer["designated_until"].startswith("2098-12-31T23:59:59")
    for file in (tmp_path / "data").rglob("*"):
        assert not file.is_file() or added["token"].encode() not in file.read_bytes()


@pytest.mark.parametrize(
    ("more", "status", "says"),
    [
        (("--until", "yesterday"), 2, "neither a date nor an instant"),
        (("--until", "2098-01-01T00:00:00"), 2, "has no zone"),
        (("--until", "2001-01-01"), 1, "would end before it begins"),
        (("--role", "king"), 1, "there is no role 'king'"),
        (("--agency", "nobody"), 1, "there is no agency 'nobody'"),
    ],
)
def test_a_wrong_officer_is_refused(
    entrevue: Entrevue, host: tuple[str, str], more: tuple[str, ...], status: int, says: str
) -> None:
    done = add(entrevue, host, *more)
    assert (done.status, done.out) == (status, "")
    assert says in done.one_line_error()


def test_an_agreement_is_proposed_activated_by_the_owners_custodian_and_ended(
    entrevue: Entrevue, host: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, token = tmp_path / "new.toml", tmp_path / "token"
    file.write_text(AGREEMENT)
    token.write_text(json.loads(add(entrevue, host).out)["token"])
    proposed = entrevue("agreement", "apply", str(file), *host, "--json")
    assert json.loads(proposed.out)["agreements"][0]["state"] == "proposed"

    monkeypatch.delenv("ENTREVUE_TOKEN")
    unsigned = entrevue("agreement", "activate", "rail-police", *host)
    assert unsigned.status == 1
    assert "--token-file" in unsigned.one_line_error()

    active = entrevue("agreement", "activate", "rail-police", *host, "--token-file", str(token), "--json")
    assert json.loads(active.out)["state"] == "active"
    assert "rail-police" in entrevue("agreement", "list", *host).out
    ended = entrevue("agreement", "end", "rail-police", *host, "--token-file", str(token), "--json")
    assert json.loads(ended.out)["state"] == "ended"
    again = entrevue("agreement", "activate", "rail-police", *host, "--token-file", str(token))
    assert again.status == 1
    again.one_line_error()


def test_nobody_but_a_custodian_of_the_owner_activates(
    entrevue: Entrevue, host: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "new.toml").write_text(AGREEMENT)
    entrevue("agreement", "apply", str(tmp_path / "new.toml"), *host)
    partner = add(entrevue, host, "--agency", "police")
    auditor = add(entrevue, host, role="auditor")
    for other in (partner, auditor):
        monkeypatch.setenv("ENTREVUE_TOKEN", json.loads(other.out)["token"])
        done = entrevue("agreement", "activate", "rail-police", *host)
        assert done.status == 1
        done.one_line_error()
    assert "proposed" in entrevue("agreement", "list", *host).out


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nonsense", "is not TOML"),
        ("", "has no [[agreement]]"),
        (AGREEMENT.replace('"locate"', '"fly"'), "agreement"),
        (AGREEMENT.replace("rail", "nobody"), "nobody"),
    ],
)
def test_a_wrong_agreement_file_is_refused(
    entrevue: Entrevue, host: tuple[str, str], tmp_path: Path, text: str, says: str
) -> None:
    (tmp_path / "new.toml").write_text(text)
    done = entrevue("agreement", "apply", str(tmp_path / "new.toml"), *host)
    assert done.status in (1, 2)
    assert says in done.one_line_error()


def test_an_officer_who_is_revoked_has_no_token_left(entrevue: Entrevue, host: tuple[str, str]) -> None:
    added = json.loads(add(entrevue, host).out)
    assert json.loads(entrevue("officer", "revoke", added["id"], *host, "--json").out) == {"revoked": 1}
    done = entrevue("officer", "revoke", "nobody", *host)
    assert done.status == 1
    assert "not_found" in done.one_line_error()


def test_the_log_is_exported_oldest_first_as_json_lines(entrevue: Entrevue, host: tuple[str, str]) -> None:
    added = json.loads(add(entrevue, host).out)
    done = entrevue("audit", "export", *host, "--json")
    entries = [json.loads(line) for line in done.out.splitlines()]
    assert [entry["sequence"] for entry in entries] == sorted(entry["sequence"] for entry in entries)
    assert any(e["action"] == "add_officer" and added["id"] in e["objects"] for e in entries)
    assert added["token"] not in done.out
    assert "add_officer" in entrevue("audit", "export", *host, "--agency", "rail").out
    assert "add_officer" not in entrevue("audit", "export", *host, "--agency", "police").out


def test_ingest_once_prints_what_was_found_and_rejected(entrevue: Entrevue, host: tuple[str, str]) -> None:
    done = entrevue("ingest", *host, "--once")
    assert (done.status, done.err) == (0, "")
    lines = [line.split() for line in done.out.splitlines()]
    assert lines[1][:3] == ["rail-list", "1", "1"]
    assert any("row 3" in line for line in done.out.splitlines())
    (report,) = json.loads(entrevue("ingest", *host, "--once", "--json").out)["networks"]
    assert (report["found"], report["rejected"]) == (1, 1)


def test_ingest_of_an_unknown_network_is_refused(entrevue: Entrevue, host: tuple[str, str]) -> None:
    done = entrevue("ingest", *host, "--network", "nowhere")
    assert done.status == 1
    assert "known: rail-list" in done.one_line_error()


def test_a_network_that_fails_is_status_1(entrevue: Entrevue, host: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "cameras.csv").unlink()
    done = entrevue("ingest", *host, "--once")
    assert done.status == 1
    assert "rail-list" in done.one_line_error()


@pytest.mark.parametrize("command", [("worker",), ("ingest",)])
def test_without_a_broker_there_is_nothing_to_join(
    entrevue: Entrevue, host: tuple[str, str], command: tuple[str, ...]
) -> None:
    done = entrevue(*command, *host)
    assert done.status == 1
    assert "no broker runs" in done.one_line_error()


def test_doctor_finds_a_sound_set_up_sound(entrevue: Entrevue, host: tuple[str, str]) -> None:
    done = entrevue("doctor", *host)
    assert (done.status, done.err) == (0, "")
    assert "1 cameras, 1 rejected" in done.out
    assert all(finding["ok"] for finding in json.loads(entrevue("doctor", *host, "--json").out)["findings"])


@pytest.mark.parametrize(("days", "says"), [(-1, "ended on"), (100, "ends on"), (200, None)])
def test_doctor_says_when_an_authorisation_ends(
    entrevue: Entrevue, host: tuple[str, str], tmp_path: Path, days: int, says: str | None
) -> None:
    until = (datetime.now(UTC) + timedelta(days=days)).date()
    authorisation = f'id = "rail-list"\nauthorisation = "2026-1"\nauthorised_until = {until}\n'
    (tmp_path / "entrevue.toml").write_text(CONFIGURATION.replace('id = "rail-list"\n', authorisation))
    found = json.loads(entrevue("doctor", *host, "--json").out)["findings"]
    (finding,) = [each for each in found if each["subject"] == "authorisation of rail-list"]
    assert finding["ok"] is (says is None)
    assert says is None or f"2026-1 {says} {until}" in finding["says"]


def test_doctor_tries_each_vault(entrevue: Entrevue, host: tuple[str, str], tmp_path: Path) -> None:
    file = tmp_path / "entrevue.toml"
    broker = f'[broker]\nstorage_url = "file://{tmp_path}/own"\n'
    rail = f'id = "rail"\nvault_url = "file://{tmp_path}/theirs"\n'
    file.write_text(CONFIGURATION.replace("[broker]\n", broker).replace('id = "rail"\n', rail, 1))
    said = entrevue("doctor", *host, "--json").out
    found = {finding["subject"]: finding["ok"] for finding in json.loads(said)["findings"]}
    assert (found["vault"], found["vault of rail"]) == (True, True)
    (tmp_path / "theirs" / "doctor").rmdir()
    (tmp_path / "theirs" / "doctor").write_text("in the way")
    done = entrevue("doctor", *host)
    assert done.status == 1
    assert "vault of rail: vault_unavailable: the vault does not answer" in done.one_line_error()


def test_doctor_names_what_is_wrong(entrevue: Entrevue, host: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "cameras.csv").unlink()
    (tmp_path / "data").mkdir(mode=0o755)
    done = entrevue("doctor", *host)
    assert done.status == 1
    assert "chmod 700" in done.out
    assert "2 of 5 checks failed" in done.one_line_error()
    assert entrevue("doctor", *host, "--network", "nowhere").status == 1


SETUPS = {
    "not TOML": "= nonsense",
    "unknown key": "[brokers]\n",
    "unknown agency": CONFIGURATION.replace('agency = "rail"', 'agency = "nobody"'),
    "defined twice": CONFIGURATION + '[[agency]]\nid = "rail"\nname = "Again"\n',
}


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("doctor",), ("agency", "list"), ("worker",)])
@pytest.mark.parametrize("wrong", SETUPS)
def test_a_wrong_configuration_is_one_line(
    entrevue: Entrevue, tmp_path: Path, command: tuple[str, ...], wrong: str
) -> None:
    (tmp_path / "wrong.toml").write_text(SETUPS[wrong])
    done = entrevue(*command, "--config", str(tmp_path / "wrong.toml"))
    assert (done.status, done.out) == (1, "")
    assert wrong in done.one_line_error()


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("agency", "list"), ("audit", "export")])
def test_a_data_folder_that_cannot_be_used_is_one_line(
    entrevue: Entrevue, tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / "file").write_text("")
    done = entrevue(*command, "--data", str(tmp_path / "file" / "data"))
    assert (done.status, done.out) == (1, "")
    assert str(tmp_path / "file" / "data") in done.one_line_error()


def test_a_ledger_that_is_none_is_one_line(entrevue: Entrevue, tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"nonsense" * 1000)
    done = entrevue("agency", "list", "--data", str(tmp_path))
    assert (done.status, done.out) == (1, "")
    assert "ledger.sqlite cannot be opened" in done.one_line_error()


def test_demo_leaves_a_brokers_own_folder_alone(entrevue: Entrevue, host: tuple[str, str]) -> None:
    done = entrevue("demo", "--port", "0", "--data", str(Path(host[1]).parent))
    assert done.status == 1
    assert "--data" in done.one_line_error()
    assert Path(host[1]).read_text() == CONFIGURATION


def test_an_answer_that_is_held_is_confirmed_by_the_host(
    entrevue: Entrevue, host: tuple[str, str], tmp_path: Path, valkey_socket: Path, redis: Redis
) -> None:
    file = tmp_path / "entrevue.toml"
    redis_url = f'[broker]\nredis_url = "unix://{valkey_socket}"'
    file.write_text(CONFIGURATION.replace("[broker]", redis_url))
    rows = [f"{n},Camera {n},48.88,2.35" for n in range(10)]
    (tmp_path / "cameras.csv").write_text("\n".join(["id,name,lat,lon", *rows]) + "\n")
    assert entrevue("ingest", *host, "--once").status == 0
    (tmp_path / "cameras.csv").write_text("\n".join(["id,name,lat,lon", *rows[:4]]) + "\n")
    held = entrevue("ingest", *host, "--once")
    assert held.status == 1
    assert "listed 4 of 10 known cameras" in held.one_line_error()
    assert entrevue("ingest", *host, "--confirm").status == 2
    done = entrevue("ingest", *host, "--network", "rail-list", "--confirm", "--json")
    assert (done.status, done.err) == (0, "")
    (report,) = json.loads(done.out)["networks"]
    assert (report["found"], report["vanished"], report["held"]) == (4, 6, None)
    again = entrevue("ingest", *host, "--network", "rail-list", "--confirm")
    assert again.status == 1
    assert "waits for confirmation" in again.one_line_error()


def test_ingest_once_prints_the_breaker_and_bad_records_with_their_number_and_since_when(
    entrevue: Entrevue, host: tuple[str, str]
) -> None:
    done = entrevue("ingest", *host, "--once")
    lines = [line for line in done.out.splitlines() if line.strip()]
    assert "closed" in lines[1]
    (bad,) = [line for line in lines if "row 3" in line]
    assert "lat 188" in bad
    assert "Z" in bad


def test_the_register_of_a_month_is_a_table_or_a_page(entrevue: Entrevue, host: tuple[str, str]) -> None:
    asked = ("register", *host, "--agency", "rail", "--month", "2026-06")
    assert entrevue(*asked).out.startswith("at,event,what,network,authorisation")
    assert "Registre des enregistrements" in entrevue(*asked, "--html").out
    assert json.loads(entrevue(*asked, "--json").out)["lines"] == []
    wrong = entrevue("register", *host, "--agency", "rail", "--month", "June")
    assert "'June' is no month" in wrong.one_line_error()
