"""One network's recorder, in true UTC.

Adapters speak the recorder's own clock. This is the one border where its offset is taken off: what the broker
asks for is shifted to the recorder's clock, what comes back to UTC, both by the offset as it was when the
call began. An unknown offset counts as 0.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from adapters.contract.capabilities import Capability
from adapters.contract.errors import TimedOut
from adapters.contract.models import (
    CameraRecord,
    FootageListing,
    FootageMessage,
    HealthEvent,
    HoldOrder,
    HoldReceipt,
    Interval,
    PlaceRecord,
    Rejection,
    SegmentStart,
    Snapshot,
)
from adapters.contract.protocol import Adapter, AdapterContext, AdapterFactory
from broker.clock import Clock
from broker.errors import Problem
from broker.settings import Settings
from broker.settings.sections import NetworkSettings

T = TypeVar("T")

PART: Final = 128
"""So many records are worked on between two turns of the event loop."""

LoadAdapter = Callable[[str], AdapterFactory]


class Recorder:
    """An adapter with its clock's offset taken off."""

    def __init__(
        self, network: NetworkSettings, adapter: Adapter, answer_s: float, offset_ms: float | None = None
    ) -> None:
        self.network = network
        self._adapter = adapter
        self._answer_s = answer_s
        self._offset_ms = offset_ms

    @property
    def capabilities(self) -> frozenset[Capability]:
        return self._adapter.capabilities

    @property
    def clock_offset_ms(self) -> float | None:
        """Recorder clock − UTC that is taken off, None where unknown."""
        return self._offset_ms

    @property
    def _offset(self) -> timedelta:
        return timedelta(milliseconds=self._offset_ms or 0.0)

    async def with_clock(self) -> "Recorder":
        """This recorder by its clock as read now, where it can be read.

        One piece of work uses one such view, so that everything it asks and gets is shifted by the same
        offset, and the offset that it states is the one that was taken off.
        """
        offset_ms = None
        if Capability.CLOCK in self.capabilities:
            offset_ms = (await self._answer(self._adapter.read_clock())).offset_ms
        return Recorder(self.network, self._adapter, self._answer_s, offset_ms)

    async def _answer(self, answer: Awaitable[T]) -> T:
        """What the adapter answers; a recorder that says nothing for too long is `TimedOut`, so that it takes
        no lane from the others."""
        try:
            async with asyncio.timeout(self._answer_s):
                return await answer
        except TimeoutError as error:
            raise self._silent() from error

    async def _each(self, records: AsyncIterator[T]) -> AsyncGenerator[T, None]:
        """What the adapter tells, step by step, each in time; closing it closes what the adapter opened."""
        # the contract says that it is an async generator
        async with aclosing(cast("AsyncGenerator[T, None]", records)) as steps:
            while True:
                try:
                    record = await self._answer(anext(steps))
                except StopAsyncIteration:
                    return
                yield record

    async def cameras(self) -> AsyncGenerator[list[CameraRecord | Rejection], None]:
        """The list in parts, so that a million records do not cost a million timers."""
        records = self._adapter.list_cameras()
        # the contract says that it is an async generator
        async with aclosing(cast("AsyncGenerator[CameraRecord | Rejection, None]", records)) as steps:
            is_ended = False
            while not is_ended:
                part: list[CameraRecord | Rejection] = []
                is_ended = await self._fill(part, steps)
                if part:
                    yield part

    async def _fill(self, part: list[T], steps: AsyncIterator[T]) -> bool:
        """Whether the steps ended before the part was full. Every step has its time, to a tenth of it."""
        loop, answer_s = asyncio.get_running_loop(), self._answer_s
        try:
            async with asyncio.timeout(answer_s) as limit:
                counted_from = loop.time()
                async for step in steps:
                    part.append(step)
                    if len(part) == PART:
                        return False
                    if loop.time() - counted_from > answer_s / 10:
                        counted_from = loop.time()
                        limit.reschedule(counted_from + answer_s)
        except TimeoutError as error:
            raise self._silent() from error
        return True

    def _silent(self) -> TimedOut:
        return TimedOut(f"network {self.network.id} did not answer within {self._answer_s:g} s")

    def places(self) -> AsyncGenerator[PlaceRecord | Rejection, None]:
        return self._each(self._adapter.list_places())

    async def health(self) -> AsyncGenerator[HealthEvent, None]:
        """What the recorder tells of its cameras by itself; it may say nothing for days."""
        offset = self._offset
        events = self._adapter.watch_health()
        # the contract says that it is an async generator
        async with aclosing(cast("AsyncGenerator[HealthEvent, None]", events)) as told:
            async for event in told:
                yield event.model_copy(update={"at": event.at - offset})

    async def snapshot(self, native_id: str) -> Snapshot:
        """The latest picture; `captured_at` is when the recorder took it."""
        offset = self._offset
        taken = await self._answer(self._adapter.take_snapshot(native_id))
        return taken.model_copy(update={"captured_at": _less(taken.captured_at, offset)})

    async def spans(self, native_id: str, interval: Interval) -> FootageListing:
        """What the recorder holds inside the interval."""
        offset = self._offset
        listing = await self._answer(self._adapter.list_spans(native_id, interval.shift(offset)))
        spans = tuple(
            span.model_copy(
                update={
                    "interval": span.interval.shift(-offset),
                    "overwrite_at": _less(span.overwrite_at, offset),
                }
            )
            for span in listing.spans
        )
        return listing.model_copy(update={"spans": spans})

    async def footage(
        self, native_id: str, interval: Interval, hold: str | None
    ) -> AsyncGenerator[FootageMessage, None]:
        """The recorder's files that cover the interval; closing it closes what the adapter opened."""
        offset = self._offset
        asked = interval.shift(offset)
        async with aclosing(self._each(self._adapter.open_footage(native_id, asked, hold))) as messages:
            async for message in messages:
                if isinstance(message, SegmentStart):
                    yield message.model_copy(
                        update={
                            "starts_at": message.starts_at - offset,
                            "valid": message.valid.shift(-offset),
                        }
                    )
                else:
                    yield message

    async def place_hold(self, order: HoldOrder) -> HoldReceipt:
        """Has the recorder keep the interval; what it really keeps is in the receipt."""
        offset = self._offset
        theirs = order.model_copy(
            update={"interval": order.interval.shift(offset), "until": _less(order.until, -offset)}
        )
        receipt = await self._answer(self._adapter.place_hold(theirs))
        return receipt.model_copy(
            update={
                "held": tuple(held.shift(-offset) for held in receipt.held),
                "until": _less(receipt.until, offset),
            }
        )

    async def hold_handles(self) -> frozenset[str]:
        """Of every hold that it keeps for us."""
        return frozenset([receipt.handle async for receipt in self._each(self._adapter.list_holds())])

    async def release_hold(self, handle: str) -> None:
        await self._answer(self._adapter.release_hold(handle))

    async def aclose(self) -> None:
        await self._adapter.aclose()


def _less(instant: datetime | None, offset: timedelta) -> datetime | None:
    return None if instant is None else instant - offset


class Recorders:
    """Every configured network's recorder, opened when it is first needed."""

    def __init__(self, settings: Settings, clock: Clock, load: LoadAdapter) -> None:
        self._networks = {network.id: network for network in settings.network}
        self._base_dir = settings.base_dir
        self._cache: Path = settings.broker.data / "cache"
        self._answer_s = settings.broker.recorder_answer_s
        self._clock = clock
        self._load = load
        self._open: dict[str, Recorder] = {}

    @property
    def base_dir(self) -> Path:
        """Where relative paths of the configuration start."""
        return self._base_dir

    @property
    def networks(self) -> tuple[NetworkSettings, ...]:
        return tuple(self._networks.values())

    def network(self, network_id: str) -> NetworkSettings:
        """The network as it is configured; `Problem` where it is not."""
        if network_id not in self._networks:
            raise Problem("not_found", f"network {network_id} is not configured")
        return self._networks[network_id]

    def get(self, network_id: str) -> Recorder:
        """The network's recorder; `Misconfigured` where its options are wrong."""
        network = self.network(network_id)
        if network_id not in self._open:
            cache = self._cache / network_id
            cache.mkdir(parents=True, exist_ok=True)
            context = AdapterContext(
                network_id=network_id, base_dir=self._base_dir, cache_dir=cache, now=self._clock.now
            )
            options: dict[str, Any] = dict(network.options)
            self._open[network_id] = Recorder(
                network, self._load(network.adapter)(options, context), self._answer_s
            )
        return self._open[network_id]

    async def aclose(self) -> None:
        for recorder in self._open.values():
            await recorder.aclose()
        self._open.clear()
