"""The adapter `frigate`. Owns the order of calls, and from where on clips are asked."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from datetime import timedelta
from typing import Any, Final

from pydantic import ValidationError

from adapters.contract.capabilities import Capability
from adapters.contract.complaints import first_complaint
from adapters.contract.errors import NotFound
from adapters.contract.models import (
    CameraRecord,
    FootageListing,
    FootageMessage,
    HoldOrder,
    HoldReceipt,
    Interval,
    Rejection,
    SegmentStart,
    Snapshot,
)
from adapters.contract.options import parse_options
from adapters.contract.protocol import AdapterContext
from adapters.frigate import mapping
from adapters.frigate.client import FrigateClient
from adapters.frigate.config import FrigateOptions
from adapters.frigate.history import History
from adapters.frigate.holds import ExportedHolds
from adapters.lists.completing import CompletedAdapter, CompletedCameras
from adapters.transport.http import GuardedClient
from adapters.transport.segments import segment

NEXT_TO_NOTHING: Final = timedelta(milliseconds=1)
"""Added to a clip's start: asked from the very start of a segment, Frigate takes the one that ends there too."""
LOOKED_BACK: Final = timedelta(hours=1)
"""How far before now the last recorded picture of an offline camera is looked for."""


class FrigateAdapter(CompletedAdapter):
    """One server. Remembers what its last listing said of retention, and ended days for a while."""

    kind = "frigate"
    always = frozenset({Capability.SNAPSHOT, Capability.SPANS, Capability.FOOTAGE, Capability.HOLD})

    def __init__(
        self, client: FrigateClient, lists: CompletedCameras, holds: ExportedHolds, context: AdapterContext
    ) -> None:
        self._client = client
        super().__init__(lists)
        self._holds = holds
        self._now = context.now
        self._history = History(client, context.now)
        self._configured: dict[str, mapping.CameraConfiguration] | None = None

    async def recorded(self) -> AsyncGenerator[CameraRecord | Rejection, None]:
        problems = await self._read_configuration()
        statistics = await self._client.statistics()
        for name, configured in (self._configured or {}).items():
            try:
                yield mapping.camera(name, configured, statistics.cameras.get(name))
            except ValidationError as error:
                yield _rejection(name, error)
        for problem in problems:
            yield problem

    async def _read_configuration(self) -> list[Rejection]:
        problems: list[Rejection] = []
        read: dict[str, mapping.CameraConfiguration] = {}
        for name, item in (await self._client.configuration()).cameras.items():
            try:
                read[name] = mapping.CameraConfiguration.model_validate(item)
            except ValidationError as error:
                problems.append(_rejection(name, error))
        self._configured = read
        return problems

    async def _require_camera(self, native_id: str) -> mapping.CameraConfiguration | None:
        """How the camera is configured, None for one that only the list knows. Frigate answers for unknown cameras
        as for empty ones: the adapter asks its configuration."""
        if self._configured is None or native_id not in self._configured:
            await self._read_configuration()
        configured = (self._configured or {}).get(native_id)
        if configured is None and not await self._lists.names(native_id):
            raise NotFound(f"Frigate has no camera {native_id!r}")
        return configured

    async def take_snapshot(self, native_id: str) -> Snapshot:
        """The latest picture; of an offline camera the last one that was recorded, at the time it was: what Frigate
        shows of it is of any age, or a drawing."""
        if await self._require_camera(native_id) is None:
            raise NotFound(f"Frigate has no camera {native_id!r}, only the list has")
        latest = await self._client.latest(native_id)
        if latest.is_current:
            return Snapshot(
                native_id=native_id,
                captured_at=latest.answered_at,
                media_type="image/jpeg",
                data=latest.data,
            )
        window = Interval(start=self._now() - LOOKED_BACK, end=self._now() + LOOKED_BACK)
        found = await self._history.runs(native_id, window)
        if not found:
            raise NotFound(f"camera {native_id} is offline and has recorded nothing lately")
        at = max(found[-1].start, found[-1].end - timedelta(seconds=1))
        picture = await self._client.recorded_picture(native_id, at.timestamp())
        return Snapshot(native_id=native_id, captured_at=at, media_type="image/jpeg", data=picture.data)

    async def list_spans(self, native_id: str, interval: Interval) -> FootageListing:
        configured = await self._require_camera(native_id)
        if configured is None:
            return FootageListing()
        found = await self._history.runs(native_id, interval)
        return FootageListing(spans=mapping.spans(found, interval, configured.kept))

    async def open_footage(
        self, native_id: str, interval: Interval, hold: str | None = None
    ) -> AsyncIterator[FootageMessage]:
        """One file for each run of segments, whole ones; for a hold, its exports."""
        if await self._require_camera(native_id) is None:
            return
        async with aclosing(
            self._recorded(native_id, interval) if hold is None else self._exported(native_id, interval, hold)
        ) as messages:
            async for message in messages:
                yield message

    async def _recorded(self, native_id: str, interval: Interval) -> AsyncGenerator[FootageMessage, None]:
        for run in await self._touching(native_id, interval):
            announced = SegmentStart(
                name=f"{native_id} {run.start.isoformat()}",
                container="mp4",
                starts_at=run.start,
                valid=Interval(start=run.start, end=run.end),
            )
            start_s = (run.start + NEXT_TO_NOTHING).timestamp()
            clip = self._client.clip(native_id, start_s, run.end.timestamp())
            async with aclosing(segment(announced, clip)) as messages:
                async for message in messages:
                    yield message

    async def _exported(
        self, native_id: str, interval: Interval, hold: str
    ) -> AsyncGenerator[FootageMessage, None]:
        for held, export in await self._holds.exports_of(hold):
            if export.camera != native_id or held.interval.intersect(interval) is None:
                continue
            announced = SegmentStart(
                name=export.id, container="mp4", starts_at=held.interval.start, valid=held.interval
            )
            async with aclosing(segment(announced, self._client.exported(export))) as messages:
                async for message in messages:
                    yield message

    async def _touching(self, native_id: str, interval: Interval) -> list[mapping.Run]:
        """Runs of the segments that touch the interval, as they are now."""
        after_s, before_s = interval.start.timestamp(), interval.end.timestamp()
        listed = await self._client.recordings(native_id, after_s, before_s)
        inside = [each for each in listed if each.end_time > after_s and each.start_time < before_s]
        return mapping.runs(inside)

    async def place_hold(self, order: HoldOrder) -> HoldReceipt:
        configured = await self._require_camera(order.native_id)
        runs = await self._touching(order.native_id, order.interval) if configured is not None else []
        return await self._holds.place(order, runs)

    async def release_hold(self, handle: str) -> None:
        await self._holds.release(handle)

    def list_holds(self) -> AsyncIterator[HoldReceipt]:
        return self._holds.all()

    async def aclose(self) -> None:
        await self._client.aclose()


def _rejection(name: str, error: ValidationError) -> Rejection:
    return Rejection(where=f"camera {name}" if name else "camera", reason=first_complaint(error))


def create(options: dict[str, Any], context: AdapterContext) -> FrigateAdapter:
    """`Misconfigured` names every option that is wrong; the server is first called when listing."""
    parsed = parse_options(FrigateOptions, options)
    client = FrigateClient(
        http=GuardedClient(parsed, context),
        credentials=parsed.credentials(context.base_dir),
        cookie_name=parsed.cookie_name,
        now=context.now,
    )

    async def pause() -> None:
        await asyncio.sleep(parsed.export_poll_s)

    holds = ExportedHolds(client, pause, looks=1 + round(parsed.export_wait_s / parsed.export_poll_s))
    return FrigateAdapter(client, CompletedCameras(parsed, context.base_dir), holds, context)
