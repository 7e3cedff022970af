"""Cameras made for catalog tests, and a broker whose agreements grant what a test wants."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from adapters.contract.models import Position
from broker.agencies.models import Action
from broker.catalog.encoding import written
from broker.catalog.models import Camera, camera_id
from broker.catalog.store import CatalogStore, Difference
from tests.world import FakeRecorder, TestBroker, open_test_broker, settings

NETWORK = "rail-cctv"


def catalog_camera(
    native_id: str, lat: float | None = None, lon: float | None = None, **facts: Any
) -> Camera:
    """A camera as the catalog holds it, at the point where one is given."""
    position = None if lat is None or lon is None else Position(lat=lat, lon=lon)
    known: dict[str, Any] = {"network": NETWORK, "agency": "rail", "name": native_id, "position": position}
    known |= facts
    return Camera(id=camera_id(known["network"], native_id), **known)


async def fill(redis: Redis, cameras: Sequence[Camera]) -> CatalogStore:
    """A store on an empty server with these cameras."""
    await redis.flushall()
    store = CatalogStore(redis)
    for network in {camera.network for camera in cameras}:
        listed = tuple(written(camera) for camera in cameras if camera.network == network)
        await store.apply(network, Difference(written=listed, removed=()))
    return store


@asynccontextmanager
async def broker_granting(
    actions: Iterable[Action],
    data: Path,
    redis: Redis,
    recorders: dict[str, FakeRecorder] | None = None,
    **terms: Any,
) -> AsyncIterator[TestBroker]:
    """The test world, synchronised, with agreements for exactly these actions, or none without any."""
    configured = settings(data)
    granted = {"actions": tuple(action.value for action in Action if action in set(actions)), **terms}
    agreements = tuple(agreement.model_copy(update=granted) for agreement in configured.agreement)
    configured = configured.model_copy(update={"agreement": agreements if granted["actions"] else ()})
    async with open_test_broker(data, redis, recorders, configuration=configured) as opened:
        await opened.synchronise()
        yield opened


async def ids_found(officer: Any, query: str) -> list[str]:
    """The ids of one page."""
    answer = await officer.get(f"/v1/cameras?{query}")
    assert answer.status_code == 200, answer.text
    return [feature["id"] for feature in answer.json()["features"]]
