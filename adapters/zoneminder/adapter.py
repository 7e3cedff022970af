"""The adapter `zoneminder`. Owns the order of calls and which events answer a question."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from adapters.contract.capabilities import Capability
from adapters.contract.complaints import first_complaint
from adapters.contract.errors import Misconfigured, NotFound
from adapters.contract.models import (
    CameraRecord,
    CameraStatus,
    FootageListing,
    FootageMessage,
    HoldOrder,
    HoldReceipt,
    Interval,
    Rejection,
    SegmentData,
    SegmentEnd,
    SegmentStart,
    Snapshot,
    Span,
)
from adapters.contract.options import parse_options
from adapters.contract.protocol import AdapterContext
from adapters.lists.completing import CompletedAdapter, CompletedCameras
from adapters.transport.http import GuardedClient
from adapters.zoneminder import mapping
from adapters.zoneminder.alignment import ClipFrames, begins, read_frames
from adapters.zoneminder.client import ZoneMinderClient
from adapters.zoneminder.config import ZoneMinderOptions
from adapters.zoneminder.holds import ArchivedHolds
from adapters.zoneminder.local_time import TOUCHING, local

AROUND: Final = timedelta(hours=1, seconds=2)
"""Asked for on both sides: local times are ambiguous by an hour, and told in whole seconds."""
CHUNK_BYTES: Final = 1024 * 1024


class ZoneMinderAdapter(CompletedAdapter):
    """One server. Clips pass through the cache folder, one or two at a time, because their starts are found by
    comparing them."""

    kind = "zoneminder"
    always = frozenset({Capability.SNAPSHOT, Capability.SPANS, Capability.FOOTAGE, Capability.HOLD})

    def __init__(
        self, client: ZoneMinderClient, lists: CompletedCameras, zone: str | None, cache: Path
    ) -> None:
        self._client = client
        super().__init__(lists)
        self._stated_zone = zone
        self._zone: ZoneInfo | None = None
        self._cache = cache
        self._holds = ArchivedHolds(client, self._server_zone)

    async def recorded(self) -> AsyncGenerator[CameraRecord | Rejection, None]:
        self._zone = None  # the owner may have moved the server
        for item in await self._client.monitors():
            try:
                record, problem = mapping.camera(item)
            except ValidationError as error:
                yield Rejection(where=_monitor_name(item), reason=first_complaint(error))
                continue
            yield record
            if problem is not None:
                yield problem

    async def take_snapshot(self, native_id: str) -> Snapshot:
        """Of a monitor that does not capture the server would answer a picture of an error."""
        if await self._status(native_id) is not CameraStatus.UP:
            raise NotFound(f"monitor {native_id} captures nothing at the moment")
        return await self._client.picture(native_id)

    async def _status(self, native_id: str) -> CameraStatus:
        _require_number(native_id)
        try:
            return mapping.Monitor.model_validate(await self._client.monitor(native_id)).status
        except ValidationError:
            return CameraStatus.UNKNOWN

    async def list_spans(self, native_id: str, interval: Interval) -> FootageListing:
        found, problems = await self._events(native_id, interval)
        spans = [part for each in mapping.joined(found) if (part := each.intersect(interval)) is not None]
        return FootageListing(spans=tuple(Span(interval=each) for each in spans), problems=tuple(problems))

    async def open_footage(
        self, native_id: str, interval: Interval, hold: str | None = None
    ) -> AsyncIterator[FootageMessage]:
        """Whole events; held ones are the originals, so that only their being held is looked at."""
        if hold is not None and await self._holds.find(hold) is None:
            raise NotFound(f"ZoneMinder keeps nothing for the hold {hold!r}")
        found, _ = await self._events(native_id, interval)
        self._cache.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=self._cache, prefix="clips-"))
        try:
            before: tuple[datetime, ClipFrames] | None = None
            for event in found:
                clip = folder / str(event.facts.id)
                if not await self._fetch(event, clip):
                    continue
                frames = await asyncio.to_thread(read_frames, clip)
                if frames is None:
                    before, start, end = None, event.interval.start, event.interval.end
                else:
                    start = begins(event.interval.start, frames, before)
                    before, end = (start, frames), start + timedelta(seconds=float(frames.lasts))
                if end > interval.start and start < interval.end:
                    valid = Interval(start=start, end=max(end, start + timedelta(milliseconds=1)))
                    announced = SegmentStart(name=event.name, container="mp4", starts_at=start, valid=valid)
                    async with aclosing(_read(clip, announced)) as messages:
                        async for message in messages:
                            yield message
                clip.unlink()
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    async def _fetch(self, event: mapping.Event, clip: Path) -> bool:
        """Whether the event's file was there."""
        try:
            async with aclosing(self._client.clip(event.facts.id)) as chunks:
                with clip.open("wb") as file:
                    async for chunk in chunks:
                        await asyncio.to_thread(file.write, chunk)
        except NotFound:
            return False
        return clip.stat().st_size > 0

    async def place_hold(self, order: HoldOrder) -> HoldReceipt:
        """An event that is still open is not held: its file is not there yet. The same order again, once it is
        closed, holds it too."""
        found, _ = await self._events(order.native_id, order.interval)
        return await self._holds.place(order, found)

    async def release_hold(self, handle: str) -> None:
        await self._holds.release(handle)

    def list_holds(self) -> AsyncIterator[HoldReceipt]:
        return self._holds.all()

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _events(
        self, native_id: str, interval: Interval
    ) -> tuple[list[mapping.Event], list[Rejection]]:
        """Complete events that may touch the interval, in order, and those that cannot be used. Where an event lies is
        known to the second only: frames of one that seems to end shortly before may be inside."""
        if not native_id.isdigit() and await self._lists.names(native_id):
            return [], []
        _require_number(native_id)
        zone = await self._server_zone()
        since, until = local(interval.start - AROUND, zone), local(interval.end + AROUND, zone)
        conditions = (
            f"MonitorId:{native_id}",
            f"EndDateTime >=:{since:%Y-%m-%d %H:%M:%S}",
            f"StartDateTime <=:{until:%Y-%m-%d %H:%M:%S}",
        )
        items = [item async for item in self._client.events(*conditions)]
        if not items:
            await self._client.monitor(native_id)
        found, problems = mapping.events(items, zone)
        near = Interval(start=interval.start - TOUCHING, end=interval.end + TOUCHING)
        return [event for event in found if event.interval.intersect(near) is not None], problems

    async def _server_zone(self) -> ZoneInfo:
        if self._zone is None:
            name = self._stated_zone or await self._client.time_zone()
            try:
                self._zone = ZoneInfo(name)
            except (KeyError, ValueError, OSError) as error:
                raise Misconfigured(
                    f"ZoneMinder tells times in {name[:40]!r}, which is no IANA zone: state it by timezone"
                ) from error
        return self._zone


def _require_number(native_id: str) -> None:
    if not (native_id.isascii() and native_id.isdigit()):
        raise NotFound(f"ZoneMinder numbers its monitors; none is called {native_id!r}")


def _monitor_name(item: Any) -> str:
    try:
        return f"monitor {item['Monitor']['Id']}"
    except (KeyError, TypeError):
        return "monitor"


async def _read(clip: Path, start: SegmentStart) -> AsyncGenerator[FootageMessage, None]:
    """A fetched file as messages."""
    yield start
    size = 0
    with clip.open("rb") as file:
        while data := await asyncio.to_thread(file.read, CHUNK_BYTES):
            size += len(data)
            yield SegmentData(data=data)
    yield SegmentEnd(size=size)


def create(options: dict[str, Any], context: AdapterContext) -> ZoneMinderAdapter:
    """`Misconfigured` names every option that is wrong; the server is first called when listing."""
    parsed = parse_options(ZoneMinderOptions, options)
    client = ZoneMinderClient(
        http=GuardedClient(parsed, context),
        credentials=parsed.credentials(context.base_dir),
        streaming_path=parsed.streaming_path,
        now=context.now,
    )
    lists = CompletedCameras(parsed, context.base_dir)
    return ZoneMinderAdapter(client, lists, parsed.timezone, context.cache_dir)
