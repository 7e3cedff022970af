"""What a network left behind goes when it is configured no more."""

from redis.asyncio import Redis

from tests.servers.catalogs import all_keys
from tests.world import TestBroker


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
    assert await all_keys(redis, "*metro-cctv*") == []
    assert not list(pictures.rglob("*metro-cctv*"))
    assert len(await store.network_cameras("rail-cctv")) == 3
