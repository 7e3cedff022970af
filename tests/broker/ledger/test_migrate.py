"""Migrations bring a ledger to the tables' shape, once, whole or not at all, whoever starts them."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command, op
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import IntegrityError

from broker.holds.store import PARTS
from broker.ledger.migrate import configuration, migrate
from broker.ledger.schema import metadata
from broker.ledger.sqlite import sqlite_engine

ROWS = {
    "audit_entries": "(sequence, at, operation, action, decision, commitments) VALUES (1, 0, '', '', '', '')",
    "audit_parts": "(sequence, agency, salt, content) VALUES (1, 'rail', '', '')",
    "log_checkpoints": "(size, at, note) VALUES (1, 0, '')",
}


def schema(file: Path) -> list[tuple[str, ...]]:
    connection = sqlite3.connect(file)
    found = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()
    connection.close()
    return found


def test_a_fresh_ledger_has_the_shape_of_the_tables(ledger_file: Path) -> None:
    engine = sqlite_engine(ledger_file, read_only=True)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_the_comparison_notices_a_missing_column(ledger_file: Path) -> None:
    changed = sqlite3.connect(ledger_file)
    changed.execute("ALTER TABLE agencies DROP COLUMN name")
    changed.close()
    engine = sqlite_engine(ledger_file, read_only=True)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata)
    engine.dispose()


def test_migrating_again_changes_nothing(ledger_file: Path) -> None:
    before = schema(ledger_file)
    migrate(ledger_file)
    assert schema(ledger_file) == before


def test_there_is_one_line_of_migrations(ledger_file: Path) -> None:
    engine = sqlite_engine(ledger_file, read_only=True)
    assert len(ScriptDirectory.from_config(configuration(engine)).get_heads()) == 1
    engine.dispose()


def test_several_processes_may_start_at_once(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    program = "import sys, pathlib, broker.ledger.migrate as m; m.migrate(pathlib.Path(sys.argv[1]))"
    started = [
        subprocess.Popen([sys.executable, "-c", program, str(file)], stderr=subprocess.PIPE) for _ in range(3)
    ]
    ended = [(process.communicate(timeout=60)[1], process.returncode) for process in started]
    assert ended == [(b"", 0)] * 3
    connection = sqlite3.connect(file)
    assert connection.execute("SELECT version FROM policy_version").fetchall() == [(1,)]
    connection.close()


def test_a_migration_that_fails_on_the_way_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "ledger.sqlite"

    def broken(_statement: str) -> None:
        raise OSError("the machine went down")

    with monkeypatch.context() as patched:
        patched.setattr(op, "execute", broken)
        with pytest.raises(OSError, match="went down"):
            migrate(file)
    assert schema(file) == []
    migrate(file)
    assert schema(file)


def test_what_an_older_ledger_holds_is_there_after_every_later_migration(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    engine = sqlite_engine(file, read_only=False)
    command.upgrade(configuration(engine), "0001")
    engine.dispose()
    older = sqlite3.connect(file)
    older.execute("INSERT INTO agencies VALUES ('rail', 'Railway')")
    older.execute("INSERT INTO officers VALUES ('off_1', 'rail', 'Test', 'Tests', 'T-1', '[]', 0)")
    older.execute(
        "INSERT INTO requests (id, version, agency, officer_id, requester, case_ref, purpose, basis_kind,"
        " basis_reference, reason, submitted_at, state, attempts, due_at)"
        " VALUES ('req_1', 7, 'rail', 'off_1', '{}', 'PV', 'test', 'customs', 'C-1', 'Theft', 0, 'pending', 0, 0)"
    )
    held = '[{"start": "2026-06-15T12:00:00Z", "end": "2026-06-15T12:05:00Z"}]'
    for hold, handle in (("hold_1", "h-1"), ("hold_2", None)):
        older.execute(
            "INSERT INTO holds (id, camera_id, camera, network, owner, agency, officer_id, purpose, judicial, reason,"
            " interval_start, interval_end, ordered_at, state, how, handle, held, attempts, due_at)"
            " VALUES (?, 'n:1', '{}', 'n', 'rail', 'rail', 'off_1', 'test', 0, 'Seen', 0, 9, 0, 'held', 'native',"
            " ?, ?, 0, 0)",
            (hold, handle, held),
        )
    older.commit()
    older.close()
    migrate(file)
    newer = sqlite3.connect(file)
    assert newer.execute("SELECT id, reason, state, state_reason FROM requests").fetchall() == [
        ("req_1", "Theft", "pending", None)
    ]
    parts = dict(newer.execute("SELECT id, parts FROM holds").fetchall())
    (part,) = PARTS.validate_json(parts["hold_1"])
    assert (part.handle, part.how, str(part.held[0])) == (
        "h-1",
        "native",
        "2026-06-15T12:00:00Z/2026-06-15T12:05:00Z",
    )
    assert PARTS.validate_json(parts["hold_2"]) == ()
    newer.close()


def test_nothing_can_be_taken_back_to_an_older_shape(ledger_file: Path) -> None:
    engine = sqlite_engine(ledger_file, read_only=False)
    with pytest.raises(AttributeError):
        command.downgrade(configuration(engine), "base")
    engine.dispose()


@pytest.mark.parametrize("table", sorted(ROWS))
@pytest.mark.parametrize(
    "change", ["UPDATE {} SET {} = 'other'", "UPDATE {} SET {} = {}", "DELETE FROM {}", "REPLACE INTO {} {}"]
)
def test_the_log_refuses_to_be_changed(ledger_file: Path, table: str, change: str) -> None:
    engine = sqlite_engine(ledger_file, read_only=False)
    values = ROWS[table]
    with engine.begin() as connection:
        connection.exec_driver_sql(f"INSERT INTO {table} {values}")
        before = connection.exec_driver_sql(f"SELECT * FROM {table}").all()  # noqa: S608
    text = {"audit_entries": "action", "audit_parts": "content", "log_checkpoints": "note"}[table]
    what = values.replace("''", "'other'") if change.startswith("REPLACE") else text
    with pytest.raises(IntegrityError, match="append-only"), engine.begin() as connection:
        connection.exec_driver_sql(change.format(table, what, what))
    with engine.connect() as connection:
        assert connection.exec_driver_sql(f"SELECT * FROM {table}").all() == before  # noqa: S608
    engine.dispose()


def test_who_acted_can_be_erased_and_not_be_another(ledger_file: Path) -> None:
    engine = sqlite_engine(ledger_file, read_only=False)
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO audit_people VALUES (1, 0, '', ''), (2, 0, '', '')")
    with pytest.raises(IntegrityError, match="append-only"), engine.begin() as connection:
        connection.exec_driver_sql("UPDATE audit_people SET content = 'other'")
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM audit_people WHERE sequence = 1")
        assert connection.exec_driver_sql("SELECT sequence, content FROM audit_people").all() == [(2, "")]
    engine.dispose()
