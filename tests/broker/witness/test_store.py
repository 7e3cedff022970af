"""A witness's folder: one at a time, one name and log, private, refused where anything is not as it was."""

import json
from pathlib import Path
from typing import Any

import pytest

from broker.errors import SetupProblem
from broker.transparency.notes import KeyKind, new_key
from broker.witness.models import Refused
from broker.witness.service import Witness
from broker.witness.store import KEY, STATE, opened
from tests.broker.witness.logs import ORIGIN, ScriptedLog
from tests.world import StandingClock

NAME = "rail.test/witness"


@pytest.fixture
def log() -> ScriptedLog:
    return ScriptedLog(leaves=[b"a", b"b", b"c"])


def test_a_witness_goes_on_where_it_ended(tmp_path: Path, log: ScriptedLog) -> None:
    with opened(tmp_path, NAME, log.vkey) as folder:
        Witness(folder, log, StandingClock()).round()
        key = folder.key.verifier
    log.leaves[0] = b"changed"
    with opened(tmp_path, None, None) as folder:
        assert folder.key.verifier == key
        with pytest.raises(Refused):
            Witness(folder, log, StandingClock()).round()


def test_two_witnesses_never_share_a_folder(tmp_path: Path, log: ScriptedLog) -> None:
    with (
        opened(tmp_path, NAME, log.vkey),
        pytest.raises(SetupProblem, match="another witness runs"),
        opened(tmp_path, NAME, log.vkey),
    ):
        pass


def test_files_are_its_owners_alone(tmp_path: Path, log: ScriptedLog) -> None:
    with opened(tmp_path / "w", NAME, log.vkey):
        modes = {file.name: file.stat().st_mode & 0o777 for file in (tmp_path / "w").iterdir()}
    assert modes == {KEY: 0o600, STATE: 0o600, "lock": 0o600}
    assert (tmp_path / "w").stat().st_mode & 0o777 == 0o700


def _state(folder: Path, **changes: Any) -> None:
    body = json.loads((folder / STATE).read_text())
    (folder / STATE).write_text(json.dumps(body | changes))


DAMAGE: dict[str, Any] = {
    "no state": lambda folder: (folder / STATE).unlink(),
    "an empty state": lambda folder: (folder / STATE).write_text(""),
    "half a state": lambda folder: (folder / STATE).write_text((folder / STATE).read_text()[:50]),
    "another log's state": lambda folder: _state(folder, log="x"),
    "a changed note": lambda folder: _state(
        folder, recent=[json.loads((folder / STATE).read_text())["recent"][0].replace("\n3\n", "\n4\n")]
    ),
    "a note twice": lambda folder: _state(
        folder, recent=json.loads((folder / STATE).read_text())["recent"] * 2
    ),
    "a note without our line": lambda folder: _state(
        folder, recent=[json.loads((folder / STATE).read_text())["recent"][0].rpartition("\n— ")[0] + "\n"]
    ),
    "no key": lambda folder: (folder / KEY).unlink(),
    "another key": lambda folder: (folder / KEY).write_bytes(new_key(NAME, KeyKind.COSIGNATURE).pem()),
    "no key at all": lambda folder: (folder / KEY).write_text("nonsense"),
    "a key open to others": lambda folder: (folder / KEY).chmod(0o644),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_folder_is_refused_and_stays_as_it_is(tmp_path: Path, log: ScriptedLog, what: str) -> None:
    with opened(tmp_path, NAME, log.vkey) as folder:
        Witness(folder, log, StandingClock()).round()
    DAMAGE[what](tmp_path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()}
    with (
        pytest.raises(SetupProblem, match=r"restore it from a backup|chmod 600|cannot be used"),
        opened(tmp_path, NAME, log.vkey),
    ):
        pass
    assert before == {file.name: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()}


def test_a_beginning_needs_a_name_and_the_logs_key(tmp_path: Path, log: ScriptedLog) -> None:
    for name, key in ((None, log.vkey), (NAME, None), ("two words", log.vkey), ("a+b", log.vkey)):
        with pytest.raises(SetupProblem), opened(tmp_path, name, key):
            pass
        assert not (tmp_path / STATE).exists()


def test_a_folder_belongs_to_one_name_and_one_log(tmp_path: Path, log: ScriptedLog) -> None:
    with opened(tmp_path, NAME, log.vkey):
        pass
    with pytest.raises(SetupProblem, match="another folder"), opened(tmp_path, "metro.test/witness", None):
        pass
    with (
        pytest.raises(SetupProblem, match="needs a witness of its own"),
        opened(tmp_path, NAME, new_key(ORIGIN, KeyKind.NOTE).verifier),
    ):
        pass


def test_a_beginning_that_was_cut_off_goes_on(tmp_path: Path, log: ScriptedLog) -> None:
    with opened(tmp_path, NAME, log.vkey):
        pass
    for key_is_there in (True, False):
        _state(tmp_path, key=None)
        if not key_is_there:
            (tmp_path / KEY).unlink()
        with opened(tmp_path, None, None) as folder:
            assert folder.state.key == folder.key.verifier.text


def test_evidence_that_is_gone_keeps_the_alarm(tmp_path: Path, log: ScriptedLog) -> None:
    with opened(tmp_path, NAME, log.vkey) as folder:
        witness = Witness(folder, log, StandingClock())
        witness.round()
        log.leaves.pop()
        with pytest.raises(Refused) as refused:
            witness.round()
        assert refused.value.evidence is not None
        folder.path_of(refused.value.evidence).unlink()
        with pytest.raises(SetupProblem, match="put it back"):
            witness.round()
    assert len(log.handed) == 1
