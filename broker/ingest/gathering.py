"""What one look at a network finds: its places, its cameras with their footage, the latest picture of each.

One bad record, camera or picture costs itself and is told with its reason. What goes wrong for the network as
a whole is raised.
"""

import asyncio
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final, TypeVar

from adapters.contract.capabilities import Capability
from adapters.contract.errors import AdapterError, GiveUp, NotFound
from adapters.contract.models import CameraRecord, Interval, Rejection, Snapshot
from broker.catalog.encoding import CameraFacts, written
from broker.catalog.models import Camera, Place, SnapshotReference, camera_id
from broker.catalog.store import CatalogStore
from broker.errors import Problem
from broker.ingest.evidence import Footage, proof_lasts, proven_status
from broker.ingest.listing import Listing
from broker.ingest.recorder import Recorder
from broker.ingest.round import Round
from broker.snapshots.picture import UnusablePicture, small_jpeg
from broker.vault.store import Vault, snapshot_key

RECORDER_CALLS: Final = 8
AT_ONCE: Final = 256
DEFAULT_RETENTION_DAYS: Final = 31.0
ASKED_ABOUT_CAMERAS: Final = frozenset({Capability.SPANS, Capability.SNAPSHOT})
"""Abilities for which each camera is asked about by itself."""

T = TypeVar("T")


class Gatherer:
    """Looks at networks; writes nothing but pictures."""

    def __init__(self, catalog: CatalogStore, vault: Vault, max_snapshot_bytes: int) -> None:
        self._catalog = catalog
        self._vault = vault
        self._max_snapshot_bytes = max_snapshot_bytes

    async def gather(self, recorder: Recorder, found: Round) -> None:
        """Fills the round. `AdapterError` where the network could not be listed, or no camera be reached."""
        recorder = await recorder.with_clock()
        if Capability.PLACES in recorder.capabilities:
            await self._places(recorder, found)
        if recorder.capabilities & ASKED_ABOUT_CAMERAS:
            await self._ask_about_each(recorder, found)
            return
        listing = Listing(recorder, found)
        async for part in recorder.cameras():
            for identifier, record in listing.admitted(part):
                found.take(listing.written(identifier, record))
            await asyncio.sleep(0)

    async def _places(self, recorder: Recorder, found: Round) -> None:
        async for place in recorder.places():
            if isinstance(place, Rejection):
                found.rejected.add(place)
            else:
                name = camera_id(recorder.network.id, place.native_id)
                found.add_place(Place(id=name, name=place.name, position=place.position))

    async def _ask_about_each(self, recorder: Recorder, found: Round) -> None:
        """The whole list first: a recorder may not like to wait in the middle of it, and no camera is asked about
        whose list is not believed."""
        listing, records = Listing(recorder, found), dict[str, CameraRecord]()
        async for part in recorder.cameras():
            records.update(listing.admitted(part))
        if not found.is_believed:
            return
        calls = asyncio.Semaphore(RECORDER_CALLS)

        async def complete(name: str, previous: Camera | None) -> Camera:
            async with calls:
                facts = listing.facts(name, records[name])
                return await self._complete(recorder, found, records[name], facts, previous)

        for ids in _parts(list(records), AT_ONCE):
            known = await self._known(found, ids)
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(complete(name, known.get(name))) for name in ids]
            for task in tasks:
                found.take(written(task.result()))
        if records and len(found.out_of_reach) == len(records):
            raise found.out_of_reach[0]

    async def _known(self, found: Round, ids: Sequence[str]) -> Mapping[str, Camera]:
        known = [name for name in ids if name in found.digests]
        return {camera.id: camera for camera in await self._catalog.cameras(known)}

    async def _complete(
        self,
        recorder: Recorder,
        found: Round,
        record: CameraRecord,
        facts: CameraFacts,
        previous: Camera | None,
    ) -> Camera:
        footage = await self._footage(recorder, found, record, previous)
        camera = Camera(
            **facts,
            spans=footage.spans,
            snapshot=previous.snapshot if previous else None,
        )
        if Capability.SNAPSHOT in recorder.capabilities and _wants_snapshot(camera, previous):
            reference = await self._snapshot(recorder, found, record, camera)
            camera = camera.model_copy(update={"snapshot": reference or camera.snapshot})
        status = proven_status(
            record.status,
            footage,
            camera.snapshot,
            found.told_of(record.native_id),
            found.at,
            proof_lasts(recorder.network.refresh_s),
        )
        return camera.model_copy(update={"status": status})

    async def _footage(
        self, recorder: Recorder, found: Round, record: CameraRecord, previous: Camera | None
    ) -> Footage:
        if Capability.SPANS not in recorder.capabilities:
            return Footage()
        days = record.retention_days or DEFAULT_RETENTION_DAYS
        window = Interval(start=found.at - timedelta(days=days + 1), end=found.at + timedelta(minutes=5))
        try:
            listing = await recorder.spans(record.native_id, window)
        except AdapterError as error:
            where = f"footage of {camera_id(recorder.network.id, record.native_id)}"
            found.reject(where, f"{error.code}: {error.message}")
            if not isinstance(error, GiveUp):
                found.out_of_reach.append(error)
            return Footage(previous.spans if previous else (), is_current=False)
        found.rejected.extend(listing.problems)
        return Footage(listing.spans, is_current=True)

    async def _snapshot(
        self, recorder: Recorder, found: Round, record: CameraRecord, camera: Camera
    ) -> SnapshotReference | None:
        """The reference of what the vault holds now; None where there was nothing new that is usable."""
        where = f"snapshot of {camera.id}"
        try:
            taken = await recorder.snapshot(record.native_id)
            digest = hashlib.sha256(taken.data).hexdigest()
            if camera.snapshot is not None and await self._holds(camera.snapshot, taken, digest):
                return camera.snapshot
            picture = await asyncio.to_thread(small_jpeg, taken.data, self._max_snapshot_bytes)
            key = snapshot_key(camera.id)
            await self._vault.put(key, picture)
        except NotFound:
            return None
        except (AdapterError, UnusablePicture) as error:
            found.reject(where, str(error))
            return None
        except Problem as problem:
            found.reject(where, problem.detail)
            return None
        return SnapshotReference(
            captured_at=taken.captured_at, fetched_at=found.at, vault_key=key, digest=digest
        )

    async def _holds(self, reference: SnapshotReference, taken: Snapshot, digest: str) -> bool:
        """Whether this very picture lies in the vault already."""
        if (reference.digest, reference.captured_at) != (digest, taken.captured_at):
            return False
        try:
            await self._vault.size(reference.vault_key)
        except Problem as problem:
            if problem.code != "not_found":
                raise
            return False
        return True


def _wants_snapshot(camera: Camera, previous: Camera | None) -> bool:
    """Whether there can be a newer picture than the one at hand: none yet, or footage has grown since."""
    if previous is None or previous.snapshot is None:
        return True
    newest = previous.spans[-1].interval.end if previous.spans else None
    return not camera.spans or camera.spans[-1].interval.end != newest


def _parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
