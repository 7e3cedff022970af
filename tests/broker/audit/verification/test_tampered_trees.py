"""Whatever is done to a log's tiles, checkpoints and cosignatures is found; so is any byte changed anywhere."""

import sqlite3
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from broker.audit.verification.models import KeptNote
from broker.transparency import notes
from broker.transparency.notes import Checkpoint, KeyKind, SigningKey
from tests.broker.audit.verification.conftest import Tampered, check
from tests.broker.audit.verification.logs import LOG_KEY, RAIL_WITNESS, START, WrittenLog, microseconds

ENTRY = ("at", "agency", "operation", "action", "decision", "purpose", "commitments")


def test_a_changed_leaf_in_a_tile_is_told_from_a_changed_entry(tampered: Tampered) -> None:
    (blob,) = tampered.db.execute("SELECT hashes FROM log_tiles WHERE level = 0 AND n = 1").fetchone()
    damaged = blob[:32] + bytes(32) + blob[64:]
    tampered.do("UPDATE log_tiles SET hashes = ? WHERE level = 0 AND n = 1", damaged)
    assert tampered.found() == [("changed_tile", 258, 258)]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE log_tiles SET hashes = zeroblob(64) WHERE level = 1", ("changed_tile", 1, 512)),
        ("UPDATE log_tiles SET hashes = x'00' WHERE level = 1", ("changed_tile", 1, 65536)),
        ("UPDATE log_tiles SET hashes = 'x' WHERE level = 1", ("changed_tile", 1, 65536)),
        ("DELETE FROM log_tiles WHERE level = 1", ("changed_tile", 1, 512)),
        ("DELETE FROM log_tiles WHERE level = 0 AND n = 2", ("changed_tile", 513, 768)),
        ("INSERT INTO log_tiles VALUES (0, 3, zeroblob(32))", ("changed_tile", 769, 1024)),
        ("INSERT INTO log_tiles VALUES (2, 0, zeroblob(32))", ("changed_tile", 1, 16777216)),
    ],
)
def test_a_tile_that_does_not_follow_from_the_entries_is_found(
    tampered: Tampered, statement: str, expected: tuple[str, int, int]
) -> None:
    tampered.do(statement)
    assert expected in tampered.found()
    assert {fault for fault, _, _ in tampered.found()} == {"changed_tile"}


def test_a_checkpoint_over_other_entries_is_a_fork(tampered: Tampered) -> None:
    """As a host would sign it that shows one log to one agency and another to the other."""
    other = notes.sign_note(Checkpoint(LOG_KEY.name, 300, bytes(32)).body, [LOG_KEY])
    tampered.do("UPDATE log_checkpoints SET note = ? WHERE size = 300", other.text)
    tampered.do("DELETE FROM log_cosignatures WHERE size = 300")
    assert tampered.found() == [("forked", 101, 300)]


def test_a_note_kept_elsewhere_tells_a_fork_that_the_database_hides(tampered: Tampered) -> None:
    other = notes.sign_note(Checkpoint(LOG_KEY.name, 200, bytes(32)).body, [LOG_KEY])
    assert tampered.found(KeptNote("rail.txt", other.text)) == [("forked", 101, 200)]
    (finding,) = tampered.check(KeptNote("rail.txt", other.text)).findings
    assert "rail.txt" in finding.sentence


def test_a_rolled_back_database_is_whole_by_itself_and_found_by_a_note_kept_elsewhere(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    log = WrittenLog(file)
    log.fill(50)
    log.seal()
    log.db.execute("VACUUM INTO ?", (str(tmp_path / "backup.sqlite"),))
    log.fill(30)
    later = log.seal()
    log.db.close()
    assert check(tmp_path / "backup.sqlite").ok
    verdict = check(tmp_path / "backup.sqlite", [KeptNote("rail.txt", later.text)])
    assert [(f.fault.value, f.first, f.last) for f in verdict.findings] == [("rolled_back", 51, 80)]


def test_a_log_written_anew_after_a_roll_back_is_found_by_a_note_kept_elsewhere(tmp_path: Path) -> None:
    log, other = WrittenLog(tmp_path / "one.sqlite", seed=1), WrittenLog(tmp_path / "other.sqlite", seed=2)
    for each in (log, other):
        each.fill(30)
    kept = log.seal()
    other.fill(30)
    other.seal()
    log.db.close()
    other.db.close()
    assert check(tmp_path / "other.sqlite").ok
    verdict = check(tmp_path / "other.sqlite", [KeptNote("rail.txt", kept.text)])
    assert [(f.fault.value, f.first, f.last) for f in verdict.findings] == [("forked", 1, 30)]


def test_a_checkpoint_that_another_key_signed_is_found(tampered: Tampered) -> None:
    thief = SigningKey(LOG_KEY.name, KeyKind.NOTE, Ed25519PrivateKey.generate())
    body = notes.parse_note(tampered.notes[690]).body
    tampered.do("UPDATE log_checkpoints SET note = ? WHERE size = 690", notes.sign_note(body, [thief]).text)
    assert ("bad_checkpoint", None, None) in tampered.found()


def test_a_checkpoint_under_another_size_is_found(tampered: Tampered) -> None:
    tampered.do("UPDATE log_checkpoints SET size = 601 WHERE size = 600")
    assert ("bad_checkpoint", None, None) in tampered.found()


def test_a_checkpoint_of_absurd_size_does_not_keep_the_check_busy(tampered: Tampered) -> None:
    huge = notes.sign_note(Checkpoint(LOG_KEY.name, 2**62, bytes(32)).body, [LOG_KEY])
    tampered.do("INSERT INTO log_checkpoints VALUES (?, 0, ?)", 2**62, huge.text)
    assert ("truncated", 701, 2**62) in tampered.found()


def test_a_log_without_any_checkpoint_is_not_called_whole(tampered: Tampered) -> None:
    tampered.do("DELETE FROM log_checkpoints")
    tampered.do("DELETE FROM log_cosignatures")
    assert ("no_checkpoint", None, None) in tampered.found()


def test_a_cosignature_that_does_not_hold_is_found(tampered: Tampered) -> None:
    other = notes.cosign(notes.parse_note(tampered.notes[600]).body, RAIL_WITNESS, START)
    tampered.do("UPDATE log_cosignatures SET line = ? WHERE size = 690 AND name = ?", other.line, other.name)
    assert tampered.found() == [("bad_cosignature", None, None)]


def test_a_cosignature_of_a_witness_that_nobody_configured_is_counted_and_proves_nothing(
    tampered: Tampered,
) -> None:
    at = microseconds(START)
    tampered.do("INSERT INTO log_cosignatures VALUES (690, 'stranger.example', '— x AAAAAAAA', ?)", at)
    verdict = tampered.check()
    assert verdict.ok
    assert verdict.unknown_cosignatures == 1


@pytest.mark.parametrize("note", ["", "no note", "a\n\n— b AAAAAAAA\n"])
def test_a_kept_note_that_is_none_of_this_log_is_a_fault_of_the_check_s_own(
    tampered: Tampered, note: str
) -> None:
    assert tampered.found(KeptNote("kept.txt", note)) == [("bad_note", None, None)]


HASHED = [
    *(("audit_entries", name) for name in ENTRY),
    ("audit_parts", "salt"),
    ("audit_parts", "content"),
    ("audit_parts", "agency"),
    ("audit_people", "salt"),
    ("audit_people", "content"),
    ("log_tiles", "hashes"),
    ("log_checkpoints", "note"),
    ("log_cosignatures", "line"),
]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("small") / "ledger.sqlite"
    log = WrittenLog(file)
    log.fill(12)
    log.seal(RAIL_WITNESS)
    log.fill(8)
    log.seal(RAIL_WITNESS)
    log.db.close()
    return file


@given(st.data())
@hypothesis_settings(max_examples=150, deadline=None)
def test_any_single_byte_of_any_hashed_column_changed_is_found(small: Path, data: st.DataObject) -> None:
    table, column = data.draw(st.sampled_from(HASHED))
    with sqlite3.connect(small, isolation_level=None) as db:
        rows = db.execute(f"SELECT rowid, {column} FROM {table} WHERE {column} IS NOT NULL").fetchall()  # noqa: S608
        rowid, value = data.draw(st.sampled_from(rows))
        raw = value.encode() if isinstance(value, str) else value
        if isinstance(raw, bytes):
            place = data.draw(st.integers(0, len(raw) - 1))
            byte = data.draw(st.integers(1, 255))
            changed = bytes([*raw[:place], raw[place] ^ byte, *raw[place + 1 :]])
            put = "CAST(? AS TEXT)" if isinstance(value, str) else "?"
        else:
            changed, put = raw ^ data.draw(st.sampled_from([1 << bit for bit in range(50)])), "?"
        db.execute(f"UPDATE OR REPLACE {table} SET {column} = {put} WHERE rowid = ?", (changed, rowid))  # noqa: S608
        try:
            assert not check(small).ok
        finally:
            db.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (value, rowid))  # noqa: S608
    db.close()


def test_the_log_of_that_property_is_whole_when_nothing_is_changed(small: Path) -> None:
    assert check(small).ok
