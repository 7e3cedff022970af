"""What one look at a network finds: its places, its cameras with their footage, the latest picture of each.

One bad record, camera or picture costs itself and is told with its reason. What goes wrong for the network as
a whole is raised.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final, TypeVar

from adapters.contract.capabilities import Capability
from adapters.contract.errors import AdapterError, GiveUp
from adapters.contract.models import CameraRecord, Interval, Rejection
from broker.catalog.encoding import CameraFacts, written
from broker.catalog.models import Camera, Place, camera_id
from broker.catalog.store import CatalogStore
from broker.ingest.evidence import Footage, proof_lasts, proven_status
from broker.ingest.listing import Listing
from broker.ingest.pictures import Pictures
from broker.ingest.recorder import Recorder
from broker.ingest.round import Round
from broker.ingest.scenes import Scenes

RECORDER_CALLS: Final = 8
AT_ONCE: Final = 256
DEFAULT_RETENTION_DAYS: Final = 31.0
ASKED_ABOUT_CAMERAS: Final = frozenset({Capability.SPANS, Capability.SNAPSHOT})
"""Abilities for which each camera is asked about by itself."""

T = TypeVar("T")


class Gatherer:
    """Looks at networks; writes nothing but pictures."""

    def __init__(self, catalog: CatalogStore, pictures: Pictures, scenes: Scenes) -> None:
        self._catalog = catalog
        self._pictures = pictures
        self._scenes = scenes

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
        network_id, listed = recorder.network.id, frozenset(record.native_id for record in records.values())
        for native_id in self._scenes.unlisted(network_id, listed):
            found.reject(
                f"masks of {network_id}", f"they name {native_id!r}, which the network does not list"
            )
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
        wants_picture = Capability.SNAPSHOT in recorder.capabilities
        if wants_picture and self._pictures.wanted(camera, record.native_id, previous):
            picture = await self._pictures.renew(recorder, camera, record.native_id, found.at, found.reject)
            camera = camera.model_copy(update={"snapshot": picture})
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


def _parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
