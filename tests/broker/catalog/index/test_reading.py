"""Stored cameras are read into the same rows wherever that happens, and a lost process loses none of them."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Executor, Future
from itertools import chain
from typing import Any

from broker.catalog.encoding import written
from broker.catalog.index.reading import AT_ONCE, Read, RowReader, read_rows
from broker.catalog.index.rows import CODED
from broker.child_processes import process_pool
from tests.broker.catalog.catalogs import catalog_camera

BODIES = [written(catalog_camera(f"c{n}", n % 80, n % 170)).body.decode() for n in range(6 * AT_ONCE)]


async def parts(bodies: Sequence[str], size: int = 2_500) -> AsyncIterator[Sequence[str]]:
    for start in range(0, len(bodies), size):
        yield bodies[start : start + size]


class RecordingPool(Executor):
    """Two real processes; knows what was given to them."""

    def __init__(self, processes: int) -> None:
        self._pool = process_pool(processes)
        self.given_out: list[Future[Any]] = []

    def submit(self, work: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        given_out = self._pool.submit(work, *arguments, **named)
        self.given_out.append(given_out)
        return given_out

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._pool.shutdown(wait=wait, cancel_futures=cancel_futures)


class Pools:
    """Remembers the one pool that a reader made."""

    def __init__(self) -> None:
        self.made: list[RecordingPool] = []

    def __call__(self, processes: int) -> RecordingPool:
        self.made.append(RecordingPool(processes))
        return self.made[-1]

    async def process(self) -> int:
        """Once every process is there, the id of one."""
        (pool,) = self.made
        await asyncio.gather(*map(asyncio.wrap_future, pool.given_out))
        return await asyncio.wrap_future(pool.submit(os.getpid))


async def read_all(reader: RowReader, bodies: Sequence[str] = BODIES) -> list[Read]:
    return [read async for read in reader.rows(parts(bodies))]


def ids(reads: Sequence[Read]) -> list[str]:
    return list(chain.from_iterable(read.rows.ids for read in reads))


async def test_rows_come_in_order_and_are_the_same_from_another_process() -> None:
    async with RowReader() as reader:
        here = await read_all(reader)
    pools = Pools()
    async with RowReader(many=0, processors=2, make_pool=pools) as reader:
        await read_all(reader, BODIES[:1])
        assert await pools.process() != os.getpid()
        before = len(pools.made[0].given_out)
        aside = await read_all(reader)
        assert len(pools.made[0].given_out) - before == len(aside)
    assert ids(aside) == ids(here) == [f"rail-cctv:c{n}" for n in range(len(BODIES))]
    for one, other in zip(here, aside, strict=True):
        assert one.rows.bodies == other.rows.bodies
        for column in CODED:
            assert one.rows.words.of(column).values == other.rows.words.of(column).values
        for name in ("facts", "views", "view_counts", "spans", "span_counts", "texts", "text_counts"):
            assert repr(getattr(one.rows, name).tolist()) == repr(getattr(other.rows, name).tolist())


async def test_a_process_that_is_killed_loses_no_camera() -> None:
    pools = Pools()
    async with RowReader(many=0, processors=2, make_pool=pools) as reader:
        await read_all(reader, BODIES[:1])
        os.kill(await pools.process(), signal.SIGKILL)
        assert ids(await read_all(reader)) == [f"rail-cctv:c{n}" for n in range(len(BODIES))]
        assert ids(await read_all(reader)) == [f"rail-cctv:c{n}" for n in range(len(BODIES))]
    assert len(pools.made) == 1


async def test_few_cameras_and_a_single_processor_start_no_process() -> None:
    pools = Pools()
    for reader in (RowReader(len(BODIES), 2, pools), RowReader(0, 1, pools)):
        async with reader:
            assert len(await read_all(reader)) == 7
    assert not pools.made


async def test_what_is_no_camera_is_said_and_left_out() -> None:
    read = read_rows([BODIES[0], '{"id": 7}', BODIES[1]])
    assert read.rows.ids == ["rail-cctv:c0", "rail-cctv:c1"]
    assert len(read.wrong) == 1
