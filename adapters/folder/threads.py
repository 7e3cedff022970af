"""Blocking work on behalf of a coroutine that may be cancelled.

Owns the promise that nothing goes on after the caller is gone: a cancelled call asks its work to stop, waits
until the thread has left it, and discards what it made. Work on a large file asks `Stop.check` as it goes.
"""

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


class Stopped(Exception):
    """Raised inside a worker thread whose caller has gone; never reaches anybody else."""


class Stop:
    """Tells work in a thread to end early."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    def ask(self) -> None:
        self._asked.set()

    def check(self) -> None:
        """Raises `Stopped` once the caller has gone."""
        if self._asked.is_set():
            raise Stopped

    def wait(self, seconds: float) -> None:
        """Sleeps, but not past the caller's going."""
        self._asked.wait(seconds)
        self.check()


async def in_thread(
    work: Callable[[Stop], Result], discard: Callable[[Result], None] | None = None
) -> Result:
    """Runs `work` in a thread; `discard` gets a result that nobody is there to take any more."""
    stop = Stop()
    running = asyncio.ensure_future(asyncio.to_thread(work, stop))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        stop.ask()
        await asyncio.wait({running})
        if running.exception() is None and discard is not None:
            discard(running.result())
        raise
