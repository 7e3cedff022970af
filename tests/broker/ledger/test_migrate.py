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

from broker.ledger.engine import sqlite_engine
from broker.ledger.migrate import configuration, migrate
from broker.ledger.tables import metadata

LOG = "INSERT INTO audit_entries (at, operation, action, decision, objects, owners) VALUES (0,'','','','[]','[]')"


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
    older.commit()
    older.close()
    migrate(file)
    newer = sqlite3.connect(file)
    assert newer.execute("SELECT id, reason, state, state_reason FROM requests").fetchall() == [
        ("req_1", "Theft", "pending", None)
    ]
    newer.close()


def test_nothing_can_be_taken_back_to_an_older_shape(ledger_file: Path) -> None:
    engine = sqlite_engine(ledger_file, read_only=False)
    with pytest.raises(AttributeError):
        command.downgrade(configuration(engine), "base")
    engine.dispose()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_entries SET action = 'other'",
        "DELETE FROM audit_entries",
        "UPDATE audit_entries SET at = at",
    ],
)
def test_the_log_refuses_to_be_changed(ledger_file: Path, change: str) -> None:
    engine = sqlite_engine(ledger_file, read_only=False)
    with engine.begin() as connection:
        connection.exec_driver_sql(LOG)
    with pytest.raises(IntegrityError, match="append-only"), engine.begin() as connection:
        connection.exec_driver_sql(change)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT action FROM audit_entries").scalars().all() == [""]
    engine.dispose()


def test_replacing_an_entry_is_refused_as_well(ledger_file: Path) -> None:
    engine = sqlite_engine(ledger_file, read_only=False)
    with engine.begin() as connection:
        connection.exec_driver_sql(LOG)
    replace = LOG.replace("INSERT INTO audit_entries (at,", "REPLACE INTO audit_entries (sequence, at,")
    replace = replace.replace("VALUES (0,''", "VALUES (1,0,'changed'")
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.exec_driver_sql(replace)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT operation FROM audit_entries").scalars().all() == [""]
    engine.dispose()
