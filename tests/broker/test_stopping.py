"""A task that was told to end does, whatever it awaited made of that."""

import asyncio
from contextlib import suppress

import pytest

from broker.stopping import heed_cancellation


async def test_a_cancellation_that_something_took_for_itself_is_heeded_later() -> None:
    waiting = asyncio.Event()

    async def loop() -> None:
        while True:
            waiting.set()
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            heed_cancellation()

    task = asyncio.create_task(loop())
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_task_that_nobody_cancelled_goes_on() -> None:
    heed_cancellation()
    with suppress(TimeoutError):
        async with asyncio.timeout(0):
            await asyncio.Event().wait()
    heed_cancellation()
