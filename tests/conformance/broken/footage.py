"""Adapters that get times, spans, footage, pictures, holds or health wrong, each in one way."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

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
    SegmentData,
    SegmentEnd,
    SegmentStart,
    Snapshot,
    Span,
    Stream,
)
from tests.conformance.sound.adapter import SoundAdapter

PARIS = ZoneInfo("Europe/Paris")
Messages = AsyncIterator[FootageMessage]


class Naive(SoundAdapter):
    """Loses the zone on the way."""

    async def take_snapshot(self, native_id: str) -> Snapshot:
        taken = await super().take_snapshot(native_id)
        at = taken.captured_at.replace(tzinfo=None) if taken.captured_at else None
        return Snapshot.model_construct(**{**dict(taken), "captured_at": at})


class LocalAsUtc(SoundAdapter):
    """Takes the recorder's local time for UTC."""

    async def _periods(self, native_id: str, interval: Interval) -> list[Interval]:
        periods = await super()._periods(native_id, interval)
        return [each.shift(each.start.astimezone(PARIS).utcoffset() or timedelta()) for each in periods]


class FirstPass(SoundAdapter):
    """Takes the first pass of the hour that autumn repeats for both."""

    async def _periods(self, native_id: str, interval: Interval) -> list[Interval]:
        periods = await super()._periods(native_id, interval)
        return [each.shift(timedelta(hours=-each.start.astimezone(PARIS).fold)) for each in periods]


class UpsideDown(SoundAdapter):
    """Tells UTC minus the recorder's clock."""

    async def read_clock(self) -> ClockReading:
        reading = await super().read_clock()
        return reading.model_copy(update={"offset_ms": -(reading.offset_ms or 0)})


class NoClock(SoundAdapter):
    async def read_clock(self) -> ClockReading:
        return (await super().read_clock()).model_copy(update={"offset_ms": None})


class Rounding(SoundAdapter):
    """Rounds to whole seconds."""

    async def _periods(self, native_id: str, interval: Interval) -> list[Interval]:
        periods = await super()._periods(native_id, interval)
        return [Interval(start=each.start, end=each.end.replace(microsecond=0)) for each in periods]


class Joining(SoundAdapter):
    """Joins spans over their gaps."""

    async def _periods(self, native_id: str, interval: Interval) -> list[Interval]:
        periods = await super()._periods(native_id, interval)
        return [Interval(start=periods[0].start, end=periods[-1].end)] if periods else []


class Unsorted(SoundAdapter):
    async def _periods(self, native_id: str, interval: Interval) -> list[Interval]:
        return (await super()._periods(native_id, interval))[::-1]


class Overlapping(SoundAdapter):
    async def _periods(self, native_id: str, interval: Interval) -> list[Interval]:
        periods = await super()._periods(native_id, interval)
        return [Interval(start=each.start, end=each.end + timedelta(seconds=20)) for each in periods]


class WholeFiles(SoundAdapter):
    """Tells whole files, whatever part was asked for."""

    async def _periods(self, native_id: str, interval: Interval) -> list[Interval]:
        hour = timedelta(hours=1)
        around = Interval(start=interval.start - hour, end=interval.end + hour)
        return [each for each in await super()._periods(native_id, around) if each.intersect(interval)]


class TellsNothing(SoundAdapter):
    """Tells spans that lie inside what was asked as a whole only."""

    async def list_spans(self, native_id: str, interval: Interval) -> FootageListing:
        listing = await super().list_spans(native_id, interval)
        inside = [each for each in listing.spans if each.interval.start > interval.start]
        return FootageListing(spans=tuple(inside))


class Nearest(SoundAdapter):
    """Opens the nearest footage where there is none."""

    def open_footage(self, native_id: str, interval: Interval, hold: str | None = None) -> Messages:
        minute = timedelta(minutes=1)
        around = Interval(start=interval.start - minute, end=interval.end + minute)
        return super().open_footage(native_id, around, hold)


class FirstFileOnly(SoundAdapter):
    async def open_footage(self, native_id: str, interval: Interval, hold: str | None = None) -> Messages:
        async for message in super().open_footage(native_id, interval, hold):
            yield message
            if isinstance(message, SegmentEnd):
                return


class Promising(SoundAdapter):
    """Promises a minute where there are seconds."""

    async def open_footage(self, native_id: str, interval: Interval, hold: str | None = None) -> Messages:
        async for message in super().open_footage(native_id, interval, hold):
            if isinstance(message, SegmentStart):
                valid = Interval(start=message.valid.start, end=message.valid.end + timedelta(minutes=1))
                yield message.model_copy(update={"valid": valid})
            else:
                yield message


class Torn(SoundAdapter):
    """Loses the end of each file and counts what it lost."""

    async def open_footage(self, native_id: str, interval: Interval, hold: str | None = None) -> Messages:
        async for message in super().open_footage(native_id, interval, hold):
            yield (
                message.model_copy(update={"data": message.data[:-1]})
                if isinstance(message, SegmentData)
                else message
            )


class Undecodable(SoundAdapter):
    async def open_footage(self, native_id: str, interval: Interval, hold: str | None = None) -> Messages:
        async for message in super().open_footage(native_id, interval, hold):
            yield SegmentData(data=bytes(len(message.data))) if isinstance(message, SegmentData) else message


class StartsLate(SoundAdapter):
    """Takes the time of the file's end for that of its first picture."""

    async def open_footage(self, native_id: str, interval: Interval, hold: str | None = None) -> Messages:
        async for message in super().open_footage(native_id, interval, hold):
            if isinstance(message, SegmentStart):
                yield message.model_copy(update={"starts_at": message.valid.end})
            else:
                yield message


class WrongStreams(SoundAdapter):
    def _record(self, row: dict[str, Any]) -> CameraRecord:
        stream = Stream(codec="h265", width=1920, height=1080, fps=25)
        return super()._record(row).model_copy(update={"streams": (stream,)})


class CutPictures(SoundAdapter):
    async def take_snapshot(self, native_id: str) -> Snapshot:
        taken = await super().take_snapshot(native_id)
        return taken.model_copy(update={"data": taken.data[:20]})


class Mislabelled(SoundAdapter):
    async def take_snapshot(self, native_id: str) -> Snapshot:
        return (await super().take_snapshot(native_id)).model_copy(update={"media_type": "image/png"})


class SameCamera(SoundAdapter):
    async def take_snapshot(self, native_id: str) -> Snapshot:
        return await super().take_snapshot("quai 1")


class FetchedNow(SoundAdapter):
    """Says the time of the call for that of the picture."""

    async def take_snapshot(self, native_id: str) -> Snapshot:
        return (await super().take_snapshot(native_id)).model_copy(update={"captured_at": self._now()})


class HoldsLittle(SoundAdapter):
    async def place_hold(self, order: HoldOrder) -> HoldReceipt:
        receipt = await super().place_hold(order)
        return receipt.model_copy(update={"held": receipt.held[:1]})


class HoldsAnew(SoundAdapter):
    """Places another hold for the same order."""

    placed = 0

    async def place_hold(self, order: HoldOrder) -> HoldReceipt:
        HoldsAnew.placed += 1
        return await super().place_hold(order.model_copy(update={"key": f"{order.key}-{HoldsAnew.placed}"}))


class HoldsForEver(SoundAdapter):
    async def release_hold(self, handle: str) -> None:
        return


class WrongHealth(SoundAdapter):
    """Tells what happened, of the recorder instead of the camera."""

    async def watch_health(self) -> AsyncIterator[HealthEvent]:
        async for event in super().watch_health():
            yield event.model_copy(update={"native_id": None, "status": CameraStatus.DOWN})


class SpansFrom1970(SoundAdapter):
    async def list_spans(self, native_id: str, interval: Interval) -> FootageListing:
        listing = await super().list_spans(native_id, interval)
        start = listing.spans[0].interval.start.replace(year=1970)
        first = Span(interval=Interval(start=start, end=listing.spans[0].interval.end))
        return FootageListing(spans=(first, *listing.spans[1:]))


class PlacedElsewhere(SoundAdapter):
    def _record(self, row: dict[str, Any]) -> CameraRecord:
        return super()._record(row).model_copy(update={"position": Position(lat=43.3, lon=5.4)})
