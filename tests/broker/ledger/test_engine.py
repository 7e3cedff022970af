"""The ledger: durable before it answers, shared commits, one job's failure its own, outages told as such."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from broker.errors import Problem
from broker.ledger import sqlite, tables
from broker.ledger.engine import Ledger
from broker.ledger.sqlite import sqlite_engine


def add(name: str) -> Callable[[Connection], str]:
    def work(connection: Connection) -> str:
        connection.execute(insert(tables.agencies).values(id=name, name=name))
        return name

    return work


def names(connection: Connection) -> list[str]:
    return list(connection.execute(select(tables.agencies.c.id).order_by(tables.agencies.c.id)).scalars())


class CountedCommits:
    """Counts the writer's commits, and can hold the first job of a batch until others wait behind it."""

    def __init__(self, ledger: Ledger) -> None:
        self.count = 0
        event.listen(ledger._writer, "commit", self._note)

    def _note(self, _connection: Connection) -> None:
        self.count += 1


async def behind_a_slow_one(ledger: Ledger, works: list[Callable[[Connection], str]]) -> list[object]:
    """Queues all the works while the writer is busy, so that they stand in one batch."""
    busy, go = threading.Event(), threading.Event()

    def slow(_connection: Connection) -> None:
        busy.set()
        assert go.wait(10)

    first = asyncio.create_task(ledger.write(slow))
    assert await asyncio.to_thread(busy.wait, 10)
    rest = [asyncio.create_task(ledger.write(work)) for work in works]
    while ledger._jobs.qsize() < len(works):
        await asyncio.sleep(0)
    go.set()
    await first
    return await asyncio.gather(*rest, return_exceptions=True)


async def test_a_write_is_in_the_file_when_it_returns(ledger: Ledger, ledger_file: Path) -> None:
    assert await ledger.write(add("rail")) == "rail"
    with sqlite3.connect(ledger_file) as other:
        assert other.execute("SELECT id FROM agencies").fetchall() == [("rail",)]
    other.close()


async def test_commits_are_synced_to_the_disk(ledger: Ledger) -> None:
    pragmas = await ledger.write(
        lambda c: [c.exec_driver_sql(f"PRAGMA {p}").scalar_one() for p in ("journal_mode", "synchronous")]
    )
    assert pragmas == ["wal", 2]


async def test_waiting_writes_share_one_commit(ledger: Ledger) -> None:
    commits = CountedCommits(ledger)
    wanted = [f"agency-{n:03d}" for n in range(100)]
    assert await behind_a_slow_one(ledger, [add(name) for name in wanted]) == wanted
    assert commits.count == 2
    assert await ledger.read(names) == wanted


async def test_a_failing_job_undoes_its_own_changes_only(ledger: Ledger) -> None:
    def fails(connection: Connection) -> str:
        add("half")(connection)
        raise Problem("not_found", "there is nothing")

    def repeats(connection: Connection) -> str:
        add("other-half")(connection)
        return add("good-1")(connection)

    outcomes = await behind_a_slow_one(ledger, [add("good-1"), fails, repeats, add("good-2")])
    assert [type(outcome) for outcome in outcomes] == [str, Problem, IntegrityError, str]
    assert await ledger.read(names) == ["good-1", "good-2"]


async def test_a_caller_who_leaves_does_not_undo_the_write(ledger: Ledger) -> None:
    busy, go = threading.Event(), threading.Event()

    def slow(connection: Connection) -> str:
        busy.set()
        assert go.wait(10)
        return add("rail")(connection)

    leaving = asyncio.create_task(ledger.write(slow))
    assert await asyncio.to_thread(busy.wait, 10)
    leaving.cancel()
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    await ledger.write(add("town"))
    assert await ledger.read(names) == ["rail", "town"]


async def test_reading_cannot_change_anything(ledger: Ledger) -> None:
    with pytest.raises(Problem):
        await ledger.read(add("rail"))
    assert await ledger.read(names) == []


async def test_a_read_sees_one_moment(ledger: Ledger, ledger_file: Path) -> None:
    def twice(connection: Connection) -> tuple[list[str], list[str]]:
        before = names(connection)
        with sqlite3.connect(ledger_file) as other:
            other.execute("INSERT INTO agencies (id, name) VALUES ('late', 'late')")
        other.close()
        return before, names(connection)

    assert await ledger.read(twice) == ([], [])
    assert await ledger.read(names) == ["late"]


async def test_an_unwritable_commit_is_told_to_all_and_the_writer_lives_on(ledger: Ledger) -> None:
    def fail_commit(_connection: Connection) -> None:
        raise RuntimeError("the commit broke")

    event.listen(ledger._writer, "commit", fail_commit)
    with pytest.raises(RuntimeError, match="the commit broke"):
        await ledger.write(add("rail"))
    event.remove(ledger._writer, "commit", fail_commit)
    assert await ledger.write(add("town")) == "town"
    assert await ledger.read(names) == ["town"]


async def test_a_full_disk_is_storage_full_and_changes_nothing(ledger: Ledger) -> None:
    def limit(connection: Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 2}")

    def large(connection: Connection) -> str:
        add("before")(connection)
        connection.execute(insert(tables.agencies).values(id="large", name="x" * 1_000_000))
        return "large"

    await ledger.write(limit)
    with pytest.raises(Problem) as caught:
        await ledger.write(large)
    assert (caught.value.code, caught.value.kind.status) == ("storage_full", 507)
    assert await ledger.read(names) == []
    assert await ledger.write(add("small")) == "small"


async def test_a_full_disk_refuses_every_job_of_the_batch_with_nothing_changed(ledger: Ledger) -> None:
    def large(connection: Connection) -> str:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 2}")
        connection.execute(insert(tables.agencies).values(id="large", name="x" * 1_000_000))
        return "large"

    outcomes = await behind_a_slow_one(ledger, [add("one"), large, add("two")])
    assert [getattr(outcome, "code", outcome) for outcome in outcomes] == ["storage_full"] * 3
    assert await ledger.read(names) == []


async def test_a_locked_ledger_is_unavailable_and_recovers(
    ledger_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_S", 0.05)
    ledger = Ledger(ledger_file)
    other = sqlite3.connect(ledger_file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Problem) as caught:
        await ledger.write(add("rail"))
    assert (caught.value.code, caught.value.kind.status) == ("ledger_unavailable", 503)
    assert caught.value.retry_after_s
    other.execute("ROLLBACK")
    other.close()
    assert await ledger.write(add("rail")) == "rail"
    ledger.close()


@pytest.mark.parametrize("content", [b"this is no database " * 300, None], ids=["damaged", "a folder"])
async def test_an_unreadable_ledger_is_unavailable(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "ledger.sqlite"
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    ledger = Ledger(file)
    for attempt in (ledger.read(names), ledger.write(add("rail"))):
        with pytest.raises(Problem) as caught:
            await attempt
        assert caught.value.code == "ledger_unavailable"
    ledger.close()


async def test_a_wrong_statement_stays_a_bug(ledger: Ledger) -> None:
    for attempt in (ledger.read, ledger.write):
        with pytest.raises(OperationalError, match="no such table"):
            await attempt(lambda c: c.exec_driver_sql("SELECT * FROM nowhere"))


async def test_what_was_bound_never_stands_in_an_error(ledger: Ledger) -> None:
    await ledger.write(add("rail"))

    def again(connection: Connection) -> None:
        connection.execute(insert(tables.agencies).values(id="rail", name="a confidential case"))

    with pytest.raises(DBAPIError) as caught:
        await ledger.write(again)
    assert "confidential" not in str(caught.value)


async def test_closing_finishes_what_was_begun_and_refuses_what_comes_after(ledger_file: Path) -> None:
    ledger = Ledger(ledger_file)
    begun = [asyncio.create_task(ledger.write(add(f"agency-{n}"))) for n in range(20)]
    await asyncio.sleep(0)
    await asyncio.to_thread(ledger.close)
    assert len(await asyncio.gather(*begun)) == 20
    with pytest.raises(RuntimeError, match="closed"):
        await ledger.write(add("late"))


def test_a_writer_never_waits_for_its_own_readers(ledger_file: Path) -> None:
    reader, writer = sqlite_engine(ledger_file, read_only=True), sqlite_engine(ledger_file, read_only=False)
    with reader.connect() as reading:
        assert names(reading) == []
        with writer.begin() as writing:
            add("rail")(writing)
        assert names(reading) == []
    reader.dispose()
    writer.dispose()


async def test_reads_are_answered_while_every_other_thread_copies_footage(ledger: Ledger) -> None:
    """The default executor's threads are all taken for as long as this lasts."""
    loop, go = asyncio.get_running_loop(), threading.Event()
    few = ThreadPoolExecutor(1)
    loop.set_default_executor(few)
    try:
        copying = [loop.run_in_executor(None, go.wait, 30) for _ in range(3)]
        async with asyncio.timeout(10):
            assert await ledger.read(names) == []
            assert await ledger.write(add("rail")) == "rail"
        assert not any(copy.done() for copy in copying)
    finally:
        go.set()
        loop.set_default_executor(ThreadPoolExecutor())
    await asyncio.gather(*copying)
    few.shutdown()
