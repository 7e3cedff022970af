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
from broker.catalog.models import Camera, NetworkReport, Place, network_of
from broker.errors import Problem

CHUNK: Final = 2_000
CHANGES_AT_ONCE: Final = 200

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


@dataclass(frozen=True)
class ChangesRead:
    """How far a reader of the change stream has come: the last entry, and how many were ever added until then."""

    last_id: str
    count: int


@dataclass(frozen=True)
class Change:
    """`what` is `camera`, `report`, `places` (of a network) or `gazetteer`; `whose` the id of it."""

    what: str
    whose: str


@dataclass(frozen=True)
class Changes:
    """What was read, up to `read`. `lost` where the stream was cut before the reader came: read everything."""

    read: ChangesRead
    changes: tuple[Change, ...]
    lost: bool


def _announce(pipeline: Any, what: str, whose: str) -> None:
    pipeline.xadd(redis_keys.CHANGES, {what: whose}, maxlen=redis_keys.CHANGES_KEPT, approximate=True)


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
            _announce(pipeline, "camera", camera.id)
        await pipeline.execute()

    async def _remove(self, network_id: str, removed: Sequence[str]) -> None:
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.hdel(redis_keys.network_cameras(network_id), *removed)
        pipeline.hdel(redis_keys.network_digests(network_id), *removed)
        for identifier in removed:
            _announce(pipeline, "camera", identifier)
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
                _announce(pipeline, "places", network_id)
                await pipeline.execute()

    async def put_report(self, report: NetworkReport) -> None:
        async with _reaching_redis():
            pipeline = self._redis.pipeline(transaction=True)
            pipeline.hset(redis_keys.NETWORKS, report.network, report.model_dump_json())
            _announce(pipeline, "report", report.network)
            await pipeline.execute()

    async def announce_gazetteer(self) -> None:
        """Tells every process that places were imported."""
        async with _reaching_redis():
            pipeline = self._redis.pipeline(transaction=False)
            _announce(pipeline, "gazetteer", "")
            await pipeline.execute()

    async def forget(self, network_id: str) -> tuple[str, ...]:
        """Removes a network with its places and report; the ids of the cameras that went."""
        gone = tuple(sorted(await self.digests(network_id)))
        await self.apply(network_id, Difference(written=(), removed=gone))
        await self.put_places(network_id, ())
        async with _reaching_redis():
            pipeline = self._redis.pipeline(transaction=True)
            pipeline.hdel(redis_keys.NETWORKS, network_id)
            _announce(pipeline, "report", network_id)
            await pipeline.execute()
        return gone

    async def reports(self) -> dict[str, NetworkReport]:
        """Network id → what its last synchronisation found."""
        async with _reaching_redis():
            stored = await self._redis.hgetall(redis_keys.NETWORKS)
        return {name: NetworkReport.model_validate_json(body) for name, body in stored.items()}

    async def report(self, network_id: str) -> NetworkReport | None:
        async with _reaching_redis():
            body = await self._redis.hget(redis_keys.NETWORKS, network_id)
        return None if body is None else NetworkReport.model_validate_json(body)

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
        bodies = await self.bodies(ids)
        return [Camera.model_validate_json(body) for body in bodies if body is not None]

    async def network_cameras(self, network_id: str) -> list[Camera]:
        async with _reaching_redis():
            bodies = await self._redis.hvals(redis_keys.network_cameras(network_id))
        return [Camera.model_validate_json(body) for body in bodies]

    async def places(self, networks: Iterable[str]) -> list[Place]:
        async with _reaching_redis():
            pipeline = self._redis.pipeline(transaction=False)
            for network_id in networks:
                pipeline.hvals(redis_keys.network_places(network_id))
            answers = await pipeline.execute()
        return [Place.model_validate_json(body) for bodies in answers for body in bodies]

    # following

    async def identity(self, proposed: str) -> str:
        """What tells this catalog from one that is begun anew after a loss: made up once by whoever asks first."""
        async with _reaching_redis():
            earlier = await self._redis.set(redis_keys.IDENTITY, proposed, nx=True, get=True)
        return proposed if earlier is None else str(earlier)

    async def changes_end(self) -> ChangesRead:
        """Where the change stream ends now."""
        async with _reaching_redis():
            if not await self._redis.exists(redis_keys.CHANGES):
                return ChangesRead("0-0", 0)
            about = await self._redis.xinfo_stream(redis_keys.CHANGES)
        return ChangesRead(about["last-generated-id"], about["entries-added"])

    async def changes(self, read: ChangesRead, wait_s: float | None) -> Changes:
        """What changed after `read`, at once or, where nothing did, within `wait_s`."""
        wait_ms = None if wait_s is None else int(wait_s * 1000)
        async with _reaching_redis():
            answer = await self._redis.xread({redis_keys.CHANGES: read.last_id}, CHANGES_AT_ONCE, wait_ms)
            entries = answer[0][1] if answer else []
            if not entries:
                return Changes(read, (), lost=False)
            cut = 0
            if len(entries) == CHANGES_AT_ONCE:  # whatever was cut off lies further back than so many
                about = await self._redis.xinfo_stream(redis_keys.CHANGES)
                cut = about["entries-added"] - about["length"]
        found = tuple(Change(*next(iter(fields.items()))) for _, fields in entries)
        reached = ChangesRead(entries[-1][0], read.count + len(entries))
        return Changes(reached, found, lost=cut > read.count)

    async def bodies(self, ids: Sequence[str]) -> list[str | None]:
        """The cameras as they are stored, None where there is none."""
        by_network: dict[str, list[str]] = {}
        for identifier in ids:
            by_network.setdefault(network_of(identifier), []).append(identifier)
        found: dict[str, str | None] = {}
        async with _reaching_redis():
            pipeline = self._redis.pipeline(transaction=False)
            for network_id, members in by_network.items():
                pipeline.hmget(redis_keys.network_cameras(network_id), members)
            answers = await pipeline.execute()
        for members, bodies in zip(by_network.values(), answers, strict=True):
            found.update(zip(members, bodies, strict=True))
        return [found[identifier] for identifier in ids]

    async def network_bodies(self, network_id: str) -> AsyncIterator[list[str]]:
        """All cameras of a network as they are stored, in parts; one that changes meanwhile comes in either
        state."""
        key, cursor = redis_keys.network_cameras(network_id), 0
        while True:
            async with _reaching_redis():
                cursor, part = await self._redis.hscan(key, cursor, count=CHUNK)
            yield list(part.values())
            if cursor == 0:
                return


def vanished(camera: Camera, at: datetime) -> Camera:
    """The camera marked as no longer listed by its network."""
    return camera.model_copy(update={"vanished_at": camera.vanished_at or at})
