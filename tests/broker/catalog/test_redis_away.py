"""While the catalog's store is away everything says so in one shape; when it is back, so is the broker."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis.asyncio import Redis

from broker.agencies.models import Role
from broker.catalog.connection import client_of_socket
from broker.catalog.embedded import EmbeddedValkey
from broker.catalog.store import CatalogStore
from broker.errors import Problem
from tests.broker.catalog.catalogs import ids_found
from tests.broker.catalog.waiting import until
from tests.world import LAST_MINUTES, TestBroker, open_test_broker, submission

TOLD_WITHIN_S = 3.0
HERE = "lat=48.8809&lon=2.3553&radius_m=500"
NEEDING_THE_CATALOG = [
    f"/v1/cameras?{HERE}",
    "/v1/cameras?q=a",
    "/v1/cameras/rail-cctv:r1",
    "/v1/cameras/rail-cctv:r1/snapshot",
    "/v1/cameras/rail-cctv:r1/footage",
    "/v1/places?q=gare",
    "/v1/cameras?place=rail-cctv:x&radius_m=5",
]


@dataclass
class Outage:
    """A broker on a server of its own that can be stopped and continued, or killed."""

    broker: TestBroker
    server: EmbeddedValkey

    def kill(self) -> None:
        assert self.server.process_id is not None
        os.kill(self.server.process_id, signal.SIGKILL)


@pytest.fixture
async def outage(tmp_path: Path) -> AsyncIterator[Outage]:
    server = EmbeddedValkey(tmp_path)
    path = await server.start()
    redis = client_of_socket(path)
    async with open_test_broker(tmp_path / "data", redis) as broker:
        await broker.synchronise()
        yield Outage(broker, server)
    await redis.aclose()
    await server.stop()


async def test_every_call_that_needs_the_catalog_says_in_one_shape_that_it_is_away(outage: Outage) -> None:
    officer = await outage.broker.officer("police", Role.INVESTIGATOR)
    await outage.server.stop()
    for address in NEEDING_THE_CATALOG:
        async with asyncio.timeout(TOLD_WITHIN_S):
            answer = await officer.get(address)
        assert answer.status_code == 503, address
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["retry-after"] == "2"
        assert answer.json() == {
            "type": "urn:entrevue:problem:catalog_unavailable",
            "title": "The catalog is out of reach",
            "status": 503,
            "detail": "the catalog does not answer: try again",
            "code": "catalog_unavailable",
        }


async def test_a_submission_while_the_catalog_is_away_creates_nothing(outage: Outage) -> None:
    officer = await outage.broker.officer("police", Role.INVESTIGATOR)
    await outage.server.stop()
    answer = await officer.post("/v1/requests", submission(["rail-cctv:r1"], LAST_MINUTES))
    assert (answer.status_code, answer.json()["code"]) == (503, "catalog_unavailable")
    assert (await officer.get("/v1/requests")).json()["requests"] == []
    ready = await outage.broker.http.get("/health/ready")
    assert (ready.status_code, ready.json()["failing"]) == (503, ["catalog"])


async def test_a_synchronisation_while_the_catalog_is_away_is_a_problem_and_not_a_report(
    outage: Outage,
) -> None:
    await outage.server.stop()
    with pytest.raises(Problem) as told:
        await outage.broker.broker.ingest.synchronise("rail-cctv")
    assert told.value.code == "catalog_unavailable"


async def test_a_killed_catalog_is_back_by_itself_and_full_after_a_synchronisation(outage: Outage) -> None:
    officer = await outage.broker.officer("police", Role.INVESTIGATOR)
    before = await ids_found(officer, HERE)
    assert len(before) == 4
    first = outage.server.process_id
    outage.kill()

    async def answers() -> bool:
        if outage.server.process_id == first:
            return False
        return (await officer.get(f"/v1/cameras?{HERE}")).status_code == 200

    await until(answers)
    await outage.broker.synchronise()
    assert await ids_found(officer, HERE) == before


async def test_a_catalog_without_room_is_said_to_be_full_and_keeps_what_it_has(outage: Outage) -> None:
    store = outage.broker.broker.catalog
    redis: Redis = store._redis
    before = await store.network_cameras("rail-cctv")
    await redis.config_set("maxmemory", "1")
    outage.broker.rail.cameras.pop()
    with pytest.raises(Problem) as told:
        await outage.broker.broker.ingest.synchronise("rail-cctv")
    assert told.value.code == "storage_full"
    await redis.config_set("maxmemory", "0")
    assert await store.network_cameras("rail-cctv") == before


async def test_a_lease_is_one_owners_until_it_ends_and_then_anothers(redis: Redis) -> None:
    store = CatalogStore(redis)
    assert await store.hold_lease("net", "first", 60)
    assert await store.hold_lease("net", "first", 60)
    assert not await store.hold_lease("net", "second", 60)
    assert await store.hold_lease("other", "second", 60)
    await store.drop_lease("net", "second")
    assert not await store.hold_lease("net", "second", 60)
    await store.drop_lease("net", "first")
    assert await store.hold_lease("net", "second", 0.05)

    async def taken_over() -> bool:
        return await store.hold_lease("net", "first", 60)

    assert not await taken_over()
    await until(taken_over)
    assert not await store.hold_lease("net", "second", 60)


async def test_renewing_a_lease_makes_it_last_longer(redis: Redis) -> None:
    store = CatalogStore(redis)
    assert await store.hold_lease("net", "first", 5)
    assert await store.hold_lease("net", "first", 500)
    (key,) = await redis.keys("*lease*")
    assert 400 < await redis.ttl(key) <= 500


async def test_a_worker_that_waits_is_woken_and_wake_ups_do_not_pile_up(redis: Redis) -> None:
    store = CatalogStore(redis)
    waiting = asyncio.create_task(store.wait_for_wake(30))
    await store.wake_worker()
    await asyncio.wait_for(waiting, 5)
    for _ in range(200):
        await store.wake_worker()
    assert await redis.llen("entrevue:wake") == 64
    await redis.delete("entrevue:wake")
    await asyncio.wait_for(store.wait_for_wake(0.01), 5)
