"""Reads stored cameras into rows at a start. All of it is Python's own work, so that beyond some ten thousands other
processes do most of it; what they cannot do is done here."""

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from types import TracebackType
from typing import Final, NamedTuple, Self

import msgspec
import structlog

from broker.catalog.index.rows import CameraRows, rows_of
from broker.catalog.index.stored import StoredCamera, read_camera
from broker.child_processes import process_pool

AT_ONCE: Final = 1_000
MANY: Final = 50_000
"""After so many, which take more than a second, other processes are worth the second that they take to start."""

MOST_PROCESSES: Final = 4
AHEAD: Final = 2
"""So many batches a process are given out before the first comes back."""


class Read(NamedTuple):
    """A batch in columns, and for each body that is none of a camera why."""

    rows: CameraRows
    wrong: list[str]


def read_rows(bodies: Sequence[str]) -> Read:
    """A batch of stored bodies; one that another version wrote so that this one cannot read it is left out."""
    cameras: list[StoredCamera] = []
    wrong = []
    for body in bodies:
        try:
            cameras.append(read_camera(body))
        except msgspec.ValidationError as error:
            wrong.append(str(error))
    return Read(rows_of(cameras), wrong)


class RowReader:
    """Reads batches; a context that ends the processes that it started. It starts one for each processor of the
    machine, after `many` bodies."""

    def __init__(
        self,
        many: int = MANY,
        processors: int | None = os.cpu_count(),
        make_pool: Callable[[int], Executor] = process_pool,
    ) -> None:
        self._many = many
        self._processes = min(MOST_PROCESSES, processors or 1)
        self._make_pool = make_pool
        self._read = 0
        self._pool: Executor | None = None
        self._started: Future[None] | None = None
        self._log = structlog.get_logger("catalog")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.shield(asyncio.to_thread(pool.shutdown, cancel_futures=True))

    async def rows(self, parts: AsyncIterator[Sequence[str]]) -> AsyncIterator[Read]:
        """What the parts hold, in their order, a thousand bodies at most at once."""
        waiting: deque[tuple[Sequence[str], Awaitable[Read]]] = deque()
        async for part in parts:
            for bodies in _slices(part):
                given_out = self._give_out(bodies)
                if given_out is None:
                    while waiting:
                        yield await self._taken(*waiting.popleft())
                    yield read_rows(bodies)
                    continue
                waiting.append((bodies, given_out))
                if len(waiting) > AHEAD * self._processes:
                    yield await self._taken(*waiting.popleft())
        while waiting:
            yield await self._taken(*waiting.popleft())

    def _give_out(self, bodies: Sequence[str]) -> Awaitable[Read] | None:
        """The batch's rows to come from another process; None while there is none."""
        self._read += len(bodies)
        if self._read <= self._many or self._processes == 1:
            return None
        try:
            if self._started is None:
                self._start()
            if self._pool is None or self._started is None or not self._started.done():
                return None
            return asyncio.wrap_future(self._pool.submit(read_rows, bodies))
        except (BrokenExecutor, OSError) as error:
            self._give_up(error)
            return None

    def _start(self) -> None:
        self._pool = self._make_pool(self._processes)
        for _ in range(self._processes):
            self._started = self._pool.submit(_nothing)

    async def _taken(self, bodies: Sequence[str], given_out: Awaitable[Read]) -> Read:
        try:
            return await given_out
        except BrokenExecutor as error:
            self._give_up(error)
            return read_rows(bodies)

    def _give_up(self, error: BaseException) -> None:
        if self._pool is not None:
            self._log.warning(
                "processes that read the catalog ended: it is read in this one", reason=repr(error)
            )
            self._pool.shutdown(wait=False)
            self._pool = None


def _slices(bodies: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(bodies), AT_ONCE):
        yield bodies[start : start + AT_ONCE]


def _nothing() -> None:
    """Tells that a process is there."""
