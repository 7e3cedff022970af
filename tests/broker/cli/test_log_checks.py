"""`entrevue audit verify` on a broker's own ledger: whole, changed, rolled back, with keys kept elsewhere."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from broker.clock import SystemClock
from broker.transparency.notes import KeyKind, new_key, parse_vkey
from broker.witness.service import Witness
from broker.witness.store import opened
from tests.broker.audit.verification.logs import drop_triggers
from tests.broker.cli.commands import Entrevue
from tests.broker.cli.sequenced import add_officer, host_options, sequence
from tests.broker.cli.test_host_commands import AGREEMENT

Options = tuple[str, str]


@pytest.fixture
def host(entrevue: Entrevue, tmp_path: Path) -> Options:
    """A set-up of two officers, all entries in the tree."""
    options = host_options(tmp_path)
    for name in ("First officer", "Second officer"):
        add_officer(entrevue, options, name)
    sequence(tmp_path / "data")
    return options


def keep(entrevue: Entrevue, host: Options, file: Path) -> Path:
    file.write_text(entrevue("audit", "checkpoint", *host).out)
    return file


def change(data: Path, statement: str) -> None:
    with sqlite3.connect(data / "ledger.sqlite") as db:
        drop_triggers(db)
        assert db.execute(statement).rowcount > 0
    db.close()


def test_a_log_that_nobody_touched_is_whole(entrevue: Entrevue, host: Options, tmp_path: Path) -> None:
    done = entrevue("audit", "verify", *host)
    assert (done.status, done.err) == (0, "")
    assert "proven      2 entries are as the log signed them, root " in done.out
    assert "not proven  the log's key is the host's own" in done.out
    assert "not proven  nothing kept elsewhere was compared" in done.out


def test_what_was_kept_elsewhere_anchors_it(entrevue: Entrevue, host: Options, tmp_path: Path) -> None:
    note = keep(entrevue, host, tmp_path / "kept.txt")
    key = tmp_path / "log.vkey"
    key.write_text(entrevue("audit", "checkpoint", "--key", *host).out)
    add_officer(entrevue, host, "Third officer")
    done = entrevue("audit", "verify", "--checkpoint", str(note), "--log-key", str(key), *host)
    assert done.status == 0
    lines = done.out.splitlines()
    assert f"proven      the log continues {note}" in lines
    assert [line for line in lines if line.startswith("not proven")] == [
        "not proven  1 entries are not in the tree yet"
    ]


def test_json_is_the_verdict(entrevue: Entrevue, host: Options) -> None:
    verdict = json.loads(entrevue("audit", "verify", *host, "--json").out)
    assert verdict["ok"] is True
    assert (verdict["entries"], verdict["covered"], verdict["findings"]) == (2, 2, [])


def test_a_changed_entry_is_found_and_the_status_says_so(
    entrevue: Entrevue, host: Options, tmp_path: Path
) -> None:
    change(tmp_path / "data", "UPDATE audit_entries SET action = 'search' WHERE sequence = 2")
    done = entrevue("audit", "verify", *host)
    assert done.status == 1
    assert "FAILED      entry 2: changed" in done.out
    assert "as the log signed them" not in done.out
    assert done.one_line_error() == "the log is not as it was signed: 1 fault"
    verdict = json.loads(entrevue("audit", "verify", *host, "--json").out)
    assert [(f["fault"], f["first"], f["last"]) for f in verdict["findings"]] == [("changed_entry", 2, 2)]


def test_a_database_that_was_rolled_back_is_found_by_a_note_kept_elsewhere(
    entrevue: Entrevue, host: Options, tmp_path: Path
) -> None:
    backup = tmp_path / "backup.sqlite"
    with sqlite3.connect(tmp_path / "data" / "ledger.sqlite") as db:
        db.execute("VACUUM INTO ?", (str(backup),))
    db.close()
    add_officer(entrevue, host, "Third officer")
    sequence(tmp_path / "data")
    note = keep(entrevue, host, tmp_path / "kept.txt")
    for file in (tmp_path / "data").glob("ledger.sqlite*"):
        file.unlink()
    shutil.copy(backup, tmp_path / "data" / "ledger.sqlite")
    assert entrevue("audit", "verify", *host).status == 0
    done = entrevue("audit", "verify", "--checkpoint", str(note), *host)
    assert done.status == 1
    assert f"FAILED      entry 3: gone: {note}, kept elsewhere, covers 3 entries" in done.out


def test_a_key_that_the_host_replaced_is_found_by_the_one_kept_elsewhere(
    entrevue: Entrevue, host: Options, tmp_path: Path
) -> None:
    key = tmp_path / "other.vkey"
    key.write_text(new_key("127.0.0.1:8080/log", KeyKind.NOTE).verifier.text)
    done = entrevue("audit", "verify", "--log-key", str(key), *host)
    assert done.status == 1
    assert "FAILED      the checkpoint of size 2 cannot be used" in done.out


def test_nothing_is_changed_by_checking(entrevue: Entrevue, host: Options, tmp_path: Path) -> None:
    """Not even by a configuration that would propose something new."""
    configuration, file = tmp_path / "entrevue.toml", tmp_path / "data" / "ledger.sqlite"
    configuration.write_text(configuration.read_text() + AGREEMENT)
    before = file.read_bytes()
    assert entrevue("audit", "verify", *host).status == 0
    assert file.read_bytes() == before


@pytest.mark.parametrize("content", ["", "nonsense", "a+b+c"])
def test_a_file_that_is_no_key_is_refused(
    entrevue: Entrevue, host: Options, tmp_path: Path, content: str
) -> None:
    (tmp_path / "key").write_text(content)
    done = entrevue("audit", "verify", "--log-key", str(tmp_path / "key"), *host)
    assert (done.status, done.out) == (2, "")
    assert "is not a vkey" in done.one_line_error()


def test_a_witness_key_is_no_log_key(entrevue: Entrevue, host: Options, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(new_key("rail.example/witness", KeyKind.COSIGNATURE).verifier.text)
    done = entrevue("audit", "verify", "--log-key", str(tmp_path / "key"), *host)
    assert done.status == 2
    assert "of a witness" in done.one_line_error()


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00", b"no note at all", b"x" * 100_000])
def test_a_note_that_is_none_is_a_fault_or_refused(
    entrevue: Entrevue, host: Options, tmp_path: Path, content: bytes | None
) -> None:
    note = tmp_path / "note.txt"
    if content is not None:
        note.write_bytes(content)
    done = entrevue("audit", "verify", "--checkpoint", str(note), *host)
    assert done.status in (1, 2)
    assert done.one_line_error()


def test_no_ledger_no_verdict(entrevue: Entrevue, host: Options, tmp_path: Path) -> None:
    for file in (tmp_path / "data").glob("ledger.sqlite*"):
        file.unlink()
    done = entrevue("audit", "verify", *host)
    assert (done.status, done.out) == (1, "")
    assert "nothing was checked" in done.one_line_error()
    assert not (tmp_path / "data" / "ledger.sqlite").exists()


@pytest.mark.parametrize("content", [b"", b"this is no database" * 500])
def test_a_file_that_is_no_ledger_is_said(
    entrevue: Entrevue, host: Options, tmp_path: Path, content: bytes
) -> None:
    for file in (tmp_path / "data").glob("ledger.sqlite*"):
        file.unlink()
    (tmp_path / "data" / "ledger.sqlite").write_bytes(content)
    done = entrevue("audit", "verify", *host)
    assert done.status == 1
    assert "cannot be read" in done.one_line_error()


def witnessed(entrevue: Entrevue, host: Options, folder: Path) -> Path:
    """What a witness keeps of the log as it is now: its state."""
    key = entrevue("audit", "checkpoint", "--key", *host).out.strip()
    note = entrevue("audit", "checkpoint", *host).out.encode()
    with opened(folder, "metro.test/witness", parse_vkey(key)) as its_own:
        Witness(its_own, ShownLog(note), SystemClock()).round()
    return folder / "state.json"


class ShownLog:
    """Shows one note, and takes whatever is handed in."""

    def __init__(self, note: bytes) -> None:
        self._note = note

    def checkpoint(self) -> bytes:
        return self._note

    to_cosign = checkpoint

    def consistency(self, first: int, second: int) -> list[bytes]:
        raise AssertionError(f"nothing was signed before: {first} to {second}")

    def hand_in(self, note: str) -> None:
        assert note


def test_what_a_witness_signed_anchors_it_too(entrevue: Entrevue, host: Options, tmp_path: Path) -> None:
    state = witnessed(entrevue, host, tmp_path / "metro")
    add_officer(entrevue, host, "Third officer")
    sequence(tmp_path / "data")
    done = entrevue("audit", "verify", "--witness-state", str(state), *host)
    assert done.status == 0
    assert f"proven      the log continues {state} at 2 entries" in done.out.splitlines()
    assert "not proven" not in done.out


def test_a_ledger_from_before_what_a_witness_signed_is_rolled_back(
    entrevue: Entrevue, host: Options, tmp_path: Path
) -> None:
    shutil.copytree(tmp_path / "data", tmp_path / "older")
    add_officer(entrevue, host, "Third officer")
    sequence(tmp_path / "data")
    state = witnessed(entrevue, host, tmp_path / "metro")
    shutil.rmtree(tmp_path / "data")
    shutil.move(tmp_path / "older", tmp_path / "data")
    done = entrevue("audit", "verify", "--witness-state", str(state), *host, "--json")
    assert done.status == 1
    assert {found["fault"] for found in json.loads(done.out)["findings"]} == {"rolled_back"}


@pytest.mark.parametrize("content", ["", "{}", "[1", '{"version": 2}'])
def test_a_state_that_is_none_is_refused(
    entrevue: Entrevue, host: Options, tmp_path: Path, content: str
) -> None:
    (tmp_path / "state.json").write_text(content)
    done = entrevue("audit", "verify", "--witness-state", str(tmp_path / "state.json"), *host)
    assert done.status == 1
    assert "not what a witness keeps" in done.one_line_error()


def test_a_witness_of_another_log_is_a_mistake_of_use(
    entrevue: Entrevue, host: Options, tmp_path: Path
) -> None:
    state = witnessed(entrevue, host, tmp_path / "metro")
    other = tmp_path / "other.vkey"
    other.write_text(new_key("127.0.0.1:8080/log", KeyKind.NOTE).verifier.text)
    done = entrevue("audit", "verify", "--witness-state", str(state), "--log-key", str(other), *host)
    assert done.status == 2
    assert str(state) in done.one_line_error()
