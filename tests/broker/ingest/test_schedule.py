"""One process at a time runs a network; another takes over; a failing round ends nothing."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from redis.asyncio import Redis

from broker.catalog.models import NetworkReport
from broker.catalog.store import CatalogStore
from broker.ingest.schedule import Schedule
from broker.settings import NetworkSettings
from tests.broker.catalog.waiting import until
from tests.world import TestBroker

QUICK = NetworkSettings(id="rail-cctv", agency="rail", adapter="rail-cctv", refresh_s=0.01)


def schedule(broker: TestBroker, process: str, network: NetworkSettings = QUICK) -> Schedule:
    jitter = random.Random(1)  # noqa: S311 - only jitter
    return Schedule(broker.broker.ingest, broker.broker.catalog, (network,), process, jitter)


@asynccontextmanager
async def running(scheduled: Schedule) -> AsyncIterator[None]:
    task = asyncio.create_task(scheduled.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


def rounds(broker: TestBroker) -> int:
    return broker.rail.calls.count("list_cameras")


async def test_a_network_is_run_by_one_process_until_that_stops_and_another_takes_over(
    broker: TestBroker,
) -> None:
    first, second = schedule(broker, "first"), schedule(broker, "second")
    async with running(first):
        before = rounds(broker)
        await until(lambda: rounds(broker) > before + 2)
        assert not await second.run_once(QUICK)
    assert await second.run_once(QUICK)
    assert not await first.run_once(QUICK)


async def test_the_lease_of_a_process_that_was_killed_ends(broker: TestBroker, redis: Redis) -> None:
    store = CatalogStore(redis)
    assert await store.hold_lease("rail-cctv", "killed", 0.05)
    second = schedule(broker, "second")
    await until(lambda: second.run_once(QUICK))


async def test_a_round_that_fails_is_followed_by_the_next(broker: TestBroker) -> None:
    broker.rail.failing["list_cameras"] = ZeroDivisionError("a bug")
    async with running(schedule(broker, "first")):
        before = rounds(broker)
        await until(lambda: rounds(broker) > before + 1)
        broker.rail.failing.clear()
        broker.rail.cameras.pop()

        async def noticed() -> bool:
            return (await broker.broker.catalog.reports())["rail-cctv"].vanished == 1 or any(
                c.vanished_at for c in await broker.broker.catalog.network_cameras("rail-cctv")
            )

        await until(noticed)


async def test_what_a_network_left_is_removed_when_it_is_not_configured_any_more(
    broker: TestBroker, redis: Redis
) -> None:
    store = broker.broker.catalog
    del broker.broker.recorders._networks["metro-cctv"]
    pictures = broker.broker.vault._folder
    assert list(pictures.rglob("*metro-cctv*"))
    await broker.broker.ingest.forget_removed()
    assert await store.network_cameras("metro-cctv") == []
    assert await store.cameras(["metro-cctv:m1"]) == []
    assert sorted(await store.reports()) == ["police-list", "rail-cctv"]
    assert await redis.keys("*metro-cctv*") == []
    assert await redis.zscore("entrevue:geo", "metro-cctv:m1") is None
    assert not list(pictures.rglob("*metro-cctv*"))
    assert len(await store.network_cameras("rail-cctv")) == 3


async def test_a_round_that_takes_the_cancellation_for_itself_is_the_last(broker: TestBroker) -> None:
    entered = asyncio.Event()

    async def swallow(network_id: str) -> NetworkReport:
        entered.set()
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return (await broker.broker.catalog.reports())[network_id]

    broker.broker.ingest.synchronise = swallow  # type: ignore[method-assign]
    slow = QUICK.model_copy(update={"refresh_s": 3600.0})
    task = asyncio.create_task(schedule(broker, "first", slow).run())
    await asyncio.wait_for(entered.wait(), 5)
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=5)
    assert done
    assert task.cancelled()
