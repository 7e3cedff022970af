"""Whatever is done to a log's database is found, told for what it is, and located."""

import sqlite3
from pathlib import Path

import pytest

from broker.audit.verification.models import KeptNote
from tests.broker.audit.verification.conftest import Tampered, check
from tests.broker.audit.verification.logs import WrittenLog
from tests.broker.transparency import trees


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
    tampered.do(f"UPDATE audit_entries SET {change} WHERE sequence = ?", sequence)  # noqa: S608
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
        tampered.do(f"UPDATE {table} SET sequence = -sequence - ? WHERE sequence >= ?", by, first)  # noqa: S608
        tampered.do(f"UPDATE {table} SET sequence = -sequence WHERE sequence < 0")  # noqa: S608


def _delete(tampered: Tampered, where: str) -> None:
    for table in ("audit_entries", "audit_people", "audit_parts"):
        tampered.db.execute(f"DELETE FROM {table} WHERE {where}")  # noqa: S608


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
        tampered.db.execute(f"UPDATE {table} SET sequence = -sequence WHERE sequence IN (120, 470)")  # noqa: S608
        tampered.db.execute(f"UPDATE {table} SET sequence = 590 + sequence WHERE sequence < 0")  # noqa: S608
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
        "ALTER TABLE loose RENAME TO audit_entries;"
        "INSERT INTO audit_entries SELECT * FROM audit_entries WHERE sequence = 9;"
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
    tampered.do(f"UPDATE audit_parts SET {change} WHERE sequence = ? AND agency = 'rail'", sequence)  # noqa: S608
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
        "INSERT INTO audit_parts SELECT 5, 'other', salt, content, request_id "
        "FROM audit_parts WHERE sequence = 400 LIMIT 1"
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
    tampered.do(f"UPDATE audit_people SET {change} WHERE sequence = ?", sequence)  # noqa: S608
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
