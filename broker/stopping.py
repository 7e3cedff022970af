"""Ends a task that was told to end, also where something it awaited took the cancellation for itself.

Python before 3.12 loses a cancellation that meets the end of what `asyncio.wait_for` waits for
(https://github.com/python/cpython/issues/86296), and libraries use it. Loops that live as long as their process
therefore ask once a turn, and nothing here uses `asyncio.wait_for`: `asyncio.timeout` loses none.
"""

import asyncio


def heed_cancellation() -> None:
    """Raises `CancelledError` in a task that was cancelled and still runs."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
