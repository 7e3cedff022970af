"""An adapter for the simulated recorder that keeps everything the contract says. Broken ones change one method."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ValidationError

from adapters.contract.capabilities import Capability
from adapters.contract.errors import Malformed
from adapters.contract.models import (
    CameraRecord,
    CameraStatus,
    ClockReading,
    FootageListing,
    FootageMessage,
    HealthEvent,
    HoldOrder,
    HoldReceipt,
    Interval,
    Position,
    Rejection,
    SegmentData,
    SegmentEnd,
    SegmentStart,
    Snapshot,
    Span,
    Stream,
)
from adapters.contract.options import parse_options
from adapters.contract.protocol import AdapterContext, Manifest
from adapters.contract.undeclared import Undeclared
from adapters.transport.config import HttpOptions
from adapters.transport.http import GuardedClient, path_segment

CAPABILITIES = frozenset(Capability) - {Capability.PLACES}
MANIFEST = Manifest(name="sound", summary="Keeps the contract", capabilities=CAPABILITIES)
MOST_MEDIA_BYTES = 8 * 1024 * 1024


class Period(BaseModel):
    start: datetime
    end: datetime

    def interval(self) -> Interval:
        return Interval(start=self.start, end=self.end)


class Spans(BaseModel):
    spans: tuple[Period, ...]


class RecordedFile(Period):
    uri: str
    first_frame: datetime


class Files(BaseModel):
    files: tuple[RecordedFile, ...]


class Page(BaseModel):
    cameras: tuple[dict[str, Any], ...]
    total: int
    next: int | None


class Clock(BaseModel):
    now: datetime


class Held(BaseModel):
    handle: str
    held: tuple[Period, ...]


class Holds(BaseModel):
    holds: tuple[Held, ...]


class Event(BaseModel):
    camera: str
    status: CameraStatus
    at: datetime
    reason: str


class SoundAdapter(Undeclared):
    kind = "sound"

    def __init__(self, options: HttpOptions, context: AdapterContext) -> None:
        self._client = GuardedClient(options, context)
        self._now = context.now

    @property
    def capabilities(self) -> frozenset[Capability]:
        return CAPABILITIES

    async def _ask(self, shape: Any, path: str, **params: str | int) -> Any:
        return (await self._client.get(path, params=params)).shaped(shape)

    def _record(self, row: dict[str, Any]) -> CameraRecord:
        located = row["lat"] is not None
        return CameraRecord(
            native_id=row["id"],
            name=row["name"],
            position=Position(lat=row["lat"], lon=row["lon"]) if located else None,
            level=row["level"],
            streams=(Stream(**row["stream"]),) if row["stream"] else (),
        )

    def _rejected(self, row: dict[str, Any], error: Exception) -> CameraRecord | Rejection | None:
        return Rejection(where=f"camera {row.get('id')}", reason="its position is no number")

    async def list_cameras(self) -> AsyncIterator[CameraRecord | Rejection]:
        number: int | None = 1
        seen: set[str] = set()
        listed, total = 0, 0
        while number is not None:
            page: Page = await self._ask(Page, "/cameras", page=number)
            total = page.total
            for row in page.cameras:
                if row["id"] in seen:
                    raise Malformed("the recorder repeats a page of cameras")
                seen.add(row["id"])
                listed += 1
                try:
                    yield self._record(row)
                except (ValidationError, KeyError) as error:
                    if (told := self._rejected(row, error)) is not None:
                        yield told
            number = page.next
        if listed < total:
            yield Rejection(where="the list of cameras", reason=f"{listed} of {total} cameras were listed")

    async def take_snapshot(self, native_id: str) -> Snapshot:
        answer = await self._client.get(f"/cameras/{path_segment(native_id)}/snapshot")
        told = answer.headers.get("x-captured-at")
        return Snapshot(
            native_id=native_id,
            captured_at=datetime.fromisoformat(told) if told else None,
            media_type="image/jpeg",
            data=answer.content("image/jpeg"),
        )

    async def _periods(self, native_id: str, interval: Interval) -> list[Interval]:
        path = f"/cameras/{path_segment(native_id)}/spans"
        start, end = str(interval).split("/")
        answer: Spans = await self._ask(Spans, path, start=start, end=end)
        return [each.interval() for each in answer.spans]

    async def list_spans(self, native_id: str, interval: Interval) -> FootageListing:
        periods = await self._periods(native_id, interval)
        return FootageListing(spans=tuple(Span(interval=each) for each in periods))

    async def open_footage(
        self, native_id: str, interval: Interval, hold: str | None = None
    ) -> AsyncIterator[FootageMessage]:
        path = f"/cameras/{path_segment(native_id)}/files"
        start, end = str(interval).split("/")
        answer: Files = await self._ask(Files, path, start=start, end=end)
        for file in answer.files:
            uri = self._client.locate(file.uri)
            yield SegmentStart(
                name=file.uri, container="mp4", starts_at=file.first_frame, valid=file.interval()
            )
            size = 0
            async with aclosing(self._client.download(uri, max_bytes=MOST_MEDIA_BYTES)) as chunks:
                async for chunk in chunks:
                    size += len(chunk)
                    yield SegmentData(data=chunk)
            yield SegmentEnd(size=size)

    async def place_hold(self, order: HoldOrder) -> HoldReceipt:
        answer = await self._client.call("PUT", f"/holds/{order.key}", json=order.model_dump(mode="json"))
        return _receipt(answer.shaped(Held))

    async def release_hold(self, handle: str) -> None:
        await self._client.call("DELETE", f"/holds/{path_segment(handle)}")

    async def list_holds(self) -> AsyncIterator[HoldReceipt]:
        answer: Holds = await self._ask(Holds, "/holds")
        for held in answer.holds:
            yield _receipt(held)

    async def read_clock(self) -> ClockReading:
        clock: Clock = await self._ask(Clock, "/clock")
        offset = clock.now - self._now()
        return ClockReading(offset_ms=offset.total_seconds() * 1000, measured_at=self._now())

    async def watch_health(self) -> AsyncIterator[HealthEvent]:
        while True:
            event: Event = await self._ask(Event, "/events")
            yield HealthEvent(native_id=event.camera, at=event.at, status=event.status, reason=event.reason)

    async def aclose(self) -> None:
        await self._client.aclose()


def _receipt(held: Held) -> HoldReceipt:
    return HoldReceipt(handle=held.handle, held=tuple(each.interval() for each in held.held))


def options_and_context(
    options: dict[str, Any], context: AdapterContext
) -> tuple[HttpOptions, AdapterContext]:
    return parse_options(HttpOptions, options), context


def create(options: dict[str, Any], context: AdapterContext) -> SoundAdapter:
    return SoundAdapter(*options_and_context(options, context))
