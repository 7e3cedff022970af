"""What one look at a network finds: its places, its cameras with their footage, the latest picture of each.

One bad record, camera or picture costs itself and is told with its reason. What goes wrong for the network as
a whole is raised.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from adapters.contract.capabilities import Capability
from adapters.contract.errors import AdapterError, GiveUp
from adapters.contract.models import CameraRecord, CameraStatus, Interval, Rejection, Span
from broker.catalog.gazetteers.shelf import KnownPlaces
from broker.catalog.models import Camera, Place, camera_id, network_of
from broker.catalog.names import folded_name
from broker.ingest.pictures import Pictures
from broker.ingest.recorder import Recorder
from broker.ingest.scenes import Scenes

RECORDER_CALLS: Final = 8
DEFAULT_RETENTION_DAYS: Final = 31.0
NAMESAKES_TOLD: Final = 4
PROOF_REFRESHES: Final = 2
PROOF_AT_LEAST: Final = timedelta(minutes=2)
"""Footage that ended within so many refreshes, or so long ago, proves that a camera works: recorders close
their files every minute or so, and show a file only then."""


@dataclass
class Round:
    """What one look gathers. `known` is what the catalog holds of the network, `gazetteers` the public places."""

    at: datetime
    known: Mapping[str, Camera]
    gazetteers: KnownPlaces = field(default_factory=KnownPlaces)
    places: dict[str, Place] = field(default_factory=dict)
    cameras: dict[str, Camera] = field(default_factory=dict)
    rejected: list[Rejection] = field(default_factory=list)
    out_of_reach: list[AdapterError] = field(default_factory=list)
    _place_by_name: dict[str, Place] = field(default_factory=dict)

    def reject(self, where: str, reason: str) -> None:
        self.rejected.append(Rejection(where=where, reason=reason))

    def add_place(self, place: Place) -> None:
        if place.id in self.places:
            self.reject(place.id, "place listed twice: the first counts")
            return
        self.places[place.id] = place
        if name := folded_name(place.name):
            self._place_by_name.setdefault(name, place)

    def place_of(self, identifier: str, record: CameraRecord) -> Place | None:
        """The network's own place with the native id that the camera names, else its first one with the name; else
        the place of a gazetteer with the id, else the only one with the name.

        A camera that nothing else locates is told of where it names several, or an id that there is not.
        """
        named = record.place
        if named is None:
            return None
        own = self.places.get(camera_id(network_of(identifier), named))
        place = own or self._place_by_name.get(folded_name(named)) or self.gazetteers.get(named)
        if place is not None:
            return place
        namesakes = self.gazetteers.named(named, NAMESAKES_TOLD)
        if len(namesakes) == 1:
            return namesakes[0]
        if record.position is None and namesakes:
            ids = ", ".join(namesake.id for namesake in namesakes)
            self.reject(identifier, f"its place {named!r} names several places: give its id ({ids})")
        elif record.position is None and network_of(named) in self.gazetteers.lists:
            self.reject(identifier, f"its place {named!r} is not in the gazetteer {network_of(named)}")
        return None


@dataclass(frozen=True)
class Footage:
    """A camera's spans. `is_current` is False where the recorder did not say and they are what was known."""

    spans: tuple[Span, ...]
    is_current: bool


class Gatherer:
    """Looks at networks; writes nothing but pictures."""

    def __init__(self, pictures: Pictures, scenes: Scenes) -> None:
        self._pictures = pictures
        self._scenes = scenes

    async def gather(self, recorder: Recorder, found: Round) -> None:
        """Fills the round. `AdapterError` where the network could not be listed, or no camera be reached."""
        network_id = recorder.network.id
        recorder = await recorder.with_clock()
        if Capability.PLACES in recorder.capabilities:
            async for place in recorder.places():
                if isinstance(place, Rejection):
                    found.rejected.append(place)
                else:
                    name = camera_id(network_id, place.native_id)
                    found.add_place(Place(id=name, name=place.name, position=place.position))
        records = await self._list(recorder, found)
        listed = frozenset(record.native_id for record in records.values())
        for native_id in self._scenes.unlisted(network_id, listed):
            found.reject(
                f"masks of {network_id}", f"they name {native_id!r}, which the network does not list"
            )
        calls = asyncio.Semaphore(RECORDER_CALLS)

        async def complete(record: CameraRecord) -> Camera:
            async with calls:
                return await self._complete(recorder, found, record)

        async with asyncio.TaskGroup() as group:
            tasks = {name: group.create_task(complete(record)) for name, record in records.items()}
        if records and len(found.out_of_reach) == len(records):
            raise found.out_of_reach[0]
        found.cameras.update({name: task.result() for name, task in tasks.items()})

    async def _list(self, recorder: Recorder, found: Round) -> dict[str, CameraRecord]:
        records: dict[str, CameraRecord] = {}
        async for record in recorder.cameras():
            if isinstance(record, Rejection):
                found.rejected.append(record)
                continue
            name = camera_id(recorder.network.id, record.native_id)
            if name in records:
                found.reject(name, "listed twice: the first counts")
            else:
                records[name] = record
        return records

    async def _complete(self, recorder: Recorder, found: Round, record: CameraRecord) -> Camera:
        network = recorder.network
        identifier = camera_id(network.id, record.native_id)
        previous = found.known.get(identifier)
        place = found.place_of(identifier, record)
        footage = await self._footage(recorder, found, record, previous)
        status = _status(recorder, record, footage, found.at)
        same = previous is not None and previous.status is status and previous.vanished_at is None
        camera = Camera(
            id=identifier,
            network=network.id,
            agency=network.agency,
            name=record.name,
            kind=record.kind,
            position=record.position,
            place=place.id if place else None,
            place_name=place.name if place else record.place,
            place_position=place.position if place else None,
            level=record.level,
            views=record.views,
            streams=record.streams,
            status=status,
            status_since=previous.status_since if same and previous else found.at,
            retention_days=record.retention_days,
            tags=tuple(sorted(record.tags)),
            offers=tuple(sorted(recorder.capabilities)),
            spans=footage.spans,
            clock_offset_ms=recorder.clock_offset_ms,
            snapshot=previous.snapshot if previous else None,
        )
        wants_picture = Capability.SNAPSHOT in recorder.capabilities
        if wants_picture and self._pictures.wanted(camera, record.native_id, previous):
            picture = await self._pictures.renew(recorder, camera, record.native_id, found.at, found.reject)
            camera = camera.model_copy(update={"snapshot": picture})
        return camera

    async def _footage(
        self, recorder: Recorder, found: Round, record: CameraRecord, previous: Camera | None
    ) -> Footage:
        if Capability.SPANS not in recorder.capabilities:
            return Footage((), is_current=True)
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


def _status(recorder: Recorder, record: CameraRecord, footage: Footage, at: datetime) -> CameraStatus:
    """What is proven: recent footage proves `up`; footage that stopped proves `down`, if one could look."""
    if not footage.spans:
        return record.status
    proof = max(PROOF_AT_LEAST, timedelta(seconds=PROOF_REFRESHES * recorder.network.refresh_s))
    if at - footage.spans[-1].interval.end <= proof:
        return CameraStatus.UP
    return CameraStatus.DOWN if footage.is_current else CameraStatus.STALE
