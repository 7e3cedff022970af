"""Adapters that get identities, records, positions, pages or capabilities wrong, each in one way."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from adapters.contract.capabilities import Capability
from adapters.contract.errors import AdapterError, Malformed
from adapters.contract.models import (
    CameraRecord,
    ClockReading,
    FootageListing,
    FootageMessage,
    HoldReceipt,
    Interval,
    Position,
    Rejection,
    Snapshot,
)
from tests.conformance.sound.adapter import Page, SoundAdapter


class Forgetful(SoundAdapter):
    """Numbers cameras as they come, on and on."""

    _numbered = 0

    def _record(self, row: dict[str, Any]) -> CameraRecord:
        self._numbered += 1
        return super()._record(row).model_copy(update={"native_id": f"camera {self._numbered}"})


class NewEachStart(SoundAdapter):
    """Names cameras after the object that holds them."""

    made = 0

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        NewEachStart.made += 1
        self._number = NewEachStart.made

    def _record(self, row: dict[str, Any]) -> CameraRecord:
        return super()._record(row).model_copy(update={"native_id": f"{self._number}.{row['id']}"})


class Doubling(SoundAdapter):
    async def list_cameras(self) -> AsyncIterator[CameraRecord | Rejection]:
        async for item in super().list_cameras():
            yield item
            yield item


class Inventive(SoundAdapter):
    """Has something to say of every camera, whether or not there is one."""

    async def list_spans(self, native_id: str, interval: Interval) -> FootageListing:
        try:
            return await super().list_spans(native_id, interval)
        except AdapterError:
            return FootageListing()


class Renaming(SoundAdapter):
    def _record(self, row: dict[str, Any]) -> CameraRecord:
        record = super()._record(row)
        return record.model_copy(update={"name": record.name.upper()})


class AtZero(SoundAdapter):
    """Puts cameras without coordinates at 0, 0."""

    def _record(self, row: dict[str, Any]) -> CameraRecord:
        record = super()._record(row)
        return record.model_copy(update={"position": record.position or Position(lat=0, lon=0)})


class SaysUnknown(SoundAdapter):
    def _record(self, row: dict[str, Any]) -> CameraRecord:
        record = super()._record(row)
        return record.model_copy(update={"level": record.level or "unknown"})


class Epoch(SoundAdapter):
    """Takes 1970 for the time of a picture whose time is not told."""

    async def take_snapshot(self, native_id: str) -> Snapshot:
        taken = await super().take_snapshot(native_id)
        return taken.model_copy(update={"captured_at": datetime.fromtimestamp(0, UTC)})


class Unserialisable(SoundAdapter):
    """Hands out a model that was never validated."""

    async def read_clock(self) -> ClockReading:
        reading = await super().read_clock()
        return ClockReading.model_construct(offset_ms=float("nan"), measured_at=reading.measured_at)


class Silent(SoundAdapter):
    """Drops what it cannot understand."""

    def _rejected(self, row: dict[str, Any], error: Exception) -> CameraRecord | Rejection | None:
        return None


class Fragile(SoundAdapter):
    """Gives up at the first record that it cannot understand."""

    def _rejected(self, row: dict[str, Any], error: Exception) -> CameraRecord | Rejection | None:
        raise Malformed("a camera cannot be understood") from error


class Credulous(SoundAdapter):
    """Lists what it cannot understand as if it could."""

    def _rejected(self, row: dict[str, Any], error: Exception) -> CameraRecord | Rejection | None:
        return CameraRecord(native_id=row["id"], name=row["name"])


class Infinite(SoundAdapter):
    def _record(self, row: dict[str, Any]) -> CameraRecord:
        nowhere = Position.model_construct(lat=float("inf"), lon=0.0)
        return super()._record(row).model_copy(update={"position": nowhere})


class Swapped(SoundAdapter):
    def _record(self, row: dict[str, Any]) -> CameraRecord:
        record = super()._record(row)
        if record.position is None:
            return record
        return record.model_copy(
            update={"position": Position(lat=record.position.lon, lon=record.position.lat)}
        )


class ReadsTwice(SoundAdapter):
    """Counts the cameras before it lists them."""

    async def list_cameras(self) -> AsyncIterator[CameraRecord | Rejection]:
        await self._ask(Page, "/cameras", page=1)
        async for item in super().list_cameras():
            yield item


class FirstPageOnly(SoundAdapter):
    async def _ask(self, shape: Any, path: str, **params: str | int) -> Any:
        answer = await super()._ask(shape, path, **params)
        return answer.model_copy(update={"next": None}) if shape is Page else answer


class Trusting(SoundAdapter):
    """Reads pages as long as there are some, and takes the last one for the end."""

    async def list_cameras(self) -> AsyncIterator[CameraRecord | Rejection]:
        number: int | None = 1
        while number is not None:
            page: Page = await self._ask(Page, "/cameras", page=number)
            for row in page.cameras:
                yield self._record(row)
            number = page.next


class Boasting(SoundAdapter):
    @property
    def capabilities(self) -> frozenset[Capability]:
        return frozenset(Capability)


class Wavering(SoundAdapter):
    """Declares what it can do once it has seen what there is."""

    _seen = False

    @property
    def capabilities(self) -> frozenset[Capability]:
        return super().capabilities if self._seen else frozenset()

    async def list_cameras(self) -> AsyncIterator[CameraRecord | Rejection]:
        self._seen = True
        async for item in super().list_cameras():
            yield item


class Eager(SoundAdapter):
    """Answers what it does not declare."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        return super().capabilities - {Capability.CLOCK}


class Evasive(SoundAdapter):
    """Says of what it does not declare that there is none."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        return super().capabilities - {Capability.HOLD}

    async def list_holds(self) -> AsyncIterator[HoldReceipt]:
        return
        yield


class FootageOfNobody(SoundAdapter):
    async def open_footage(
        self, native_id: str, interval: Interval, hold: str | None = None
    ) -> AsyncIterator[FootageMessage]:
        try:
            async for message in super().open_footage(native_id, interval, hold):
                yield message
        except AdapterError:
            return
