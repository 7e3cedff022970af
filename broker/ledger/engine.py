"""Runs work in the ledger: one writer that shares a durable commit between waiting callers, and readers.

Work is a plain function of a `Connection`; whatever it changes is committed before `write` returns, or not
at all. A function that raises undoes its own changes only.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from broker.ledger.database import Place, committing, engine_of
from broker.ledger.outages import is_outage, told
from broker.ledger.sqlite import READERS

T = TypeVar("T")
Item = TypeVar("Item")
BATCH = 256
CROWD: Final = 3
GATHER_S: Final = 0.004
"""Where so many wrote at once last time, the next commit waits so long for others: a commit's cost is shared by all who
are in it, and nobody writes alone for longer."""
ENOUGH: Final = 16
"""With so many waiting already a commit is shared well, and who comes meanwhile shares the next one."""


@dataclass(frozen=True)
class _Job:
    """`work` takes the connection, and where it is done `together` its own item with those of others."""

    work: Callable[..., Any]
    item: Any
    together: bool
    loop: asyncio.AbstractEventLoop
    done: "asyncio.Future[Any]"


WriteBeside = Callable[[Callable[..., Any], Any], Awaitable[Any]]
_Outcome = tuple[_Job, Any, BaseException | None]


def _settle(outcomes: Sequence[_Outcome]) -> None:
    """Gives out results, in the loop that waits for them. Who left meanwhile misses nothing but the result."""
    for job, result, error in outcomes:
        if job.done.done():
            continue
        if error is None:
            job.done.set_result(result)
        else:
            job.done.set_exception(error)


class Ledger:
    """Opened once a process; `close` waits for what was begun."""

    def __init__(self, place: Place) -> None:
        self.place: Final = place
        self._writer = engine_of(place, read_only=False)
        self._reader = engine_of(place, read_only=True)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        # Threads of its own: those of the default executor may all be copying or cutting footage.
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="ledger-reader")
        self._closing = threading.Lock()
        self._closed = False
        self._beside: tuple[asyncio.AbstractEventLoop, WriteBeside] | None = None
        self._thread = threading.Thread(target=self._write_loop, name="ledger-writer", daemon=True)
        self._thread.start()

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Runs the work in a transaction; returns its result once the commit is durable."""
        written: T = await self._enqueue(work, None, together=False)
        return written

    async def write_together(
        self, work: Callable[[Connection, Sequence[Item]], Sequence[T]], item: Item, *, here: bool = False
    ) -> T:
        """The same for work that many callers have alike: the items that wait at the same time are given to it in one
        call, which answers for each in turn or fails for all. `here` is never beside this process: the work and its
        items need not be what can be sent there."""
        written: T
        if not here and self._beside is not None and self._beside[0] is asyncio.get_running_loop():
            written = await self._beside[1](work, item)
        else:
            written = await self._enqueue(work, item, together=True)
        return written

    def write_beside(self, write: WriteBeside | None) -> None:
        """From now on `write` does for the running loop what `write_together` does; None: it does so itself."""
        self._beside = None if write is None else (asyncio.get_running_loop(), write)

    async def _enqueue(self, work: Callable[..., Any], item: Any, *, together: bool) -> Any:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Any] = loop.create_future()
        with self._closing:
            if self._closed:
                raise RuntimeError("the ledger is closed: nothing can be written any more")
            self._jobs.put(_Job(work, item, together, loop, done))
        return await done

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Runs the work on one consistent view of the ledger; a change is refused."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    def _read(self, work: Callable[[Connection], T]) -> T:
        try:
            with self._reader.connect() as connection:
                return work(connection)
        except DBAPIError as error:
            raise told(error) from error.orig

    def close(self) -> None:
        with self._closing:
            self._closed = True
            self._jobs.put(None)
        self._thread.join()
        self._readers.shutdown()
        self._writer.dispose()
        self._reader.dispose()

    def _write_loop(self) -> None:
        crowd = 1
        while (first := self._jobs.get()) is not None:
            batch = [first]
            stop = False
            if crowd >= CROWD and self._jobs.qsize() < ENOUGH:
                time.sleep(GATHER_S)
            while len(batch) < BATCH and not self._jobs.empty():
                job = self._jobs.get()
                if job is None:
                    stop = True
                    break
                batch.append(job)
            crowd = len(batch)
            self._commit_together(batch)
            if stop:
                return

    def _commit_together(self, batch: list[_Job]) -> None:
        """All jobs in one commit; results are given out only after it.

        An outage ends the batch: SQLite may have rolled back all of it (https://www.sqlite.org/lang_transaction.html,
        "Response To Errors Within A Transaction"), so every job is told that nothing was changed. Whatever fails, the
        thread lives on: nobody waits for a writer that is gone.
        """
        groups = list(_alike(batch))
        try:
            with committing(self._writer) as connection:
                if len(groups) == 1:  # whatever fails takes nobody else's work with it
                    outcomes = _outcomes(batch, _carry_out(connection, batch))
                else:
                    outcomes = [outcome for jobs in groups for outcome in _carry_out_apart(connection, jobs)]
        except BaseException as error:  # it is raised where `write` is awaited
            outcomes = [(job, None, error) for job in batch]
        for loop, its_own in groupby(outcomes, key=lambda outcome: outcome[0].loop):
            with suppress(RuntimeError):  # the loop was closed: nobody waits any more
                loop.call_soon_threadsafe(_settle, list(its_own))


def _outcomes(jobs: Sequence[_Job], results: Sequence[Any]) -> list[_Outcome]:
    return [(job, result, None) for job, result in zip(jobs, results, strict=True)]


def _carry_out_apart(connection: Connection, jobs: Sequence[_Job]) -> list[_Outcome]:
    """One job, or jobs of one kind together, in a savepoint of its own: what fails changes nothing for others."""
    savepoint = connection.begin_nested()
    try:
        results = _carry_out(connection, jobs)
        savepoint.commit()
    except BaseException as error:  # the caller's own
        if is_outage(error):
            raise
        # where SQLite gave up the whole transaction this fails, and with it the batch
        savepoint.rollback()
        return [(job, None, error) for job in jobs]
    return _outcomes(jobs, results)


def _alike(batch: Sequence[_Job]) -> Iterator[list[_Job]]:
    """Jobs in their order, those that follow each other and are done together as one."""
    alike: list[_Job] = []
    for job in batch:
        if alike and not (job.together and alike[0].together and job.work == alike[0].work):
            yield alike
            alike = []
        alike.append(job)
    if alike:
        yield alike


def _carry_out(connection: Connection, jobs: Sequence[_Job]) -> Sequence[Any]:
    work = jobs[0].work
    if not jobs[0].together:
        return (work(connection),)
    return carry_out_together(connection, work, [job.item for job in jobs])


def carry_out_together(
    connection: Connection, work: Callable[..., Sequence[T]], items: Sequence[Any]
) -> Sequence[T]:
    """What the work answers for each of the items."""
    results = work(connection, items)
    if len(results) != len(items):
        raise RuntimeError(f"{len(items)} items were written together, and {len(results)} answered for")
    return results
