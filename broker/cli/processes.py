"""Keeps further processes of ours running beside this one, for as long as a block runs."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import structlog

RESTART_AFTER_S: Final = 1.0
STOP_S: Final = 10.0


@asynccontextmanager
async def keep_processes(arguments: Sequence[str], count: int, shared: socket.socket) -> AsyncIterator[None]:
    """Runs Python with these arguments `count` times, again when one ends, all of them with the shared socket.

    Each has a pipe as its standard input that ends when this process does, however it ends.
    """
    keepers = [asyncio.create_task(_keep(arguments, shared)) for _ in range(count)]
    try:
        yield
    finally:
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)


async def _keep(arguments: Sequence[str], shared: socket.socket) -> None:
    log = structlog.get_logger("processes")
    while True:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            pass_fds=(shared.fileno(),),
            start_new_session=True,  # a terminal's Ctrl-C goes to this process alone
        )
        try:
            status = await child.wait()
        finally:
            await _stop(child)
        log.warning("a process ended and is started again", process=child.pid, status=status)
        await asyncio.sleep(RESTART_AFTER_S)


async def _stop(child: asyncio.subprocess.Process) -> None:
    if child.returncode is not None:
        return
    child.terminate()
    try:
        async with asyncio.timeout(STOP_S):
            await child.wait()
    except TimeoutError:
        child.kill()
        await child.wait()
