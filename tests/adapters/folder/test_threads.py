import asyncio
import threading

import pytest

from adapters.folder.threads import Stop, in_thread


async def test_work_returns_its_result() -> None:
    assert await in_thread(lambda _stop: 7) == 7


async def test_an_error_passes_unchanged() -> None:
    def work(_stop: Stop) -> None:
        raise KeyError("as it was")

    with pytest.raises(KeyError, match="as it was"):
        await in_thread(work)


async def test_a_cancelled_call_returns_only_after_its_thread_has_ended() -> None:
    begun, ended = threading.Event(), threading.Event()

    def work(stop: Stop) -> None:
        begun.set()
        try:
            while True:
                stop.wait(0.01)
        finally:
            ended.set()

    call = asyncio.create_task(in_thread(work))
    await asyncio.to_thread(begun.wait)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert ended.is_set()


async def test_what_nobody_takes_any_more_is_discarded() -> None:
    begun, go_on = threading.Event(), threading.Event()
    discarded: list[str] = []

    def work(_stop: Stop) -> str:
        begun.set()
        go_on.wait()
        return "an open file"

    call = asyncio.create_task(in_thread(work, discard=discarded.append))
    await asyncio.to_thread(begun.wait)
    call.cancel()
    asyncio.get_running_loop().call_soon(go_on.set)
    with pytest.raises(asyncio.CancelledError):
        await call
    assert discarded == ["an open file"]
