"""Whatever is done to a log's database is found, told for what it is, and located."""

import sqlite3
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from broker.audit import notes
from broker.audit.notes import Checkpoint, KeyKind, SigningKey
from broker.audit.verification.models import KeptNote
from tests.broker.audit import trees
from tests.broker.audit.verification.conftest import Tampered, check
from tests.broker.audit.verification.logs import LOG_KEY, RAIL_WITNESS, START, WrittenLog, microseconds

ENTRY = ("at", "agency", "operation", "action", "decision", "purpose", "commitments")


def test_a_log_that_nobody_touched_is_whole(tampered: Tampered) -> None:
    whole = tampered.check(*(KeptNote("kept.txt", note) for note in tampered.notes.values()))
    assert whole.ok
    assert (whole.entries, whole.covered, whole.checkpoints) == (700, 690, 4)
    assert [(w.witness, w.cosigned, w.newest_size) for w in whole.witnesses] == [
        ("metro.example/witness", 4, 690),
        ("rail.example/witness", 4, 690),
    ]


def test_an_empty_log_is_whole(tmp_path: Path) -> None:
    log = WrittenLog(tmp_path / "ledger.sqlite")
    assert check(tmp_path / "ledger.sqlite").ok
    log.seal()
    assert check(tmp_path / "ledger.sqlite").ok
    log.db.close()


@pytest.mark.parametrize(
    "change",
    [
        "at = at + 1",
        "agency = 'metro'",
        "agency = NULL",
        "operation = 'alteration'",
        "action = 'look'",
        "decision = 'denied'",
        "purpose = 'test'",
        "purpose = NULL",
        "commitments = replace(commitments, ',', ', ')",
        "commitments = upper(commitments)",
        "commitments = '[]'",
        "commitments = 'x'",
        "at = 'now'",
        "at = 99999999999999999",
        "action = x'00'",
    ],
)
def test_a_changed_entry_is_found_at_its_number(tampered: Tampered, change: str) -> None:
    (sequence,) = tampered.db.execute(
        "SELECT sequence FROM audit_entries WHERE agency = 'police' AND sequence > 350 LIMIT 1"
    ).fetchone()
    tampered.do(f"UPDATE audit_entries SET {change} WHERE sequence = ?", sequence)
    assert ("changed_entry", sequence, sequence) in tampered.found()
    assert all(first == last == sequence for _, first, last in tampered.found())


def test_a_changed_entry_is_located_even_where_its_tiles_were_made_to_fit(tampered: Tampered) -> None:
    """Whoever rewrites entry and tiles lacks the key: the next signed root tells between which two it happened."""
    tampered.do("UPDATE audit_entries SET action = 'look' WHERE sequence = 350")
    leaves = _leaves(tampered)
    for n in range(3):
        hashes = b"".join(trees.leaf(data) for data in leaves[n * 256 : min(690, (n + 1) * 256)])
        tampered.do("UPDATE log_tiles SET hashes = ? WHERE level = 0 AND n = ?", hashes, n)
    assert ("forked", 301, 690) in tampered.found()


def _leaves(tampered: Tampered) -> list[bytes]:
    """Leaf data of the entries as they now lie there."""
    import_rows = tampered.db.execute("SELECT * FROM audit_entries ORDER BY sequence").fetchall()
    return [_leaf(row) for row in import_rows]


def _leaf(row: tuple[object, ...]) -> bytes:
    sequence, at, agency, operation, action, decision, purpose, commitments = row
    assert isinstance(at, int)
    second = sqlite3.connect(":memory:").execute(
        "SELECT strftime('%Y-%m-%dT%H:%M:%S', ?, 'unixepoch')", (at // 10**6,)
    )
    text = {
        "action": f'"{action}"',
        "agency": "null" if agency is None else f'"{agency}"',
        "at": f'"{second.fetchone()[0]}.{at % 10**6:06d}Z"',
        "commitments": commitments,
        "decision": f'"{decision}"',
        "operation": f'"{operation}"',
        "purpose": "null" if purpose is None else f'"{purpose}"',
        "sequence": sequence,
        "v": 1,
    }
    return ("{" + ",".join(f'"{name}":{value}' for name, value in text.items()) + "}").encode()


def test_removed_entries_are_found_by_their_numbers(tampered: Tampered) -> None:
    tampered.do("DELETE FROM audit_entries WHERE sequence BETWEEN 210 AND 214")
    found = tampered.found()
    assert found[0] == ("removed_entries", 210, 214)
    assert {fault for fault, _, _ in found} == {"removed_entries", "orphan"}


def _renumber(tampered: Tampered, first: int, by: int) -> None:
    for table in ("audit_entries", "audit_people", "audit_parts"):
        tampered.do(f"UPDATE {table} SET sequence = -sequence - ? WHERE sequence >= ?", by, first)
        tampered.do(f"UPDATE {table} SET sequence = -sequence WHERE sequence < 0")


def _delete(tampered: Tampered, where: str) -> None:
    for table in ("audit_entries", "audit_people", "audit_parts"):
        tampered.db.execute(f"DELETE FROM {table} WHERE {where}")


def test_removed_entries_are_found_where_the_others_were_renumbered(tampered: Tampered) -> None:
    _delete(tampered, "sequence IN (210, 211)")
    _renumber(tampered, 212, -2)
    assert ("removed_entries", 210, 211) in tampered.found()


def test_an_inserted_entry_is_found_where_it_stands(tampered: Tampered) -> None:
    _renumber(tampered, 400, 1)
    tampered.do(
        "INSERT INTO audit_entries SELECT 400, at, NULL, operation, action, decision, purpose, '[]' "
        "FROM audit_entries WHERE sequence = 399"
    )
    assert tampered.found() == [("inserted_entries", 400, 400)]


def test_exchanged_entries_are_found_as_reordered(tampered: Tampered) -> None:
    for table in ("audit_entries", "audit_people", "audit_parts"):
        tampered.db.execute(f"UPDATE {table} SET sequence = -sequence WHERE sequence IN (120, 470)")
        tampered.db.execute(f"UPDATE {table} SET sequence = 590 + sequence WHERE sequence < 0")
    found = tampered.found()
    assert ("reordered_entries", 120, 120) in found
    assert ("reordered_entries", 470, 470) in found
    assert {fault for fault, _, _ in found} == {"reordered_entries"}


def test_entries_cut_off_at_the_end_are_found(tampered: Tampered) -> None:
    _delete(tampered, "sequence > 640")
    assert ("truncated", 641, 690) in tampered.found()


def test_a_second_entry_of_one_number_is_found(tampered: Tampered) -> None:
    tampered.db.executescript(
        "CREATE TABLE loose AS SELECT * FROM audit_entries; DROP TABLE audit_entries;"
        "ALTER TABLE loose RENAME TO audit_entries; INSERT INTO audit_entries SELECT * FROM audit_entries WHERE sequence = 9;"
    )
    assert tampered.found() == [("inserted_entries", 9, 9)]


def _part(tampered: Tampered, agency: str) -> int:
    """An entry of an officer of the police that concerns rail too."""
    (sequence,) = tampered.db.execute(
        "SELECT p.sequence FROM audit_parts p JOIN audit_entries e ON e.sequence = p.sequence "
        "WHERE p.agency = ? AND e.agency = 'police' AND p.sequence > 310 AND p.request_id IS NOT NULL LIMIT 1",
        (agency,),
    ).fetchone()
    return int(sequence)


@pytest.mark.parametrize(
    "change",
    [
        "content = replace(content, 'rail-cctv', 'rail-cctw')",
        "content = '{}'",
        "content = 'x'",
        "content = 7",
        "salt = upper(salt) || ''",
        "salt = '00'",
        "request_id = 'req_0'",
        "request_id = NULL",
        "agency = 'metro'",
    ],
)
def test_a_changed_part_is_found_at_its_entry(tampered: Tampered, change: str) -> None:
    sequence = _part(tampered, "rail")
    tampered.do(f"UPDATE audit_parts SET {change} WHERE sequence = ? AND agency = 'rail'", sequence)
    assert tampered.found() == [("changed_part", sequence, sequence)]


@pytest.mark.parametrize("agency", ["rail", "police"])
def test_a_removed_part_is_found_at_its_entry(tampered: Tampered, agency: str) -> None:
    sequence = _part(tampered, "rail")
    tampered.do("DELETE FROM audit_parts WHERE sequence = ? AND agency = ?", sequence, agency)
    assert tampered.found() == [("removed_part", sequence, sequence)]


def test_all_parts_of_an_entry_removed_are_found(tampered: Tampered) -> None:
    (sequence,) = tampered.db.execute(
        "SELECT min(sequence) FROM audit_entries WHERE agency IS NULL"
    ).fetchone()
    tampered.do("DELETE FROM audit_parts WHERE sequence = ?", sequence)
    assert tampered.found() == [("removed_part", sequence, sequence)]


def test_a_part_put_in_is_found(tampered: Tampered) -> None:
    tampered.do(
        "INSERT INTO audit_parts SELECT 5, 'other', salt, content, request_id FROM audit_parts WHERE sequence = 400 LIMIT 1"
    )
    assert tampered.found() == [("changed_part", 5, 5)]


def test_a_part_of_no_entry_is_found(tampered: Tampered) -> None:
    tampered.do(
        "INSERT INTO audit_parts SELECT 900, agency, salt, content, request_id FROM audit_parts WHERE sequence = 400"
    )
    assert tampered.found() == [("orphan", 900, 900)]


@pytest.mark.parametrize(
    "change", ["content = replace(content, 'Claire', 'Clara')", "salt = '00'", "at = at + 1"]
)
def test_a_changed_person_is_found_at_their_entry(tampered: Tampered, change: str) -> None:
    sequence = _part(tampered, "police")
    tampered.do(f"UPDATE audit_people SET {change} WHERE sequence = ?", sequence)
    assert tampered.found() == [("changed_person", sequence, sequence)]


def test_a_person_removed_without_an_erasure_is_found(tampered: Tampered) -> None:
    sequence = _part(tampered, "police")
    tampered.do("DELETE FROM audit_people WHERE sequence = ?", sequence)
    assert tampered.found() == [("removed_person", sequence, sequence)]


def test_erased_people_are_counted_and_no_fault_and_those_since_are(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    log = WrittenLog(file)
    log.fill(40)
    log.write(agency=None, owners=(), action="erase_people", operation="erasure", purpose=None)
    late = log.write()
    log.seal()
    (people,) = log.db.execute("SELECT count(*) FROM audit_people WHERE sequence <= 40").fetchone()
    log.db.execute("DELETE FROM audit_people WHERE sequence <= 40")
    whole = check(file)
    assert whole.ok
    assert whole.erased == people > 10
    log.db.execute("DELETE FROM audit_people")
    assert [(f.fault.value, f.first) for f in check(file).findings] == [("removed_person", late)]
    log.db.close()


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
        rows = db.execute(f"SELECT rowid, {column} FROM {table} WHERE {column} IS NOT NULL").fetchall()
        rowid, value = data.draw(st.sampled_from(rows))
        raw = value.encode() if isinstance(value, str) else value
        if isinstance(raw, bytes):
            place = data.draw(st.integers(0, len(raw) - 1))
            byte = data.draw(st.integers(1, 255))
            changed = bytes([*raw[:place], raw[place] ^ byte, *raw[place + 1 :]])
            put = "CAST(? AS TEXT)" if isinstance(value, str) else "?"
        else:
            changed, put = raw ^ data.draw(st.sampled_from([1 << bit for bit in range(50)])), "?"
        db.execute(f"UPDATE OR REPLACE {table} SET {column} = {put} WHERE rowid = ?", (changed, rowid))
        try:
            assert not check(small).ok
        finally:
            db.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (value, rowid))
    db.close()


def test_the_log_of_that_property_is_whole_when_nothing_is_changed(small: Path) -> None:
    assert check(small).ok
