"""Writes a burst of changes, for `benchmarks.search.changes`. `… SOCKET WORLD CHANGED`: of a clustered world."""

import asyncio
import sys
from itertools import groupby
from pathlib import Path

from benchmarks.search.world import clustered
from broker.catalog.connection import client_of_socket
from broker.catalog.encoding import written
from broker.catalog.models import Camera
from broker.catalog.store import CatalogStore, Difference

MOVED_DEG = 0.0005
EVERY = 5


async def main() -> None:
    world, changed = clustered(int(sys.argv[2])), int(sys.argv[3])
    cameras = [_changed(number, body) for number, (*_, body) in enumerate(world.bodies(range(changed)))]
    cameras.sort(key=lambda camera: camera.network)
    async with client_of_socket(Path(sys.argv[1])) as redis:
        store = CatalogStore(redis)
        for network, some in groupby(cameras, key=lambda camera: camera.network):
            changed_cameras = tuple(written(camera) for camera in some)
            await store.apply(network, Difference(written=changed_cameras, removed=()))


def _changed(number: int, body: bytes) -> Camera:
    camera = Camera.model_validate_json(body)
    status = "down" if camera.status.value == "up" else "up"
    changes: dict[str, object] = {"status": status}
    if camera.position is not None and number % EVERY == 0:
        moved = camera.position.model_copy(update={"lat": camera.position.lat + MOVED_DEG})
        changes["position"] = moved
    return Camera.model_validate(camera.model_dump() | changes)


if __name__ == "__main__":
    asyncio.run(main())
