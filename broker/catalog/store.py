"""The catalog in Redis. Every key is in `broker.redis_keys`; every outage becomes one `Problem` here."""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, Final, TypeVar

from redis.exceptions import OutOfMemoryError, RedisError, ResponseError

from broker import redis_keys
from broker.catalog.connection import Client
from broker.catalog.encoding import WrittenCamera
from broker.catalog.fencing import (
    ARGUMENTS_AT_MOST,
    DROP_OWN,
    FENCED,
    RENEW,
    TAKE_OR_RENEW,
    Command,
    Lease,
    LeaseLost,
    packed,
)
from broker.catalog.models import Camera, Confirmed, NetworkReport, Place, Quarantined, network_of
from broker.errors import Problem

CHUNK: Final = 2_000
CHANGES_AT_ONCE: Final = 16
"""So many entries of the change stream are read in one call."""

CAMERAS_A_CHANGE: Final = 16
"""So many cameras one entry of the change stream names at most: a list of a million is told in few."""

T = TypeVar("T")


@dataclass(frozen=True)
class Difference:
    """What a synchronisation changes: cameras to write, and ids to remove for good."""

    written: tuple[WrittenCamera, ...]
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


def _told(what: str, whose: str) -> Command:
    return ("XADD", redis_keys.CHANGES, "MAXLEN", "~", redis_keys.CHANGES_KEPT, "*", what, whose)


def _told_cameras(ids: Sequence[str]) -> Iterator[Command]:
    """Ids hold no space: a native id is percent-encoded."""
    for part in _parts(ids, CAMERAS_A_CHANGE):
        yield _told("camera", " ".join(part))


def _parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


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

    def __init__(self, redis: Client) -> None:
        # redis-py types every answer as bytes or str, whatever decode_responses says; ours are str.
        self._redis: Any = redis
        self.client = redis

    async def ping(self) -> None:
        async with _reaching_redis():
            await self._redis.ping()

    # synchronisation

    async def digests(self, network_id: str) -> dict[str, str]:
        """Camera id → digest of what is stored; read in parts, as a million would stop everything else."""
        digests: dict[str, str] = {}
        async for part in self._scan(redis_keys.network_digests(network_id)):
            digests.update(part)
        return digests

    async def apply(self, network_id: str, difference: Difference, lease: Lease | None = None) -> None:
        """Writes a difference in parts, each in one step: no camera is half there.

        With a lease, `LeaseLost` at the first part that comes after its end.
        """
        for written in _parts(difference.written, CHUNK):
            await self._write(lease, self._writing(network_id, written))
        for removed in _parts(difference.removed, CHUNK):
            await self._write(lease, self._removing(network_id, removed))

    def _writing(self, network_id: str, written: Sequence[WrittenCamera]) -> Iterator[Command]:
        bodies = [word for camera in written for word in (camera.id, camera.body.decode())]
        digests = [word for camera in written for word in (camera.id, camera.digest)]
        yield ("HSET", redis_keys.network_cameras(network_id), *bodies)
        yield ("HSET", redis_keys.network_digests(network_id), *digests)
        yield from _told_cameras([camera.id for camera in written])

    def _removing(self, network_id: str, removed: Sequence[str]) -> Iterator[Command]:
        yield ("HDEL", redis_keys.network_cameras(network_id), *removed)
        yield ("HDEL", redis_keys.network_digests(network_id), *removed)
        yield from _told_cameras(removed)

    async def _write(self, lease: Lease | None, commands: Iterable[Command]) -> None:
        """All of it in one step, and only while the lease is held; without a lease, by whoever has no rival."""
        key = redis_keys.CHANGES if lease is None else redis_keys.network_lease(lease.network)
        token = "" if lease is None else lease.token
        async with _reaching_redis():
            done = await self._redis.eval(FENCED, 1, key, token, packed(commands))
        if not done:
            raise LeaseLost(f"{key}: the network is another runner's by now")

    async def put_places(self, network_id: str, places: Iterable[Place], lease: Lease | None = None) -> None:
        """Replaces the places of a network; no write where nothing changed."""
        key = redis_keys.network_places(network_id)
        wanted = {place.id: place.model_dump_json() for place in places}
        async with _reaching_redis():
            known = await self._redis.hgetall(key)
        changed: list[tuple[str, str]] = [
            (name, body) for name, body in wanted.items() if known.get(name) != body
        ]
        gone = sorted(set(known) - set(wanted))
        if not changed and not gone:
            return
        commands: list[Command] = [
            ("HSET", key, *chain.from_iterable(part)) for part in _parts(changed, ARGUMENTS_AT_MOST // 2)
        ]
        commands += [("HDEL", key, *part) for part in _parts(gone, ARGUMENTS_AT_MOST)]
        await self._write(lease, [*commands, _told("places", network_id)])

    async def put_report(self, report: NetworkReport, lease: Lease | None = None) -> None:
        key = redis_keys.NETWORKS
        stored: Command = ("HSET", key, report.network, report.model_dump_json())
        await self._write(lease, [stored, _told("report", report.network)])

    async def put_quarantine(
        self, network_id: str, quarantine: Sequence[Quarantined], lease: Lease | None = None
    ) -> None:
        """Replaces what is known of a network's bad records."""
        key = redis_keys.network_quarantine(network_id)
        commands: list[Command] = [("DEL", key)]
        if quarantine:
            commands.append(("RPUSH", key, *(entry.model_dump_json() for entry in quarantine)))
        await self._write(lease, commands)

    async def quarantine(self, network_id: str) -> list[Quarantined]:
        """A network's bad records by reason, as its last readable answer has them."""
        async with _reaching_redis():
            stored = await self._redis.lrange(redis_keys.network_quarantine(network_id), 0, -1)
        return [Quarantined.model_validate_json(body) for body in stored]

    async def put_confirmed(
        self, network_id: str, confirmed: Confirmed | None, lease: Lease | None = None
    ) -> None:
        """The answer that somebody takes for true; None once it was taken."""
        key = redis_keys.network_confirmed(network_id)
        command: Command = ("DEL", key) if confirmed is None else ("SET", key, confirmed.model_dump_json())
        await self._write(lease, [command])

    async def confirmed(self, network_id: str) -> Confirmed | None:
        async with _reaching_redis():
            body = await self._redis.get(redis_keys.network_confirmed(network_id))
        return None if body is None else Confirmed.model_validate_json(body)

    async def announce_gazetteer(self) -> None:
        """Tells every process that places were imported."""
        await self._write(None, [_told("gazetteer", "")])

    async def forget(self, network_id: str) -> tuple[str, ...]:
        """Removes a network with its places and report; the ids of the cameras that went."""
        gone = tuple(sorted(await self.digests(network_id)))
        await self.apply(network_id, Difference(written=(), removed=gone))
        await self.put_places(network_id, ())
        await self.put_quarantine(network_id, ())
        await self._write(None, [("HDEL", redis_keys.NETWORKS, network_id), _told("report", network_id)])
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

    async def seize_lease(self, network_id: str, owner: str, seconds: float) -> None:
        """Takes the lease from whoever has it: that one's writes are refused from now on."""
        async with _reaching_redis():
            await self._redis.set(redis_keys.network_lease(network_id), owner, px=int(seconds * 1000))

    async def renew_leases(self, leases: Sequence[Lease], seconds: float) -> list[tuple[bool, str | None]]:
        """For each lease, whether it is still held, and what was confirmed of its network; those that are held last
        for so long from now."""
        async with _reaching_redis():
            pipeline = self._redis.pipeline(transaction=False)
            for lease in leases:
                key = redis_keys.network_lease(lease.network)
                pipeline.eval(RENEW, 1, key, lease.token, int(seconds * 1000))
                pipeline.get(redis_keys.network_confirmed(lease.network))
            answers = await pipeline.execute()
        return [(bool(held), confirmed) for held, confirmed in zip(answers[::2], answers[1::2], strict=True)]

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
        told = (next(iter(fields.items())) for _, fields in entries)
        found = tuple(Change(what, whose) for what, named in told for whose in named.split() or ("",))
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
        async for part in self._scan(redis_keys.network_cameras(network_id)):
            yield list(part.values())

    async def _scan(self, key: str) -> AsyncIterator[dict[str, str]]:
        """A hash in parts."""
        cursor = 0
        while True:
            async with _reaching_redis():
                cursor, part = await self._redis.hscan(key, cursor, count=CHUNK)
            yield part
            if cursor == 0:
                return


def vanished(camera: Camera, at: datetime) -> Camera:
    """The camera marked as no longer listed by its network."""
    return camera.model_copy(update={"vanished_at": camera.vanished_at or at})
