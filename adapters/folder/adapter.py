"""The adapter `folder`: a recorder that is a tree of files. Owns the contract's calls, their threads and the
bytes.

Everything that touches the disc runs in a thread that ends with its caller.
"""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import datetime, timedelta
from functools import partial
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from adapters.contract.capabilities import Capability
from adapters.contract.errors import NotFound, NotSupported, TryLater
from adapters.contract.models import (
    CameraRecord,
    ClockReading,
    FootageListing,
    FootageMessage,
    HoldOrder,
    HoldReceipt,
    Interval,
    PlaceRecord,
    Rejection,
    SegmentData,
    SegmentEnd,
    Snapshot,
)
from adapters.contract.options import parse_options
from adapters.contract.protocol import AdapterContext
from adapters.contract.undeclared import Undeclared
from adapters.folder.archive import Archive, Newest, Segment
from adapters.folder.cache import ProbeCache
from adapters.folder.cameras import ListedCameras, without_hearsay
from adapters.folder.client import RecordingsClient
from adapters.folder.config import FolderOptions, can_hold, locate
from adapters.folder.holds import HoldFolder, StoredHold
from adapters.folder.mapping import unlisted_camera
from adapters.folder.threads import Stop, in_thread
from adapters.lists.reader import stream

CHUNK_BYTES = 1024 * 1024


class FolderAdapter(Undeclared):
    """One recordings folder. Closed by being forgotten: it keeps no file open between calls."""

    kind = "folder"

    def __init__(
        self,
        archive: Archive,
        listed: ListedCameras,
        holds: HoldFolder | None,
        clock_offset_ms: float | None,
        now: Callable[[], datetime],
    ) -> None:
        self._archive = archive
        self._listed = listed
        self._holds = holds
        self._clock_offset_ms = clock_offset_ms
        self._now = now
        optional = {
            Capability.PLACES: listed.reader.has_places,
            Capability.HOLD: holds is not None,
            Capability.CLOCK: clock_offset_ms is not None,
        }
        always = {Capability.SPANS, Capability.FOOTAGE, Capability.SNAPSHOT}
        self._capabilities = frozenset(always | {name for name, present in optional.items() if present})

    @property
    def capabilities(self) -> frozenset[Capability]:
        return self._capabilities

    async def list_cameras(self) -> AsyncIterator[CameraRecord | Rejection]:
        """The list's cameras, or those that the recordings name; then files and cameras that fit neither."""
        newest = await in_thread(self._archive.newest)
        if self._listed.exist:
            unlisted = set(newest.by_camera)
            async with aclosing(stream(self._listed.reader.cameras)) as items:
                async for item in items:
                    if isinstance(item, CameraRecord):
                        unlisted.discard(item.native_id)
                        yield await self._described(without_hearsay(item), newest)
                    else:
                        yield item
            for name in sorted(unlisted):
                yield Rejection(where=f"recordings of {name}", reason="the list names no such camera")
        else:
            for name in sorted(newest.by_camera):
                yield await self._described(unlisted_camera(name), newest)
        for problem in newest.problems:
            yield problem

    async def _described(self, record: CameraRecord, newest: Newest) -> CameraRecord:
        if record.streams or record.native_id not in newest.by_camera:
            return record
        return await in_thread(partial(self._archive.describe, record, newest))

    async def list_places(self) -> AsyncIterator[PlaceRecord | Rejection]:
        self._require(Capability.PLACES)
        async with aclosing(stream(self._listed.reader.places)) as items:
            async for item in items:
                yield item

    async def take_snapshot(self, native_id: str) -> Snapshot:
        return await in_thread(partial(self._archive.snapshot, native_id))

    async def list_spans(self, native_id: str, interval: Interval) -> FootageListing:
        return await in_thread(partial(self._archive.listing, native_id, interval))

    async def open_footage(
        self, native_id: str, interval: Interval, hold: str | None = None
    ) -> AsyncIterator[FootageMessage]:
        """Whole files up to their last complete fragment; a file that has gone meanwhile is left out."""
        held = None if hold is None else await in_thread(partial(self._held, hold))
        for segment in await in_thread(partial(self._archive.segments, native_id, interval, held)):
            file = await in_thread(partial(_open, segment), discard=_close)
            if file is None:
                continue
            try:
                yield segment.start
                left = segment.size
                while left > 0:
                    data = await in_thread(partial(_read, file, min(CHUNK_BYTES, left)))
                    if not data:
                        raise TryLater(f"{segment.start.name} was cut short while it was read")
                    left -= len(data)
                    yield SegmentData(data=data)
                yield SegmentEnd(size=segment.size)
            finally:
                file.close()

    async def place_hold(self, order: HoldOrder) -> HoldReceipt:
        holds = self._require_holds()
        placed = await in_thread(lambda _stop: holds.find_undamaged(order.key))
        if placed is not None:
            return placed.receipt
        return await in_thread(partial(self._archive.keep, order, holds))

    async def release_hold(self, handle: str) -> None:
        await in_thread(partial(self._require_holds().release, handle))

    async def list_holds(self) -> AsyncIterator[HoldReceipt]:
        async with aclosing(stream(self._require_holds().all)) as receipts:
            async for receipt in receipts:
                yield receipt

    async def read_clock(self) -> ClockReading:
        """The offset that the owner stated; a folder has no clock to ask."""
        self._require(Capability.CLOCK)
        return ClockReading(offset_ms=self._clock_offset_ms, measured_at=self._now())

    def _held(self, handle: str, _stop: Stop) -> StoredHold:
        found = self._require_holds().find(handle)
        if found is None:
            raise NotFound(f"there is no hold {handle!r} in this network's holds folder")
        return found

    def _require_holds(self) -> HoldFolder:
        self._require(Capability.HOLD)
        if self._holds is None:
            raise NotSupported("this recordings folder is read-only: no holds folder is configured")
        return self._holds


def _open(segment: Segment, _stop: Stop) -> BinaryIO | None:
    """The file, or None where it has gone or is no longer as long as it was."""
    try:
        file = segment.path.open("rb", buffering=0)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise TryLater(f"{segment.start.name} cannot be opened: {error.strerror}") from error
    if os.fstat(file.fileno()).st_size < segment.size:
        file.close()
        return None
    return file


def _close(file: BinaryIO | None) -> None:
    if file is not None:
        file.close()


def _read(file: BinaryIO, size: int, _stop: Stop) -> bytes:
    try:
        return file.read(size)
    except OSError as error:
        raise TryLater(f"a recording cannot be read any further: {error.strerror}") from error


def create(options: dict[str, Any], context: AdapterContext) -> FolderAdapter:
    """The adapter for one network; `Misconfigured` names the option that is wrong."""
    parsed = parse_options(FolderOptions, options)
    recordings, holds_folder = locate(parsed, context.base_dir)
    pattern = parsed.names()
    client = RecordingsClient(
        root=recordings,
        pattern=pattern,
        zone=ZoneInfo(parsed.timezone),
        cache=ProbeCache(context.cache_dir),
        settle=timedelta(seconds=parsed.settle_s),
        now=context.now,
    )
    listed = ListedCameras(parsed, context.base_dir)
    holds = HoldFolder(holds_folder) if holds_folder is not None and can_hold(holds_folder) else None
    archive = Archive(client, listed, holds, parsed.retention_days, pattern.resolution)
    return FolderAdapter(archive, listed, holds, parsed.clock_offset_ms, context.now)
