"""Host commands on a ledger in PostgreSQL, by the setting: officers, the log, and its check."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from broker.audit.tree.keys import open_log_key
from broker.audit.tree.sequencer import Sequencer
from broker.clock import SystemClock
from broker.settings import load_settings
from broker.stores import open_ledger
from tests.broker.cli.commands import Entrevue
from tests.broker.cli.sequenced import ORIGIN, add_officer, host_options
from tests.servers.postgresql import PostgresqlServer


@pytest.fixture
def server() -> Iterator[PostgresqlServer]:
    with tempfile.TemporaryDirectory(prefix="postgresql-") as folder:
        Path(folder).chmod(0o755)
        started = PostgresqlServer(Path(folder))
        yield started
        started.stop()


def sequence(config: Path) -> int:
    """Brings every entry into the tree, as a broker that runs does; how many there are."""
    settings = load_settings(config)

    async def work() -> int:
        key = open_log_key(settings.broker.data / "keys", ORIGIN)
        async with open_ledger(settings) as ledger:
            return await Sequencer(ledger, SystemClock(), key).catch_up()

    return asyncio.run(work())


def in_database(config: Path, url: str) -> None:
    """Says in the configuration where the ledger is."""
    secret = config.with_name("database_url")
    secret.write_text(url)
    config.write_text(
        config.read_text().replace("[broker]", f'[broker]\ndatabase_url = {{ file = "{secret}" }}')
    )


def test_the_doctor_looks_at_the_database(
    entrevue: Entrevue, tmp_path: Path, server: PostgresqlServer
) -> None:
    host = host_options(tmp_path)
    in_database(tmp_path / "entrevue.toml", server.url())
    done = entrevue("doctor", *host)
    assert done.status == 0
    assert "PostgreSQL 1" in done.out
    server.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    (tmp_path / "database_url").write_text(server.url("latin"))
    unsuitable = entrevue("doctor", *host)
    assert unsuitable.status == 1
    assert "does not keep UTF-8" in unsuitable.one_line_error()
    (tmp_path / "database_url").write_text("postgresql://rail:secret@127.0.0.1:1/ledger")
    away = entrevue("doctor", *host)
    assert away.status == 1
    assert "ledger: the ledger postgresql://127.0.0.1:1/ledger cannot be read" in away.one_line_error()
    assert "secret" not in away.err + away.out


def test_the_log_is_written_and_checked_where_the_setting_says(
    entrevue: Entrevue, tmp_path: Path, server: PostgresqlServer
) -> None:
    host = host_options(tmp_path)
    config = tmp_path / "entrevue.toml"
    in_database(config, server.url())
    for name in ("One", "Two"):
        assert add_officer(entrevue, host, name).status == 0
    assert sequence(config) > 0
    assert not (tmp_path / "data" / "ledger.sqlite").exists()
    checked = entrevue("audit", "verify", *host)
    assert checked.status == 0, checked
    with psycopg.connect(server.url()) as changed:
        changed.execute("ALTER TABLE audit_entries DISABLE TRIGGER USER")
        changed.execute("UPDATE audit_entries SET action = 'other' WHERE sequence = 1")
    assert entrevue("audit", "verify", *host).status != 0
