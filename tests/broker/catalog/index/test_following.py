"""A process's index becomes and stays what the catalog holds, over losses of it too."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from redis.asyncio import Redis

from broker import redis_keys
from broker.catalog.encoding import written
from broker.catalog.index.following import AT_ONCE_IN_QUIET, READ_AT_ONCE, CatalogFollower
from broker.catalog.index.memory import CatalogIndex
from broker.catalog.models import Camera
from broker.catalog.questions import Question, Radius
from broker.catalog.store import CHANGES_AT_ONCE, CatalogStore, Difference
from tests.broker.catalog.catalogs import NETWORK, catalog_camera
from tests.broker.catalog.index.indexes import ask, report
from tests.broker.catalog.waiting import until
from tests.world import NumberedIdentifiers, StandingClock

HERE = Radius(10.0, 10.0, 100)
IDENTIFIERS = NumberedIdentifiers()


def follower_of(redis: Redis, networks: tuple[str, ...] = (NETWORK,)) -> CatalogFollower:
    identity = lambda: IDENTIFIERS.new("catalog")  # noqa: E731
    return CatalogFollower(CatalogIndex(), CatalogStore(redis), networks, StandingClock(), identity)


async def write(
    redis: Redis, *cameras: Camera, removed: tuple[str, ...] = (), network: str = NETWORK
) -> None:
    listed = tuple(written(camera) for camera in cameras)
    await CatalogStore(redis).apply(network, Difference(written=listed, removed=removed))


def known(follower: CatalogFollower) -> set[str]:
    return set(follower.index.table.ids_of_network(NETWORK))


def here(follower: CatalogFollower) -> list[str]:
    question = Question(area=HERE, as_of=StandingClock().now(), limit=10)
    return [hit.camera_id for hit in ask(follower.index, question).hits]


@pytest.fixture
async def following(redis: Redis) -> AsyncIterator[CatalogFollower]:
    """Two cameras are known, and changes are followed as in a process."""
    await write(redis, catalog_camera("a", 10.0, 10.0), catalog_camera("b", 20.0, 20.0))
    await CatalogStore(redis).put_report(report(NETWORK))
    follower = follower_of(redis)
    running = asyncio.create_task(follower.run())
    await until(lambda: follower.loaded)
    yield follower
    running.cancel()
    await asyncio.wait({running})


async def test_a_start_reads_everything_and_knows_of_whom_nothing_was_heard(redis: Redis) -> None:
    await write(redis, *(catalog_camera(f"c{n}", 10.0, 10.0) for n in range(3000)))
    await write(redis, catalog_camera("x", network="other"), network="other")
    await CatalogStore(redis).put_report(report(NETWORK))
    follower = follower_of(redis, (NETWORK, "silent"))
    assert not follower.loaded
    await follower.catch_up()
    assert follower.loaded
    assert len(follower.index) == 3000, "cameras of networks that are not configured are left out"
    assert follower.unproven == ("silent",)


async def test_what_changes_is_seen_at_once(following: CatalogFollower, redis: Redis) -> None:
    await write(redis, catalog_camera("b", 10.0, 10.0), catalog_camera("c", 10.0, 10.0))
    await until(lambda: here(following) == ["rail-cctv:a", "rail-cctv:b", "rail-cctv:c"])
    await write(redis, catalog_camera("a"), removed=("rail-cctv:b",))
    await until(lambda: here(following) == ["rail-cctv:c"])
    assert known(following) == {"rail-cctv:a", "rail-cctv:c"}
    await CatalogStore(redis).put_report(report(NETWORK, refresh_s=7))
    await until(lambda: following.index.reports[NETWORK].refresh_s == 7)


class CountingStore(CatalogStore):
    """Remembers how many cameras each call asked for."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(redis)
        self.asked: list[int] = []

    async def bodies(self, ids: Sequence[str]) -> list[str | None]:
        self.asked.append(len(ids))
        return await super().bodies(ids)


async def test_changes_come_in_short_slices_while_somebody_searches_and_in_long_ones_else(
    redis: Redis,
) -> None:
    store = CountingStore(redis)
    identity = lambda: IDENTIFIERS.new("catalog")  # noqa: E731
    follower = CatalogFollower(CatalogIndex(), store, (NETWORK,), StandingClock(), identity)
    await follower.catch_up()
    await write(redis, *(catalog_camera(f"c{n}", 10.0, 10.0) for n in range(300)))
    await follower.catch_up()
    assert max(store.asked) == AT_ONCE_IN_QUIET
    store.asked.clear()
    assert len(here(follower)) == 10
    await write(redis, *(catalog_camera(f"d{n}", 10.0, 10.0) for n in range(300)))
    await follower.catch_up()
    assert max(store.asked) == READ_AT_ONCE
    assert len(known(follower)) == 600


async def test_a_stream_that_was_cut_too_soon_is_made_up_for(redis: Redis) -> None:
    follower = follower_of(redis)
    await write(redis, catalog_camera("a"))
    await follower.catch_up()
    await write(redis, catalog_camera("b"))
    for n in range(CHANGES_AT_ONCE + 50):
        await write(redis, catalog_camera(f"c{n}"))
    await redis.xtrim(redis_keys.CHANGES, maxlen=CHANGES_AT_ONCE, approximate=False)
    await follower.catch_up()
    assert known(follower) == {
        f"rail-cctv:{n}" for n in ("a", "b", *(f"c{n}" for n in range(CHANGES_AT_ONCE + 50)))
    }


async def test_a_catalog_begun_anew_is_not_taken_for_the_truth_before_its_networks_are_heard_of(
    following: CatalogFollower, redis: Redis
) -> None:
    await redis.flushall()
    await until(lambda: redis.exists(redis_keys.IDENTITY))
    await write(redis, catalog_camera("b", 10.0, 10.0))
    await until(lambda: here(following) == ["rail-cctv:a", "rail-cctv:b"])
    await CatalogStore(redis).put_report(report(NETWORK))
    await until(lambda: known(following) == {"rail-cctv:b"})


async def test_a_camera_that_cannot_be_read_is_left_out_alone(
    following: CatalogFollower, redis: Redis
) -> None:
    await redis.hset(redis_keys.network_cameras(NETWORK), "rail-cctv:a", '{"id": 7}')  # type: ignore[misc]  # redis-py
    await redis.xadd(redis_keys.CHANGES, {"camera": "rail-cctv:a"})
    await write(redis, catalog_camera("c"))
    await until(lambda: known(following) == {"rail-cctv:b", "rail-cctv:c"})
    fresh = follower_of(redis)
    await fresh.catch_up()
    assert known(fresh) == {"rail-cctv:b", "rail-cctv:c"}


async def test_two_processes_agree_after_a_burst_of_changes(following: CatalogFollower, redis: Redis) -> None:
    other = follower_of(redis)
    await other.catch_up()
    for turn in range(3):
        await write(redis, *(catalog_camera(f"c{n}", turn, n / 100) for n in range(2500)))
    await other.catch_up()
    await until(lambda: len(following.index) == len(other.index) == 2502)
    await until(lambda: here_at_the_end(following) == here_at_the_end(other) != [])


def here_at_the_end(follower: CatalogFollower) -> list[str]:
    question = Question(area=Radius(2.0, 0.5, 5000), as_of=StandingClock().now(), limit=1000)
    return [hit.camera_id for hit in ask(follower.index, question).hits]
