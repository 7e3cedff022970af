"""Host commands on a ledger in PostgreSQL, by the setting: officers, the log, and its check."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from broker.app import open_ledger
from broker.audit.tree.keys import open_log_key
from broker.audit.tree.sequencer import Sequencer
from broker.clock import SystemClock
from broker.settings import load_settings
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


def test_the_log_is_written_and_checked_where_the_setting_says(
    entrevue: Entrevue, tmp_path: Path, server: PostgresqlServer
) -> None:
    host = host_options(tmp_path)
    secret, config = tmp_path / "database_url", tmp_path / "entrevue.toml"
    secret.write_text(server.url())
    config.write_text(
        config.read_text().replace("[broker]", f'[broker]\ndatabase_url = {{ file = "{secret}" }}')
    )
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
