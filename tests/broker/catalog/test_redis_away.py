"""While the catalog's store is away, what is known of it is answered and said to be stale; what needs it says so."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis.asyncio import Redis

from adapters.contract.errors import TimedOut
from adapters.contract.models import PlaceRecord, Position
from broker.agencies.models import Role
from broker.catalog.connection import client_of_socket
from broker.catalog.embedded import EmbeddedValkey
from broker.catalog.store import CatalogStore
from broker.errors import Problem
from tests.broker.catalog.catalogs import ids_found
from tests.broker.catalog.waiting import until
from tests.servers.catalogs import all_keys
from tests.world import LAST_MINUTES, TestBroker, camera, open_test_broker, submission

TOLD_WITHIN_S = 3.0
HERE = "lat=48.8809&lon=2.3553&radius_m=500"
KNOWN = [
    f"/v1/cameras?{HERE}",
    "/v1/cameras?q=a",
    "/v1/cameras/rail-cctv:r1",
    "/v1/cameras/rail-cctv:r1/snapshot",
    "/v1/cameras/rail-cctv:r1/footage",
    "/v1/places?q=gare",
    "/v1/cameras?place=rail-cctv:gare&radius_m=500",
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
        at = Position(lat=48.8809, lon=2.3553)
        broker.rail.places = [PlaceRecord(native_id="gare", name="Gare", position=at)]
        await broker.synchronise()
        yield Outage(broker, server)
    await redis.aclose()
    await server.stop()


async def test_what_is_known_is_answered_while_the_catalog_is_away_and_said_to_be_stale(
    outage: Outage,
) -> None:
    officer = await outage.broker.officer("police", Role.INVESTIGATOR)
    before = {address: await officer.get(address) for address in KNOWN}
    assert {answer.status_code for answer in before.values()} == {200}
    await outage.server.stop()
    for address in KNOWN:
        async with asyncio.timeout(TOLD_WITHIN_S):
            answer = await officer.get(address)
        assert answer.status_code == 200, address
        if "?" in address and "cameras" in address:
            assert before[address].json()["stale_since"] is None
            assert answer.json() == before[address].json() | {"stale_since": "2026-06-15T12:00:00Z"}
        else:
            assert answer.content == before[address].content
    ready = await outage.broker.http.get("/health/ready")
    assert ready.status_code == 200
    assert ready.json() == {"status": "ready", "stale_since": "2026-06-15T12:00:00Z"}


async def test_a_process_that_has_not_read_the_catalog_yet_says_so_and_is_not_ready(tmp_path: Path) -> None:
    server = EmbeddedValkey(tmp_path)
    redis = client_of_socket(await server.start())
    async with open_test_broker(tmp_path / "data", redis) as broker:
        await server.stop()
        officer = await broker.officer("police", Role.INVESTIGATOR)
        for address in KNOWN:
            async with asyncio.timeout(TOLD_WITHIN_S):
                answer = await officer.get(address)
            assert answer.status_code == 503, address
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["retry-after"] == "2"
            assert answer.json()["code"] == "catalog_unavailable"
        ready = await broker.http.get("/health/ready")
        assert (ready.status_code, ready.json()["failing"]) == (503, ["catalog"])
    await redis.aclose()


async def test_a_process_is_ready_once_every_network_was_synchronised(outage: Outage, redis: Redis) -> None:
    async with open_test_broker(outage.broker.broker.services.settings.broker.data / "b", redis) as fresh:
        waiting = await fresh.http.get("/health/ready")
        assert (waiting.status_code, waiting.json()["waiting_for"]) == (
            503,
            ["metro-cctv", "police-list", "rail-cctv"],
        )
        fresh.metro.failing["list_cameras"] = TimedOut("the recorder did not answer")
        await fresh.synchronise()
        assert (await fresh.http.get("/health/ready")).status_code == 200


async def test_a_submission_while_the_catalog_is_away_creates_nothing(outage: Outage) -> None:
    officer = await outage.broker.officer("police", Role.INVESTIGATOR)
    await outage.server.stop()
    answer = await officer.post("/v1/requests", submission(["rail-cctv:r1"], LAST_MINUTES))
    assert (answer.status_code, answer.json()["code"]) == (503, "catalog_unavailable")
    assert (await officer.get("/v1/requests")).json()["requests"] == []


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
        await officer.get(f"/v1/cameras?{HERE}")
        return outage.server.process_id != first and outage.broker.broker.follower.stale_since is None

    await until(answers)
    # the new catalog is empty: nothing was said of any network yet, and what was known stays
    assert await ids_found(officer, HERE) == before
    outage.broker.rail.cameras = [camera("r2"), camera("r9")]
    await outage.broker.synchronise()
    after = [name for name in before if name != "rail-cctv:r1"]
    assert set(await ids_found(officer, HERE)) == {*after, "rail-cctv:r9"}


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
    (key,) = await all_keys(redis, "*lease*")
    assert 400 < await redis.ttl(key) <= 500


async def test_a_worker_that_waits_is_woken_and_wake_ups_do_not_pile_up(redis: Redis) -> None:
    store = CatalogStore(redis)
    waiting = asyncio.create_task(store.wait_for_wake(30))
    await store.wake_worker()
    await asyncio.wait_for(waiting, 5)
    for _ in range(200):
        await store.wake_worker()
    assert await redis.llen("{entrevue}:wake") == 64
    await redis.delete("{entrevue}:wake")
    await asyncio.wait_for(store.wait_for_wake(0.01), 5)
