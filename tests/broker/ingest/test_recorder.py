"""Instants cross the border to a recorder in both directions, by the offset of its clock, with the right sign."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.capabilities import Capability
from adapters.contract.models import (
    FootageListing,
    FootageMessage,
    HoldOrder,
    HoldReceipt,
    Interval,
    SegmentData,
    SegmentEnd,
    SegmentStart,
    Snapshot,
    Span,
)
from broker.ingest.recorder import Recorder
from broker.settings.sections import NetworkSettings
from tests.world import ALL_CAPABILITIES, FakeRecorder

NETWORK = NetworkSettings(id="net", agency="rail", adapter="any")
TRUE = Interval(start=datetime(2026, 6, 15, 12, tzinfo=UTC), end=datetime(2026, 6, 15, 12, 5, tzinfo=UTC))
UNTIL = datetime(2026, 7, 1, tzinfo=UTC)
OFFSETS = st.integers(-86_400_000, 86_400_000)


class RecordingClockwise(FakeRecorder):
    """Answers with what it was asked for, and remembers that."""

    asked: Interval | None = None
    order: HoldOrder | None = None

    async def list_spans(self, native_id: str, interval: Interval) -> FootageListing:
        self.asked = interval
        return FootageListing(spans=(Span(interval=interval, overwrite_at=interval.end),))

    async def take_snapshot(self, native_id: str) -> Snapshot:
        own = TRUE.start + timedelta(milliseconds=self.clock_offset_ms or 0)
        return Snapshot(native_id=native_id, captured_at=own, media_type="image/jpeg", data=b"")

    async def open_footage(
        self, native_id: str, interval: Interval, hold: str | None = None
    ) -> AsyncIterator[FootageMessage]:
        self.asked = interval
        yield SegmentStart(name="1", container="mp4", starts_at=interval.start, valid=interval)
        yield SegmentData(data=b"x")
        yield SegmentEnd(size=1)
        yield SegmentStart(name="2", container="mp4", starts_at=interval.end, valid=interval)
        yield SegmentEnd(size=0)

    async def place_hold(self, order: HoldOrder) -> HoldReceipt:
        self.order = order
        return HoldReceipt(handle=order.key, held=(order.interval,), until=order.until)


async def opened(offset_ms: float | None) -> tuple[Recorder, RecordingClockwise]:
    adapter = RecordingClockwise(clock_offset_ms=offset_ms)
    recorder = await Recorder(NETWORK, adapter, 5.0).with_clock()
    return recorder, adapter


@given(OFFSETS)
async def test_every_method_asks_in_the_recorders_time_and_answers_in_utc(offset_ms: int) -> None:
    recorder, adapter = await opened(offset_ms)
    offset = timedelta(milliseconds=offset_ms)

    listing = await recorder.spans("c", TRUE)
    assert adapter.asked == TRUE.shift(offset)
    assert listing.spans == (Span(interval=TRUE, overwrite_at=TRUE.end),)

    assert (await recorder.snapshot("c")).captured_at == TRUE.start

    adapter.asked = None
    messages = [message async for message in recorder.footage("c", TRUE, None)]
    assert adapter.asked == TRUE.shift(offset)
    assert messages[0] == SegmentStart(name="1", container="mp4", starts_at=TRUE.start, valid=TRUE)
    assert messages[1:3] == [SegmentData(data=b"x"), SegmentEnd(size=1)]

    receipt = await recorder.place_hold(HoldOrder(key="k", native_id="c", interval=TRUE, until=UNTIL))
    assert adapter.order is not None
    assert (adapter.order.interval, adapter.order.until) == (TRUE.shift(offset), UNTIL + offset)
    assert (receipt.held, receipt.until) == ((TRUE,), UNTIL)


async def test_a_recorder_that_is_five_seconds_fast_is_asked_for_five_seconds_later() -> None:
    recorder, adapter = await opened(5000)
    await recorder.spans("c", TRUE)
    assert adapter.asked is not None
    assert adapter.asked.start == datetime(2026, 6, 15, 12, 0, 5, tzinfo=UTC)


async def test_an_unknown_offset_is_unknown_and_counts_as_none() -> None:
    recorder, adapter = await opened(None)
    assert recorder.clock_offset_ms is None
    await recorder.spans("c", TRUE)
    assert adapter.asked == TRUE


async def test_a_recorder_without_a_readable_clock_is_not_asked_for_it() -> None:
    adapter = RecordingClockwise(capabilities=ALL_CAPABILITIES - {Capability.CLOCK})
    recorder = await Recorder(NETWORK, adapter, 5.0).with_clock()
    assert recorder.clock_offset_ms is None
    assert adapter.calls == []


async def test_what_is_unknown_at_the_recorder_stays_unknown() -> None:
    class Silent(RecordingClockwise):
        async def list_spans(self, native_id: str, interval: Interval) -> FootageListing:
            return FootageListing(spans=(Span(interval=interval),))

        async def take_snapshot(self, native_id: str) -> Snapshot:
            return Snapshot(native_id=native_id, captured_at=None, media_type="image/png", data=b"")

    recorder = await Recorder(NETWORK, Silent(clock_offset_ms=5000), 5.0).with_clock()
    assert (await recorder.snapshot("c")).captured_at is None
    assert (await recorder.spans("c", TRUE)).spans[0].overwrite_at is None
    receipt = await recorder.place_hold(HoldOrder(key="k", native_id="c", interval=TRUE))
    assert receipt.until is None


async def test_a_transfer_keeps_the_offset_with_which_it_began() -> None:
    recorder, adapter = await opened(5000)
    footage = recorder.footage("c", TRUE, None)
    starts = []
    async for message in footage:
        if isinstance(message, SegmentStart):
            starts.append(message.starts_at)
            adapter.clock_offset_ms = 9000
            assert (await recorder.with_clock()).clock_offset_ms == 9000
    assert recorder.clock_offset_ms == 5000
    assert starts == [TRUE.start, TRUE.end]
