"""The log's key is made once, whoever starts at the same time, and is used only while it is private and whole."""

import subprocess
import sys
from pathlib import Path

import pytest

from broker.audit.tree.keys import FILE, open_log_key, read_log_key, witness_keys
from broker.errors import SetupProblem
from broker.settings.sections import BrokerSettings
from broker.transparency.notes import KeyKind, new_key

ORIGIN = "log.test/log"


def test_a_key_is_made_once_and_found_again(tmp_path: Path) -> None:
    made = open_log_key(tmp_path / "keys", ORIGIN)
    assert made.verifier == open_log_key(tmp_path / "keys", ORIGIN).verifier
    assert (tmp_path / "keys" / FILE).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert [file.name for file in (tmp_path / "keys").iterdir()] == [FILE]


def test_processes_that_start_at_once_get_the_same_key(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib, broker.audit.tree.keys as k;"
        f"print(k.open_log_key(pathlib.Path(sys.argv[1]), {ORIGIN!r}).verifier.text)"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    keys = {process.communicate(timeout=60)[0] for process in started}
    assert len(keys) == 1
    assert keys.pop().startswith(f"{ORIGIN}+")


def test_a_key_that_others_may_read_or_that_is_damaged_is_refused(tmp_path: Path) -> None:
    open_log_key(tmp_path, ORIGIN)
    file = tmp_path / FILE
    file.chmod(0o640)
    with pytest.raises(SetupProblem, match="chmod 600"):
        open_log_key(tmp_path, ORIGIN)
    file.chmod(0o600)
    file.write_text("nonsense")
    with pytest.raises(SetupProblem, match="cannot be used"):
        open_log_key(tmp_path, ORIGIN)
    file.unlink()
    with pytest.raises(SetupProblem, match="made when the broker starts"):
        read_log_key(tmp_path, ORIGIN)


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file")
    with pytest.raises(SetupProblem, match="cannot be opened"):
        open_log_key(tmp_path / "keys", ORIGIN)


@pytest.mark.parametrize(
    ("facts", "origin"),
    [
        ({}, "127.0.0.1:8080/log"),
        ({"public_url": "https://cameras.example"}, "cameras.example/log"),
        ({"public_url": "https://cameras.example:444"}, "cameras.example:444/log"),
        ({"log_origin": "example.org/cameras"}, "example.org/cameras"),
    ],
)
def test_the_origin_is_the_configured_one_or_the_brokers_address(facts: dict[str, str], origin: str) -> None:
    assert BrokerSettings(**facts).origin == origin


@pytest.mark.parametrize("origin", ["", "two words", "plus+plus", "x" * 201, "line\nbreak"])
def test_what_no_key_can_be_called_is_no_origin(origin: str) -> None:
    with pytest.raises(ValueError, match="log_origin"):
        BrokerSettings(log_origin=origin)


def test_witnesses_keys_are_read_and_others_are_refused() -> None:
    rail, metro = (new_key(name, KeyKind.COSIGNATURE).verifier for name in ("w.rail", "w.metro"))
    assert witness_keys([("rail", rail.text), ("town", None), ("metro", metro.text)]) == (rail, metro)
    with pytest.raises(SetupProblem, match=r"agency 'rail': witness: .* is not a vkey"):
        witness_keys([("rail", "nonsense")])
    with pytest.raises(SetupProblem, match="is no witness's"):
        witness_keys([("rail", new_key("w.rail", KeyKind.NOTE).verifier.text)])
    with pytest.raises(SetupProblem, match="of one name"):
        witness_keys([("rail", rail.text), ("metro", new_key("w.rail", KeyKind.COSIGNATURE).verifier.text)])
