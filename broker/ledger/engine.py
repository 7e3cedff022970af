"""Runs work in the ledger: one writer that shares a durable commit between waiting callers, and readers.

Work is a plain function of a `Connection`; whatever it changes is committed before `write` returns, or not
at all. A function that raises undoes its own changes only.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from broker.errors import Problem

T = TypeVar("T")
BATCH = 256
BUSY_TIMEOUT_S = 30


@dataclass(frozen=True)
class _Job:
    work: Callable[[Connection], Any]
    done: "Future[Any]"


def _translate(error: DBAPIError) -> Problem:
    """What a caller is told when the database itself refuses."""
    if isinstance(error.orig, sqlite3.Error) and error.orig.sqlite_errorname == "SQLITE_FULL":
        return Problem(
            "storage_full", "the ledger's disk is full: nothing was changed; free space and try again"
        )
    return Problem(
        "ledger_unavailable", "the ledger did not answer: nothing was changed; try again", retry_after_s=5
    )


def _is_outage(error: DBAPIError) -> bool:
    """Whether the store failed, as opposed to the statement being wrong (a bug, which stays one)."""
    if error.connection_invalidated:
        return True
    return isinstance(error.orig, sqlite3.OperationalError) and error.orig.sqlite_errorname.startswith(
        ("SQLITE_BUSY", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_LOCKED")
    )


def sqlite_engine(file: Path, *, read_only: bool) -> Engine:
    """SQLite in WAL with `synchronous=FULL`; a writer begins IMMEDIATE, so that it never upgrades."""
    engine = create_engine(
        f"sqlite:///{file}",
        connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False},
        pool_size=1 if not read_only else 8,
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        if read_only:
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


class Ledger:
    """Opened once a process; `close` waits for what was begun."""

    def __init__(self, file: Path) -> None:
        self._writer = sqlite_engine(file, read_only=False)
        self._reader = sqlite_engine(file, read_only=True)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_loop, name="ledger-writer", daemon=True)
        self._thread.start()

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Runs the work in a transaction; returns its result once the commit is durable."""
        done: Future[T] = Future()
        self._jobs.put(_Job(work, done))
        return await asyncio.shield(asyncio.wrap_future(done))

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Runs the work on one consistent view of the ledger; a change is refused."""
        return await asyncio.to_thread(self._read, work)

    def _read(self, work: Callable[[Connection], T]) -> T:
        try:
            with self._reader.connect() as connection:
                return work(connection)
        except DBAPIError as error:
            if _is_outage(error):
                raise _translate(error) from error
            raise

    def close(self) -> None:
        self._jobs.put(None)
        self._thread.join()
        self._writer.dispose()
        self._reader.dispose()

    def _write_loop(self) -> None:
        while (first := self._jobs.get()) is not None:
            batch = [first]
            stop = False
            while len(batch) < BATCH and not self._jobs.empty():
                job = self._jobs.get()
                if job is None:
                    stop = True
                    break
                batch.append(job)
            self._commit_together(batch)
            if stop:
                return

    def _commit_together(self, batch: list[_Job]) -> None:
        """Each job in a savepoint of its own, all in one commit; results are given out only after it."""
        finished: list[tuple[_Job, Any]] = []
        try:
            with self._writer.begin() as connection:
                for job in batch:
                    try:
                        with connection.begin_nested():
                            finished.append((job, job.work(connection)))
                    except DBAPIError as error:
                        if _is_outage(error):
                            raise
                        job.done.set_exception(error)
                    except BaseException as error:  # the caller's own; it is raised where `write` is awaited
                        job.done.set_exception(error)
        except DBAPIError as error:
            failure: Exception = _translate(error) if _is_outage(error) else error
            for job in batch:
                if not job.done.done():
                    job.done.set_exception(failure)
            return
        for job, result in finished:
            job.done.set_result(result)
