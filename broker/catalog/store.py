"""The catalog in Redis. Every key is in `broker.redis_keys`; every outage becomes one `Problem` here."""

import hashlib
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import OutOfMemoryError, RedisError, ResponseError

from broker import redis_keys
from broker.catalog.models import Box, Camera, NetworkReport, Place, Radius, network_of, wrapped_deg
from broker.errors import Problem

GEO_LATITUDE_LIMIT_DEG: Final = 85.05
"""Redis refuses positions beyond it (GEOADD's documentation)."""

GEO_RELIABLE_LATITUDE_DEG: Final = 80.0
METRES_A_DEGREE: Final = 111_700
"""The longest degree of latitude, rounded up."""

CHUNK: Final = 2_000
WIDEN: Final = 1.01
"""Redis measures on a sphere and rounds positions to 52 bits; candidates are taken from a little further."""


TAKE_OR_RENEW: Final = """
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""
"""One step in the server: between two calls of ours, the lease could pass to another process."""

DROP_OWN: Final = (
    "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
)


@dataclass(frozen=True)
class Difference:
    """What a synchronisation changes: cameras to write with their digests, and ids to remove for good."""

    written: tuple[tuple[Camera, str], ...]
    removed: tuple[str, ...]


def digest(camera: Camera) -> str:
    """Changes when anything that the catalog says of the camera changes."""
    return hashlib.blake2b(camera.model_dump_json().encode(), digest_size=12).hexdigest()


@asynccontextmanager
async def _reaching_redis() -> AsyncIterator[None]:
    try:
        yield
    except ResponseError as error:
        if isinstance(error, OutOfMemoryError) or "MISCONF" in str(error):
            raise Problem(
                "storage_full",
                "the catalog's store has no room: nothing was changed; free space and try again",
            ) from error
        raise
    except (RedisError, OSError) as error:
        raise Problem(
            "catalog_unavailable", "the catalog does not answer: try again", retry_after_s=2
        ) from error


class CatalogStore:
    """Reads and writes over one Redis client with `decode_responses=True`."""

    def __init__(self, redis: "Redis") -> None:
        # redis-py types every answer as bytes or str, whatever decode_responses says; ours are str.
        self._redis: Any = redis

    async def ping(self) -> None:
        async with _reaching_redis():
            await self._redis.ping()

    # synchronisation

    async def digests(self, network_id: str) -> dict[str, str]:
        """Camera id → digest of what is stored."""
        async with _reaching_redis():
            return dict(await self._redis.hgetall(redis_keys.network_digests(network_id)))

    async def apply(self, network_id: str, difference: Difference) -> None:
        """Writes a difference in pipelines; a chunk is one transaction: no camera is half there."""
        async with _reaching_redis():
            for start in range(0, len(difference.written), CHUNK):
                await self._write(network_id, difference.written[start : start + CHUNK])
            for start in range(0, len(difference.removed), CHUNK):
                await self._remove(network_id, difference.removed[start : start + CHUNK])

    async def _write(self, network_id: str, written: Sequence[tuple[Camera, str]]) -> None:
        pipeline = self._redis.pipeline(transaction=True)
        bodies = {camera.id: camera.model_dump_json(exclude_defaults=True) for camera, _ in written}
        pipeline.hset(redis_keys.network_cameras(network_id), mapping=bodies)
        pipeline.hset(redis_keys.network_digests(network_id), mapping={c.id: d for c, d in written})
        for camera, _ in written:
            place = camera.located
            if place is None:
                pipeline.zrem(redis_keys.GEO, camera.id)
                pipeline.srem(redis_keys.POLAR, camera.id)
            elif abs(place.lat) > GEO_LATITUDE_LIMIT_DEG:
                pipeline.zrem(redis_keys.GEO, camera.id)
                pipeline.sadd(redis_keys.POLAR, camera.id)
            else:
                pipeline.geoadd(redis_keys.GEO, (wrapped_deg(place.lon), place.lat, camera.id))
                pipeline.srem(redis_keys.POLAR, camera.id)
            change = {"camera": camera.id, "change": "vanished" if camera.vanished_at else "written"}
            pipeline.xadd(redis_keys.CHANGES, change, maxlen=redis_keys.CHANGES_KEPT, approximate=True)
        await pipeline.execute()

    async def _remove(self, network_id: str, removed: Sequence[str]) -> None:
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.hdel(redis_keys.network_cameras(network_id), *removed)
        pipeline.hdel(redis_keys.network_digests(network_id), *removed)
        pipeline.zrem(redis_keys.GEO, *removed)
        pipeline.srem(redis_keys.POLAR, *removed)
        for identifier in removed:
            change = {"camera": identifier, "change": "removed"}
            pipeline.xadd(redis_keys.CHANGES, change, maxlen=redis_keys.CHANGES_KEPT, approximate=True)
        await pipeline.execute()

    async def put_places(self, network_id: str, places: Iterable[Place]) -> None:
        """Replaces the places of a network; no write where nothing changed."""
        key = redis_keys.network_places(network_id)
        wanted = {place.id: place.model_dump_json() for place in places}
        async with _reaching_redis():
            known = await self._redis.hgetall(key)
            pipeline = self._redis.pipeline(transaction=True)
            changed = {name: body for name, body in wanted.items() if known.get(name) != body}
            if changed:
                pipeline.hset(key, mapping=changed)
            if gone := set(known) - set(wanted):
                pipeline.hdel(key, *gone)
            if len(pipeline):
                await pipeline.execute()

    async def put_report(self, report: NetworkReport) -> None:
        async with _reaching_redis():
            await self._redis.hset(redis_keys.NETWORKS, report.network, report.model_dump_json())

    async def forget(self, network_id: str) -> tuple[str, ...]:
        """Removes a network with its places and report; the ids of the cameras that went."""
        gone = tuple(sorted(await self.digests(network_id)))
        await self.apply(network_id, Difference(written=(), removed=gone))
        await self.put_places(network_id, ())
        async with _reaching_redis():
            await self._redis.hdel(redis_keys.NETWORKS, network_id)
        return gone

    async def reports(self) -> dict[str, NetworkReport]:
        """Network id → what its last synchronisation found."""
        async with _reaching_redis():
            stored = await self._redis.hgetall(redis_keys.NETWORKS)
        return {name: NetworkReport.model_validate_json(body) for name, body in stored.items()}

    # leases and wake-ups

    async def hold_lease(self, network_id: str, owner: str, seconds: float) -> bool:
        """Takes or renews the right to run a network's ingest; False while another process has it."""
        key, milliseconds = redis_keys.network_lease(network_id), int(seconds * 1000)
        async with _reaching_redis():
            return bool(await self._redis.eval(TAKE_OR_RENEW, 1, key, owner, milliseconds))

    async def drop_lease(self, network_id: str, owner: str) -> None:
        """Lets another process go on at once; nothing happens where the lease is another's."""
        async with _reaching_redis():
            await self._redis.eval(DROP_OWN, 1, redis_keys.network_lease(network_id), owner)

    async def wake_worker(self) -> None:
        """Tells a worker that work is due. The ledger is the queue: a lost wake-up only costs a poll."""
        async with _reaching_redis():
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.lpush(redis_keys.WAKE, "1")
            pipeline.ltrim(redis_keys.WAKE, 0, redis_keys.WAKES_KEPT - 1)
            await pipeline.execute()

    async def wait_for_wake(self, timeout_s: float) -> None:
        """Returns at a wake-up or after the timeout."""
        async with _reaching_redis():
            await self._redis.brpop([redis_keys.WAKE], timeout=timeout_s)

    # reading

    async def cameras(self, ids: Sequence[str]) -> list[Camera]:
        """The cameras with these ids that there are, in that order."""
        by_network: dict[str, list[str]] = {}
        for identifier in ids:
            by_network.setdefault(network_of(identifier), []).append(identifier)
        found: dict[str, Camera] = {}
        async with _reaching_redis():
            pipeline = self._redis.pipeline(transaction=False)
            for network_id, members in by_network.items():
                pipeline.hmget(redis_keys.network_cameras(network_id), members)
            for bodies in await pipeline.execute():
                for body in bodies:
                    if body is not None:
                        camera = Camera.model_validate_json(body)
                        found[camera.id] = camera
        return [found[identifier] for identifier in ids if identifier in found]

    async def network_cameras(self, network_id: str) -> list[Camera]:
        async with _reaching_redis():
            bodies = await self._redis.hvals(redis_keys.network_cameras(network_id))
        return [Camera.model_validate_json(body) for body in bodies]

    async def candidates(self, area: Radius | Box | None, networks: Iterable[str]) -> list[Camera]:
        """Every camera of these networks that may lie in the area; the caller measures exactly."""
        wanted = frozenset(networks)
        if area is None:
            return [
                camera for network_id in sorted(wanted) for camera in await self.network_cameras(network_id)
            ]
        async with _reaching_redis():
            polar = await self._redis.smembers(redis_keys.POLAR)
            if _is_wide(area):
                near = await self._redis.zrange(redis_keys.GEO, 0, -1)
            else:
                near = await self._redis.geosearch(redis_keys.GEO, unit="m", **_geo_arguments(area))
        return await self.cameras([name for name in (*near, *polar) if network_of(name) in wanted])

    async def places(self, networks: Iterable[str]) -> list[Place]:
        async with _reaching_redis():
            pipeline = self._redis.pipeline(transaction=False)
            for network_id in networks:
                pipeline.hvals(redis_keys.network_places(network_id))
            answers = await pipeline.execute()
        return [Place.model_validate_json(body) for bodies in answers for body in bodies]

    async def place(self, place_id: str) -> Place | None:
        async with _reaching_redis():
            body = await self._redis.hget(redis_keys.network_places(network_of(place_id)), place_id)
        return None if body is None else Place.model_validate_json(body)


def _is_wide(area: Radius | Box) -> bool:
    """An area that Redis cannot express: near or round a pole, or over 90 degrees wide or high.

    Its GEOSEARCH loses cameras there, across the antimeridian above all; the whole index is read instead.
    """
    if isinstance(area, Radius):
        return abs(area.lat_deg) + area.radius_m / METRES_A_DEGREE > GEO_RELIABLE_LATITUDE_DEG
    return (
        area.width_deg > 90
        or area.north_deg - area.south_deg > 90
        or max(abs(area.north_deg), abs(area.south_deg)) > GEO_RELIABLE_LATITUDE_DEG
    )


def _geo_arguments(area: Radius | Box) -> dict[str, float]:
    """GEOSEARCH's shape, a little wider than the area. It takes no longitude of 180."""
    if isinstance(area, Radius):
        lat_deg, lon_deg = area.lat_deg, wrapped_deg(area.lon_deg)
        return {"latitude": lat_deg, "longitude": lon_deg, "radius": area.radius_m * WIDEN + 2}
    lat_deg, lon_deg = area.centre_deg
    return {
        "latitude": lat_deg,
        "longitude": lon_deg,
        "width": (area.width_deg * METRES_A_DEGREE + 4) * WIDEN,
        "height": ((area.north_deg - area.south_deg) * METRES_A_DEGREE + 4) * WIDEN,
    }


def vanished(camera: Camera, at: datetime) -> Camera:
    """The camera marked as no longer listed by its network."""
    return camera.model_copy(update={"vanished_at": camera.vanished_at or at})
