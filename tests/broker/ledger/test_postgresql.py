"""The ledger in PostgreSQL: the same shape, log, refusals and outages as in a file; several processes write."""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from broker.audit import store as audit
from broker.audit.models import NewEntry, Operation
from broker.clock import SystemClock
from broker.errors import Problem, SetupProblem
from broker.ledger import tables
from broker.ledger.database import committing, engine_of
from broker.ledger.engine import Ledger
from broker.ledger.log_tables import audit_entries
from broker.ledger.migrate import migrate
from broker.ledger.postgresql import DatabaseUrl
from broker.ledger.schema import metadata
from broker.ledger.writing_process import writing_process
from tests.servers.postgresql import PostgresqlServer


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlServer]:
    with tempfile.TemporaryDirectory(
        prefix="postgresql-"
    ) as folder:  # pytest's own folders are closed to others
        Path(folder).chmod(0o755)
        started = PostgresqlServer(Path(folder))
        yield started
        started.stop()


@pytest.fixture
def url(server: PostgresqlServer) -> DatabaseUrl:
    made = DatabaseUrl.parsed(server.new_database())
    migrate(made)
    return made


@pytest.fixture
def ledger(url: DatabaseUrl) -> Iterator[Ledger]:
    opened = Ledger(url)
    yield opened
    opened.close()


def add(name: str) -> Callable[[Connection], str]:
    def work(connection: Connection) -> str:
        connection.execute(insert(tables.agencies).values(id=name, name=name))
        return name

    return work


def names(connection: Connection) -> list[str]:
    return list(connection.execute(select(tables.agencies.c.id).order_by(tables.agencies.c.id)).scalars())


def test_the_tables_are_those_of_the_metadata(url: DatabaseUrl) -> None:
    engine = engine_of(url, read_only=True)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []
    engine.dispose()


async def test_what_was_written_is_read_in_the_order_of_bytes(ledger: Ledger) -> None:
    for name in ("a-b", "aa", "Z"):
        assert await ledger.write(add(name)) == name
    assert await ledger.read(names) == ["Z", "a-b", "aa"]


async def test_a_reader_is_refused_a_change(ledger: Ledger) -> None:
    with pytest.raises((Problem, DBAPIError)):
        await ledger.read(add("rail"))
    assert await ledger.read(names) == []


async def test_what_fails_changes_nothing(ledger: Ledger) -> None:
    await ledger.write(add("rail"))
    with pytest.raises(IntegrityError):
        await ledger.write(add("rail"))
    assert await ledger.read(names) == ["rail"]


@pytest.mark.parametrize("change", ["UPDATE {} SET sequence = 2", "DELETE FROM {}", "TRUNCATE {}"])
@pytest.mark.parametrize("table", ["audit_entries", "audit_parts"])
def test_the_log_refuses_to_be_changed(url: DatabaseUrl, table: str, change: str) -> None:
    with (
        psycopg.connect(url.text) as connection,
        pytest.raises(psycopg.errors.IntegrityError, match="append-only"),
    ):
        connection.execute(change.format(table))  # type: ignore[arg-type,unused-ignore]  # a test's own


def test_several_processes_may_start_at_once(server: PostgresqlServer) -> None:
    url = server.new_database()
    program = (
        "import sys, broker.ledger.migrate as m, broker.ledger.postgresql as p;"
        "m.migrate(p.DatabaseUrl.parsed(sys.argv[1]))"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", program, url], stderr=subprocess.PIPE) for _ in range(3)
    ]
    assert [(p.communicate(timeout=60)[1], p.returncode) for p in started] == [(b"", 0)] * 3


def test_two_processes_number_the_log_without_gap_each_in_its_order(url: DatabaseUrl) -> None:
    each, writers = 10, 64
    program = [sys.executable, str(Path(__file__).with_name("writing_entries.py")), url.text, str(each)]
    started = [subprocess.Popen(program, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = [p.communicate(timeout=120)[0].split() for p in started]
    assert [p.returncode for p in started] == [0, 0]
    everything = list(range(1, each * writers + 1))
    assert sorted(int(number) for numbers in told for number in numbers) == everything
    with psycopg.connect(url.text) as connection:
        kept = connection.execute("SELECT sequence FROM audit_entries ORDER BY sequence").fetchall()
    assert [number for (number,) in kept] == everything


async def test_a_connection_that_is_cut_is_an_outage_and_the_next_write_succeeds(ledger: Ledger) -> None:
    def cut(connection: Connection) -> None:
        connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(Problem, match="nothing was changed") as caught:
        await ledger.write(cut)
    assert caught.value.code == "ledger_unavailable"
    assert await ledger.write(add("rail")) == "rail"


async def test_entries_whose_connection_is_cut_are_an_outage_too(
    server: PostgresqlServer, ledger: Ledger
) -> None:
    entry = NewEntry(operation=Operation.CONSULTATION, action="look")

    def cut(connection: Connection) -> None:
        process = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        server.execute(f"SELECT pg_terminate_backend({process}, 5000)")
        audit._copy(connection, audit_entries, [(1, *audit.write_out(entry, SystemClock().now()).row)])

    with pytest.raises(Problem, match="nothing was changed") as caught:
        await ledger.write(cut)
    assert caught.value.code == "ledger_unavailable"
    receipt = await ledger.write(lambda c: audit.append(c, entry, SystemClock().now()))
    assert receipt.sequence == 1


def test_who_is_cut_off_at_the_commit_is_not_told_that_nothing_was_changed(
    server: PostgresqlServer, url: DatabaseUrl
) -> None:
    engine = engine_of(url, read_only=False)
    with pytest.raises(Problem, match="not known"), committing(engine) as connection:
        add("rail")(connection)
        process = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        server.execute(f"SELECT pg_terminate_backend({process}, 5000)")
    engine.dispose()


async def test_a_restart_of_the_server_is_survived(server: PostgresqlServer, ledger: Ledger) -> None:
    await ledger.write(add("rail"))
    server.stop()
    try:
        for attempt in (ledger.read(names), ledger.write(add("metro"))):
            with pytest.raises(Problem) as caught:
                await attempt
            assert caught.value.code == "ledger_unavailable"
    finally:
        server.start()
    assert await ledger.write(add("police")) == "police"
    assert await ledger.read(names) == ["police", "rail"]


async def test_commits_are_durable_where_the_database_says_otherwise(url: DatabaseUrl) -> None:
    with psycopg.connect(url.text, autocommit=True) as connection:
        connection.execute("ALTER ROLE postgres SET synchronous_commit TO off")
    try:
        ledger = Ledger(url)
        asked = lambda connection: connection.exec_driver_sql("SHOW synchronous_commit").scalar_one()  # noqa: E731
        assert await ledger.write(asked) == "on"
        ledger.close()
    finally:
        with psycopg.connect(url.text, autocommit=True) as connection:
            connection.execute("ALTER ROLE postgres RESET synchronous_commit")


async def test_a_process_beside_writes_into_the_same_database(ledger: Ledger) -> None:
    entry = NewEntry(operation=Operation.CONSULTATION, action="look", agency="rail", officer_id="off_1")
    async with writing_process(ledger):
        written = [
            ledger.write_together(audit.append_together, audit.write_out(entry, SystemClock().now()))
            for _ in range(64)
        ]
        receipts = await asyncio.gather(*written)
    assert sorted(receipt.sequence for receipt in receipts if receipt) == list(range(1, 65))
    kept = await ledger.read(lambda connection: audit.entries(connection, agency=None, after=0, limit=100))
    assert [one.sequence for one in kept] == list(range(1, 65))


def test_a_database_of_another_order_is_refused(server: PostgresqlServer) -> None:
    server.execute("CREATE DATABASE elsewhere ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(SetupProblem, match="LOCALE 'C' TEMPLATE template0"):
        migrate(DatabaseUrl.parsed(server.url("elsewhere")))


@pytest.mark.parametrize("text", ["mysql://u:hidden@h/d", "hidden", "postgresql://u:hidden@h:port/d"])
def test_what_is_no_url_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(SetupProblem, match="postgresql://") as caught:
        DatabaseUrl.parsed(text)
    assert "hidden" not in f"{caught.value} {caught.value.__cause__}"


def test_a_url_shows_no_password() -> None:
    url = DatabaseUrl.parsed("postgresql://u:hidden@db.test:5432/ledger")
    assert (str(url), "hidden" in repr(url)) == ("postgresql://db.test:5432/ledger", False)


async def test_a_text_that_no_database_of_this_kind_keeps_is_the_callers_to_correct(ledger: Ledger) -> None:
    with pytest.raises(Problem) as refused:
        await ledger.write(add("rail\x00"))
    assert refused.value.code == "invalid"
    query = select(tables.agencies.c.id).where(tables.agencies.c.id == "rail\x00")
    with pytest.raises(Problem) as unread:
        await ledger.read(lambda c: c.execute(query).first())
    assert unread.value.code == "invalid"
    assert await ledger.write(add("rail")) == "rail"
