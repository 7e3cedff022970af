"""The server of one process, inside this one."""

import asyncio
import gc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from redis.asyncio import Redis

from broker.cli import server
from tests.world import open_test_broker


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.005)


async def test_what_stays_is_spared_once_the_catalog_was_read(
    tmp_path: Path, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen: list[bool] = []
    answering: list[bool] = []
    async with open_test_broker(tmp_path, redis) as opened:
        follower = opened.broker.follower
        monkeypatch.setattr(gc, "freeze", lambda: frozen.append(follower.loaded))
        bound = server.listen("127.0.0.1", 0)
        serving = asyncio.create_task(
            server.serve_until_stopped(opened.broker, bound, lambda: answering.append(True))
        )
        try:
            await _until(lambda: bool(answering))
            assert frozen == []
            await follower.catch_up()
            await _until(lambda: bool(frozen))
        finally:
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving
    assert frozen == [True]
