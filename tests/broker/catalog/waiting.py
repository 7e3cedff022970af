"""Waits for a condition, with a deadline instead of a guess."""

import asyncio
import time
from collections.abc import Awaitable, Callable

DEADLINE_S = 10.0


async def until(condition: Callable[[], bool] | Callable[[], Awaitable[bool]]) -> None:
    """Returns when it holds; fails after ten seconds."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        holds = condition()
        if holds if isinstance(holds, bool) else await holds:
            return
        assert time.monotonic() < deadline, "the condition did not come true in time"
        await asyncio.sleep(0.01)
