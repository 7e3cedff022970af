"""`entrevue officer`: the first administrator once, and what officers sign in with, on a real ledger."""

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
[[identity_provider]]
id = "ministry"
name = "Ministry"
issuer = "https://login.test"
client_id = "entrevue"
agency = "rail"
"""
PERSON = ("--agency", "rail", "--name", "Test officer", "--service", "Tests", "--number", "T-1")


@pytest.fixture
def host(tmp_path: Path) -> tuple[str, str]:
    (tmp_path / "entrevue.toml").write_text(CONFIGURATION)
    return ("--config", str(tmp_path / "entrevue.toml"))


def told(done: Done) -> Any:
    assert done.status == 0, done.err
    return json.loads(done.out)


def added(entrevue: Entrevue, host: tuple[str, str]) -> str:
    return str(told(entrevue("officer", "add", *host, *PERSON, "--role", "operator"))["id"])


def test_the_first_administrator_is_made_once(entrevue: Entrevue, host: tuple[str, str]) -> None:
    first = told(entrevue("officer", "first", *host, *PERSON))
    assert first["token"].startswith("ent_")
    (officer,) = told(entrevue("officer", "list", *host, "--json"))["officers"]
    assert (officer["id"], officer["roles"]) == (first["id"], ["administrator"])
    again = entrevue("officer", "first", *host, *PERSON)
    assert (again.status, again.out) == (1, "")
    assert again.one_line_error().startswith("state_conflict: there is an administrator already")


def test_other_officers_are_no_administrators_and_one_whose_time_is_over_is_none(
    entrevue: Entrevue, host: tuple[str, str]
) -> None:
    added(entrevue, host)
    first = told(entrevue("officer", "first", *host, *PERSON))["id"]
    (designation,) = told(entrevue("officer", "designation", "list", first, *host, "--json"))["designations"]
    entrevue("officer", "designation", "end", first, designation["id"], *host)
    assert entrevue("officer", "first", *host, *PERSON).status == 0


def test_designations_are_added_listed_and_ended(entrevue: Entrevue, host: tuple[str, str]) -> None:
    officer = added(entrevue, host)
    period = ("--from", "2099-01-01", "--until", "2099-12-31")
    new = told(entrevue("officer", "designation", "add", officer, *period, *host, "--json"))
    assert (new["designated_by"], new["from"]) == ("host", "2099-01-01T00:00:00Z")
    assert new["until"].startswith("2099-12-31T23:59:59")
    assert new["id"] in entrevue("officer", "designation", "list", officer, *host).out
    ended = told(entrevue("officer", "designation", "end", officer, new["id"], *host, "--json"))
    assert (ended["until"], ended["ended_by"]) == ("2099-01-01T00:00:00Z", "host")
    assert "host" in entrevue("officer", "designation", "list", officer, *host).out


def test_a_token_is_made_for_its_scopes_listed_and_revoked_alone(
    entrevue: Entrevue, host: tuple[str, str]
) -> None:
    officer = added(entrevue, host)
    made = told(
        entrevue("officer", "token", "add", officer, "--name", "map", "--scope", "search,snapshots", *host)
    )
    assert (made["name"], made["scopes"]) == ("map", ["search", "snapshots"])
    assert made["token"].startswith("ent_")
    listed = entrevue("officer", "token", "list", officer, *host)
    assert "search,snapshots" in listed.out
    assert made["token"] not in listed.out
    assert entrevue("officer", "token", "revoke", officer, made["id"], *host).status == 0
    left = told(entrevue("officer", "token", "list", officer, *host, "--json"))["tokens"]
    assert [token["scopes"] for token in left] == [None]
    assert entrevue("officer", "token", "revoke", officer, made["id"], *host, "--json").status == 1


@pytest.mark.parametrize(
    ("more", "status", "says"),
    [
        (("--scope", "everything"), 2, "no scope 'everything'"),
        (("--scope", "admin"), 1, "invalid"),
        (("--until", "2020-01-01"), 1, "invalid"),
        (("--until", "soon"), 2, "neither a date nor an instant"),
        (("--until", "2099-01-01T00:00:00"), 2, "no zone"),
    ],
)
def test_a_token_that_makes_no_sense_is_refused(
    entrevue: Entrevue, host: tuple[str, str], more: tuple[str, ...], status: int, says: str
) -> None:
    done = entrevue("officer", "token", "add", added(entrevue, host), *more, *host)
    assert (done.status, done.out) == (status, "")
    assert says in done.one_line_error()


def test_an_account_gets_a_code_and_a_person_of_a_provider_is_bound_once(
    entrevue: Entrevue, host: tuple[str, str]
) -> None:
    officer = added(entrevue, host)
    issued = told(entrevue("officer", "account", officer, "--username", " Test.Rail ", *host))
    assert issued["username"] == "test.rail"
    assert issued["code"].startswith("enc_")
    person = ("--provider", "ministry", "--subject", "u-1")
    assert entrevue("officer", "bind", officer, *person, *host).status == 0
    assert "state_conflict" in entrevue("officer", "bind", officer, *person, *host, "--json").one_line_error()
    elsewhere = ("--provider", "elsewhere", "--subject", "u-1")
    assert "not_found" in entrevue("officer", "bind", officer, *elsewhere, *host).one_line_error()


@pytest.mark.parametrize(
    "command",
    [
        ("token", "add", "off_none"),
        ("token", "list", "off_none"),
        ("token", "revoke", "off_none", "tok_none"),
        ("designation", "add", "off_none"),
        ("designation", "list", "off_none"),
        ("designation", "end", "off_none", "des_none"),
        ("account", "off_none", "--username", "x"),
        ("bind", "off_none", "--provider", "ministry", "--subject", "x"),
    ],
    ids=" ".join,
)
def test_an_officer_who_is_not_there_is_told_as_that(
    entrevue: Entrevue, host: tuple[str, str], command: tuple[str, ...]
) -> None:
    done = entrevue("officer", *command, *host)
    assert (done.status, done.one_line_error()) == (1, "not_found: there is no officer off_none")
