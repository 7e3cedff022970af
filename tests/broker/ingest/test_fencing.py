"""A runner that lost its lease writes nothing more, wherever in its round it was."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from adapters.contract.models import CameraRecord, PlaceRecord, Position, Rejection
from broker import redis_keys
from broker.catalog.encoding import written
from broker.catalog.fencing import Lease, LeaseLost
from broker.catalog.models import Place, Quarantined
from broker.catalog.store import CatalogStore, Difference
from tests.broker.catalog.catalogs import catalog_camera
from tests.broker.catalog.waiting import until
from tests.servers.catalogs import all_keys
from tests.world import NOW, TestBroker, camera, recorded_minutes

NETWORK = "rail-cctv"
LEASE_S = 60.0


async def everything(redis: Redis) -> dict[str, object]:
    """What the catalog holds, leases apart."""
    stored: dict[str, object] = {}
    for key in await all_keys(redis):
        if "lease" not in key:
            stored[key] = await redis.dump(key)
    return stored


@pytest.mark.parametrize("is_held", [True, False])
async def test_every_write_of_a_round_is_refused_once_the_lease_is_anothers(
    broker: TestBroker, redis: Redis, is_held: bool
) -> None:
    store, lease = broker.broker.catalog, Lease(NETWORK, "first.1")
    assert await store.hold_lease(NETWORK, "first.1", LEASE_S)
    if not is_held:
        await store.seize_lease(NETWORK, "second.1", LEASE_S)
    report = (await store.reports())[NETWORK].model_copy(update={"found": 77})
    difference = Difference((written(catalog_camera("new")),), ("rail-cctv:r1",))
    place = Place(id="rail-cctv:p", name="P", position=Position(lat=1, lon=2))
    bad = Quarantined(reason="bad", count=1, first_seen_at=NOW, examples=("row 1",))
    for write in (
        store.apply(NETWORK, difference, lease),
        store.put_places(NETWORK, [place], lease),
        store.put_report(report, lease),
        store.put_quarantine(NETWORK, [bad], lease),
        store.put_confirmed(NETWORK, None, lease),
    ):
        before = await everything(redis)
        if is_held:
            await write
            continue
        with pytest.raises(LeaseLost):
            await write
        assert await everything(redis) == before


async def test_a_lease_that_ran_out_is_no_lease_though_nobody_took_it(redis: Redis) -> None:
    store = CatalogStore(redis)
    assert await store.hold_lease(NETWORK, "first.1", 0.01)

    async def has_ended() -> bool:
        return not await redis.exists(redis_keys.network_lease(NETWORK))

    await until(has_ended)
    with pytest.raises(LeaseLost):
        await store.apply(NETWORK, Difference((written(catalog_camera("a")),), ()), Lease(NETWORK, "first.1"))
    assert await all_keys(redis) == []


@pytest.mark.parametrize("step", ["list_places", "list_cameras", "list_spans"])
async def test_a_round_whose_network_is_taken_over_in_the_middle_changes_nothing(
    broker: TestBroker, redis: Redis, step: str
) -> None:
    """As a process does that was stopped in there and goes on later, believing that it still runs the network."""
    store, lease = broker.broker.catalog, Lease(NETWORK, "first.1")
    reached, go_on = asyncio.Event(), asyncio.Event()
    broker.rail.places = [PlaceRecord(native_id="p", name="P", position=Position(lat=1, lon=2))]
    broker.rail.cameras = [*broker.rail.cameras, camera("new"), Rejection(where="row 9", reason="bad")]
    broker.rail.footage["new"] = recorded_minutes(NOW, 1)
    original = getattr(broker.rail, step)

    async def stop_there() -> None:
        reached.set()
        await go_on.wait()

    async def spans(*given: object) -> object:
        await stop_there()
        return await original(*given)

    async def listing() -> AsyncIterator[CameraRecord | PlaceRecord | Rejection]:
        async for record in original():
            yield record
        await stop_there()

    setattr(broker.rail, step, spans if step == "list_spans" else listing)
    assert await store.hold_lease(NETWORK, "first.1", LEASE_S)
    round_of_first = asyncio.create_task(broker.broker.ingest.synchronise(NETWORK, lease))
    await reached.wait()
    await store.seize_lease(NETWORK, "second.1", LEASE_S)
    before = await everything(redis)
    go_on.set()
    with pytest.raises(LeaseLost):
        await round_of_first
    assert await everything(redis) == before


async def test_a_round_for_the_command_takes_the_network_from_its_runner_and_gives_it_back(
    broker: TestBroker,
) -> None:
    store, schedule = broker.broker.catalog, broker.broker.schedule
    network = broker.broker.recorders.network(NETWORK)
    assert await store.hold_lease(NETWORK, "runner.1", LEASE_S)
    assert not await schedule.run_once(network)
    report = await schedule.run_now(network)
    assert report.error is None
    assert await store.renew_leases([Lease(NETWORK, "runner.1")], LEASE_S) == [(False, None)]
    assert await store.hold_lease(NETWORK, "runner.2", LEASE_S)
