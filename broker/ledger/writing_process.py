"""Writes by a process of its own what many callers have alike.

One thread of a process runs Python at a time. A thread that writes takes the turn of the one that answers a dozen times
a commit, which made a search half as slow again as all the work on its entry does.
"""

import asyncio
import pickle
import signal
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe
from multiprocessing.context import SpawnProcess
from typing import Any, Final, NamedTuple

import structlog
from sqlalchemy import Engine

from broker.child_processes import process_of
from broker.errors import Problem
from broker.ledger.database import Place, committing, engine_of
from broker.ledger.engine import BATCH, Ledger, carry_out_together

STOP_S: Final = 30.0
"""So long the last commit may take at the end."""


class _Refusal(NamedTuple):
    """A `Problem`, or with a code that is none what nobody planned, as it comes from the process."""

    code: str | None
    detail: str
    retry_after_s: int | None

    def raised(self) -> Exception:
        if self.code is None:
            return RuntimeError(f"the process that writes the ledger failed: {self.detail}")
        return Problem(self.code, self.detail, retry_after_s=self.retry_after_s)


@dataclass(frozen=True)
class _Job:
    work: Callable[..., Any]
    item: Any
    done: "asyncio.Future[Any]"


class WritingProcess:
    """What waits while a commit is made shares the next one. To be used by the loop that made it.

    A process that ends is started again; whoever waited for its commit is told to try again.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[_Job] = deque()
        self._writing: list[_Job] = []
        self._is_called = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self._log = structlog.get_logger("ledger")

    @property
    def process_id(self) -> int | None:
        return None if self._process is None else self._process.pid

    async def write(self, work: Callable[..., Any], item: Any) -> Any:
        """As `Ledger.write_together`; the work is a function of a module, and items and results can be pickled."""
        done: asyncio.Future[Any] = self._loop.create_future()
        self._waiting.append(_Job(work, item, done))
        self._idle.clear()
        self._send_soon()
        return await done

    def start(self) -> None:
        """`OSError` where no process can be started."""
        ours, theirs = Pipe()
        process = process_of(_write_until_closed, "ledger writer", theirs, self._place)
        try:
            process.start()
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        self._process, self._pipe = process, ours
        self._loop.add_reader(ours.fileno(), self._receive)

    async def close(self) -> None:
        """Returns once all is written that was to be."""
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_S):
                await self._idle.wait()
        process = self._let_go()
        if process is not None:
            await asyncio.to_thread(process.join, STOP_S)
            if process.is_alive():
                process.kill()

    def _send_soon(self) -> None:
        """Once everybody who is ready now has had their say."""
        if not self._is_called and not self._writing:
            self._is_called = True
            self._loop.call_soon(self._send)

    def _send(self) -> None:
        """The process reads whenever nothing is being written, so that this never waits for a commit."""
        self._is_called = False
        while self._waiting and len(self._writing) < BATCH:
            if self._writing and self._waiting[0].work != self._writing[0].work:
                break
            self._writing.append(self._waiting.popleft())
        if not self._writing:
            self._idle.set()
            return
        try:
            if self._pipe is None:
                self.start()
            if self._pipe is not None:
                self._pipe.send_bytes(_packed(self._writing))
        except OSError as error:
            self._lose(error)
        except Exception as error:  # what cannot be pickled is its callers' own
            self._settle(error)

    def _receive(self) -> None:
        if self._pipe is None:
            return
        try:
            answer = pickle.loads(self._pipe.recv_bytes())  # noqa: S301  # from our own process
        except (EOFError, OSError) as error:
            self._lose(error)
            return
        self._settle(answer.raised() if isinstance(answer, _Refusal) else answer)

    def _settle(self, outcome: Sequence[Any] | Exception) -> None:
        jobs, self._writing = self._writing, []
        for n, job in enumerate(jobs):
            if job.done.done():  # who left meanwhile misses nothing but the result
                continue
            if isinstance(outcome, Exception):
                job.done.set_exception(outcome)
            else:
                job.done.set_result(outcome[n])
        self._send()

    def _lose(self, error: Exception) -> None:
        """The process is gone: whether its last commit was made is not known, and nobody is answered by it."""
        self._log.warning("the process that writes ended and is started again", error=type(error).__name__)
        process = self._let_go()
        if process is not None:
            process.kill()
            process.join()
        self._settle(
            Problem("ledger_unavailable", "the ledger was cut off while it wrote: try again", retry_after_s=1)
        )

    def _let_go(self) -> SpawnProcess | None:
        """It ends once the pipe does."""
        if self._pipe is not None:
            self._loop.remove_reader(self._pipe.fileno())
            self._pipe.close()
        process, self._process, self._pipe = self._process, None, None
        return process


@asynccontextmanager
async def writing_process(ledger: Ledger) -> AsyncIterator[WritingProcess]:
    """While the block runs, what this loop writes together is written by a process of its own."""
    process = WritingProcess(ledger.place)
    process.start()
    ledger.write_beside(process.write)
    try:
        yield process
    finally:
        ledger.write_beside(None)
        await process.close()


def _packed(jobs: Sequence[_Job]) -> bytes:
    return pickle.dumps((jobs[0].work, [job.item for job in jobs]), pickle.HIGHEST_PROTOCOL)


def _write_until_closed(pipe: Connection, place: Place) -> None:
    """The process: a commit for each message, which it answers."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it ends with its parent, whose last answers wait for it
    engine = engine_of(place, read_only=False)
    with suppress(EOFError, OSError):
        while True:
            work, items = pickle.loads(pipe.recv_bytes())  # noqa: S301  # from our own process
            pipe.send_bytes(pickle.dumps(_written(engine, work, items), pickle.HIGHEST_PROTOCOL))
    engine.dispose()


def _written(engine: Engine, work: Callable[..., Any], items: Sequence[Any]) -> Sequence[Any] | _Refusal:
    try:
        with committing(engine) as connection:
            results = carry_out_together(connection, work, items)
    except Exception as failure:  # raised where `write` is awaited
        if isinstance(failure, Problem):
            return _Refusal(failure.code, failure.detail, failure.retry_after_s)
        return _Refusal(None, f"{type(failure).__name__}: {failure}", None)
    return list(results)
