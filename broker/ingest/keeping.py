"""Writes into the catalog what a round found to differ, in parts, and marks what its network no longer lists."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from adapters.contract.models import HealthEvent
from broker.catalog.encoding import GONE, EarlierCamera, WrittenCamera, earlier, with_since, written
from broker.catalog.fencing import Lease
from broker.catalog.models import camera_id
from broker.catalog.store import CatalogStore, Difference, vanished
from broker.ingest.pictures import Pictures
from broker.ingest.round import Round

AT_ONCE: Final = 1_000


@dataclass(frozen=True)
class Kept:
    """How many cameras a round changed in the catalog."""

    added: int
    changed: int
    vanished: int
    removed: int

    @property
    def is_nothing(self) -> bool:
        return not (self.added or self.changed or self.vanished or self.removed)


class Keeper:
    """Keeps the catalog as the rounds say, while their lease is held. `keep` is how long a vanished camera stays."""

    def __init__(self, catalog: CatalogStore, pictures: Pictures, keep: timedelta) -> None:
        self._catalog = catalog
        self._pictures = pictures
        self._keep = keep

    async def keep(self, network_id: str, found: Round, lease: Lease | None) -> Kept:
        """Writes the round's difference. Repeating what was cut short changes nothing more."""
        await self._catalog.put_places(network_id, found.places.values(), lease)
        added = 0
        for part in found.differing.parts(AT_ONCE):
            added += await self._write(network_id, part, found, lease)
        gone = [name for name in found.digests if name not in found.listed]
        newly_gone, removed = 0, 0
        for start in range(0, len(gone), AT_ONCE):
            part_gone = gone[start : start + AT_ONCE]
            newly_gone += sum(not found.digests[name].startswith(GONE) for name in part_gone)
            removed += await self._mark(network_id, part_gone, found.at, lease)
        return Kept(added, len(found.differing) - added, newly_gone, removed)

    async def drop_pictures(self, camera_ids: Iterable[str]) -> None:
        for identifier in camera_ids:
            await self._pictures.forget(identifier)

    async def show_status(self, network_id: str, event: HealthEvent, lease: Lease | None) -> None:
        """Writes what a recorder told between two rounds; what is listed no more stays as it was."""
        if event.native_id is None:
            ids = list(await self._catalog.digests(network_id))
        else:
            ids = [camera_id(network_id, event.native_id)]
        for start in range(0, len(ids), AT_ONCE):
            cameras = await self._catalog.cameras(ids[start : start + AT_ONCE])
            told = {"status": event.status, "status_since": event.at}
            changed = tuple(
                written(camera.model_copy(update=told))
                for camera in cameras
                if camera.vanished_at is None and camera.status is not event.status
            )
            await self._catalog.apply(network_id, Difference(written=changed, removed=()), lease)

    async def _write(
        self, network_id: str, part: Sequence[WrittenCamera], found: Round, lease: Lease | None
    ) -> int:
        """Writes cameras, each with since when its status is what it is; how many of them are new."""
        known = [camera.id for camera in part if camera.id in found.digests]
        bodies = await self._catalog.bodies(known)
        before = {camera.id: camera for camera in _earlier(bodies)}
        dated = tuple(
            camera._replace(body=with_since(camera.body, _since(camera, before.get(camera.id), found.at)))
            for camera in part
        )
        await self._catalog.apply(network_id, Difference(written=dated, removed=()), lease)
        return len(part) - len(known)

    async def _mark(self, network_id: str, gone: Sequence[str], at: datetime, lease: Lease | None) -> int:
        """Marks cameras as vanished, and removes those that have been so for long; how many were removed."""
        cameras = await self._catalog.cameras(gone)
        removed = tuple(
            sorted(
                camera.id
                for camera in cameras
                if camera.vanished_at is not None and at - camera.vanished_at > self._keep
            )
        )
        marked = tuple(written(vanished(camera, at)) for camera in cameras if camera.vanished_at is None)
        await self.drop_pictures(removed)
        await self._catalog.apply(network_id, Difference(written=marked, removed=removed), lease)
        return len(removed)


def _earlier(bodies: Iterable[str | None]) -> Iterator[EarlierCamera]:
    return (earlier(body) for body in bodies if body is not None)


def _since(camera: WrittenCamera, before: EarlierCamera | None, at: datetime) -> datetime:
    """Since when the status is what it is: kept where it did not change and the camera was there."""
    if before is None or before.vanished_at is not None or before.status_since is None:
        return at
    return before.status_since if earlier(camera.body).status == before.status else at
