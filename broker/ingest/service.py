"""Brings one network into the catalog: lists, compares, writes the difference, marks what vanished.

A network that fails, or that suddenly lists nothing, changes nothing: what was known stays, and the report
says why.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from adapters.contract.capabilities import Capability
from adapters.contract.errors import AdapterError
from adapters.contract.models import CameraRecord, CameraStatus, Interval, Rejection, Span
from broker.audit import store as audit
from broker.audit.models import NewEntry, Operation
from broker.catalog.models import Camera, NetworkReport, Place, SnapshotReference, camera_id
from broker.catalog.service import folded
from broker.catalog.store import CatalogStore, Difference, digest, vanished
from broker.clock import Clock
from broker.ingest.recorder import Recorder, Recorders
from broker.ledger.engine import Ledger
from broker.settings import Settings
from broker.snapshots.picture import UnusablePicture, small_jpeg
from broker.vault.store import Vault, snapshot_key

REASONS_KEPT: Final = 100
RECORDER_CALLS: Final = 8
DEFAULT_RETENTION_DAYS: Final = 31.0
PROOF_REFRESHES: Final = 2
PROOF_AT_LEAST: Final = timedelta(minutes=2)
"""Footage that ended within so many refreshes, or so long ago, proves that a camera works: recorders close
their files every minute or so, and show a file only then."""


@dataclass
class _Round:
    """What one synchronisation gathers."""

    at: datetime
    places: dict[str, Place] = field(default_factory=dict)
    cameras: dict[str, Camera] = field(default_factory=dict)
    rejected: list[Rejection] = field(default_factory=list)

    def place_of(self, network_id: str, named: str | None) -> Place | None:
        """The place with this native id, else the one with this name."""
        if named is None:
            return None
        by_id = self.places.get(camera_id(network_id, named))
        if by_id is not None:
            return by_id
        wanted = folded(named)
        return next((place for place in self.places.values() if folded(place.name) == wanted), None)


class Ingest:
    """The service of this domain."""

    def __init__(
        self,
        recorders: Recorders,
        catalog: CatalogStore,
        ledger: Ledger,
        vault: Vault,
        clock: Clock,
        settings: Settings,
    ) -> None:
        self._recorders = recorders
        self._catalog = catalog
        self._ledger = ledger
        self._vault = vault
        self._clock = clock
        self._settings = settings.broker

    async def synchronise(self, network_id: str) -> NetworkReport:
        """One round for one network. Failures at the recorder are in the report, not raised."""
        gathered = _Round(at=self._clock.now())
        known = {camera.id: camera for camera in await self._catalog.network_cameras(network_id)}
        try:
            recorder = self._recorders.get(network_id)
            await self._gather(recorder, gathered, known)
        except AdapterError as error:
            return await self._failed(network_id, gathered, f"{error.code}: {error.message}")
        listed = {name for name, camera in known.items() if camera.vanished_at is None}
        if listed and not gathered.cameras:
            return await self._failed(
                network_id,
                gathered,
                f"listed no usable camera, {len(listed)} were known: kept what was known",
            )
        gone = [known[name] for name in known if name not in gathered.cameras]
        keep = timedelta(days=self._settings.vanished_keep_days)
        removed = [c.id for c in gone if c.vanished_at is not None and gathered.at - c.vanished_at > keep]
        marked = [vanished(camera, gathered.at) for camera in gone if camera.id not in removed]
        digests = await self._catalog.digests(network_id)
        written = tuple(
            (camera, body)
            for camera in [*gathered.cameras.values(), *marked]
            if digests.get(camera.id) != (body := digest(camera))
        )
        await self._catalog.put_places(network_id, gathered.places.values())
        await self._catalog.apply(network_id, Difference(written=written, removed=tuple(removed)))
        added = sum(1 for camera, _ in written if camera.id not in known)
        newly_gone = sum(1 for camera in gone if camera.vanished_at is None)
        report = NetworkReport(
            network=network_id,
            agency=recorder.network.agency,
            synchronised_at=gathered.at,
            succeeded_at=gathered.at,
            refresh_s=recorder.network.refresh_s,
            found=len(gathered.cameras),
            added=added,
            changed=len(written) - added - newly_gone,
            vanished=newly_gone,
            rejected=len(gathered.rejected),
            reasons=tuple(f"{r.where}: {r.reason}" for r in gathered.rejected[:REASONS_KEPT]),
        )
        await self._catalog.put_report(report)
        if written or removed:
            await self._log(report)
        return report

    async def _gather(self, recorder: Recorder, gathered: _Round, known: dict[str, Camera]) -> None:
        network_id = recorder.network.id
        await recorder.measure_clock()
        if Capability.PLACES in recorder.capabilities:
            async for place in recorder.places():
                if isinstance(place, Rejection):
                    gathered.rejected.append(place)
                    continue
                name = camera_id(network_id, place.native_id)
                gathered.places[name] = Place(id=name, name=place.name, position=place.position)
        records: list[CameraRecord] = []
        async for record in recorder.cameras():
            if isinstance(record, Rejection):
                gathered.rejected.append(record)
            else:
                records.append(record)
        calls = asyncio.Semaphore(RECORDER_CALLS)

        async def complete(record: CameraRecord) -> Camera:
            async with calls:
                previous = known.get(camera_id(network_id, record.native_id))
                return await self._camera(recorder, gathered, record, previous)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(complete(record)) for record in records]
        for task in tasks:
            camera = task.result()
            if camera.id in gathered.cameras:
                gathered.rejected.append(Rejection(where=camera.id, reason="listed twice: the first counts"))
            else:
                gathered.cameras[camera.id] = camera

    async def _camera(
        self, recorder: Recorder, gathered: _Round, record: CameraRecord, previous: Camera | None
    ) -> Camera:
        network = recorder.network
        place = gathered.place_of(network.id, record.place)
        spans = await self._spans(recorder, gathered, record)
        status = self._status(recorder, record, spans, gathered.at)
        same = previous is not None and previous.status is status and previous.vanished_at is None
        camera = Camera(
            id=camera_id(network.id, record.native_id),
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
            status_since=previous.status_since if same and previous else gathered.at,
            retention_days=record.retention_days,
            tags=tuple(sorted(record.tags)),
            offers=tuple(sorted(recorder.capabilities)),
            spans=spans,
            clock_offset_ms=recorder.clock_offset_ms,
            snapshot=previous.snapshot if previous else None,
        )
        if Capability.SNAPSHOT in recorder.capabilities and _wants_snapshot(camera, previous):
            reference = await self._snapshot(recorder, gathered, record, camera)
            camera = camera.model_copy(update={"snapshot": reference or camera.snapshot})
        return camera

    async def _spans(self, recorder: Recorder, gathered: _Round, record: CameraRecord) -> tuple[Span, ...]:
        if Capability.SPANS not in recorder.capabilities:
            return ()
        days = record.retention_days or DEFAULT_RETENTION_DAYS
        window = Interval(
            start=gathered.at - timedelta(days=days + 1), end=gathered.at + timedelta(minutes=5)
        )
        listing = await recorder.spans(record.native_id, window)
        gathered.rejected.extend(listing.problems)
        return listing.spans

    def _status(
        self, recorder: Recorder, record: CameraRecord, spans: tuple[Span, ...], at: datetime
    ) -> CameraStatus:
        """What proves the status: recent footage proves `up`, footage that stopped proves `down`."""
        if not spans:
            return record.status
        fresh = max(PROOF_AT_LEAST, timedelta(seconds=PROOF_REFRESHES * recorder.network.refresh_s))
        return CameraStatus.UP if at - spans[-1].interval.end <= fresh else CameraStatus.DOWN

    async def _snapshot(
        self, recorder: Recorder, gathered: _Round, record: CameraRecord, camera: Camera
    ) -> SnapshotReference | None:
        try:
            taken = await recorder.snapshot(record.native_id)
            picture = await asyncio.to_thread(small_jpeg, taken.data, self._settings.max_snapshot_bytes)
        except (AdapterError, UnusablePicture) as error:
            gathered.rejected.append(Rejection(where=f"snapshot of {camera.id}", reason=str(error)))
            return None
        key = snapshot_key(camera.id)
        await self._vault.put(key, picture)
        return SnapshotReference(captured_at=taken.captured_at, fetched_at=gathered.at, vault_key=key)

    async def _failed(self, network_id: str, gathered: _Round, error: str) -> NetworkReport:
        previous = (await self._catalog.reports()).get(network_id)
        network = next(network for network in self._recorders.networks if network.id == network_id)
        report = NetworkReport(
            network=network_id,
            agency=network.agency,
            synchronised_at=gathered.at,
            succeeded_at=previous.succeeded_at if previous else None,
            refresh_s=network.refresh_s,
            found=0,
            added=0,
            changed=0,
            vanished=0,
            rejected=len(gathered.rejected),
            reasons=tuple(f"{r.where}: {r.reason}" for r in gathered.rejected[:REASONS_KEPT]),
            error=error,
        )
        await self._catalog.put_report(report)
        return report

    async def _log(self, report: NetworkReport) -> None:
        entry = NewEntry(
            operation=Operation.COLLECTION,
            action="synchronise",
            officer_id=audit.HOST,
            objects=(report.network,),
            owners=(report.agency,),
            query=report.model_dump(include={"found", "added", "changed", "vanished", "rejected"}),
        )
        await self._ledger.write(lambda connection: audit.append(connection, entry, self._clock.now()))


def _wants_snapshot(camera: Camera, previous: Camera | None) -> bool:
    """Whether there can be a newer picture than the one at hand: none yet, or footage has grown since."""
    if previous is None or previous.snapshot is None:
        return True
    newest = previous.spans[-1].interval.end if previous.spans else None
    return not camera.spans or camera.spans[-1].interval.end != newest
