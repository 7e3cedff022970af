"""Which events answer a question, of a simulated server: starts are told in whole seconds, so that frames lie up to a
second beside where they seem to."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from adapters.contract.models import HoldOrder, Interval, SegmentStart
from adapters.zoneminder.adapter import ZoneMinderAdapter
from broker.demo.serving import served
from tests.adapters.folder.recordings import write_recording
from tests.adapters.zoneminder.network import adapter_of
from tests.servers.simulated_zoneminder import Recorded, SimulatedZoneMinder
from tests.servers.zoneminder import PASSWORD

HOUR = datetime(2026, 11, 2, 8, tzinfo=UTC)


def second(number: float) -> datetime:
    return HOUR + timedelta(seconds=number)


@pytest.fixture
async def adapter(tmp_path: Path) -> AsyncIterator[ZoneMinderAdapter]:
    """Of a monitor that recorded from 0.9 to 9.3 without a pause, and again from 20: told as 0 to 4.2 and 5 to 9.2."""
    simulated = SimulatedZoneMinder(
        monitors=("Quai 1", "Hall"),
        recorded=[
            Recorded(
                1, second(at), timedelta(seconds=4.2), write_recording(tmp_path / f"{at}.mp4", frames=frames)
            )
            for at, frames in ((0.9, range(42)), (5.1, range(42, 84)), (20.0, range(84, 126)))
        ],
        zone=ZoneInfo("UTC"),
        now=lambda: second(60),
        password=PASSWORD,
        picture=b"",
    )
    async with (
        served(simulated.app) as address,
        adapter_of(f"{address}/zm", tmp_path, username="entrevue") as opened,
    ):
        yield opened


ASKED = Interval(start=second(4.5), end=second(9))
"""From a moment that lies in neither event, as they are told."""


async def test_footage_begins_with_the_event_that_seems_to_end_just_before(
    adapter: ZoneMinderAdapter,
) -> None:
    starts = [each async for each in adapter.open_footage("1", ASKED) if isinstance(each, SegmentStart)]
    assert min(each.valid.start for each in starts if each.valid is not None) <= ASKED.start
    assert max(each.valid.end for each in starts if each.valid is not None) < second(10)


async def test_a_span_is_the_same_however_narrowly_it_is_asked_for(adapter: ZoneMinderAdapter) -> None:
    whole = Interval(start=second(0), end=second(15))
    (span,) = (await adapter.list_spans("1", whole)).spans
    (narrow,) = (await adapter.list_spans("1", ASKED)).spans
    assert narrow.interval == span.interval.intersect(ASKED) == ASKED


async def test_a_hold_keeps_the_event_that_seems_to_end_just_before(adapter: ZoneMinderAdapter) -> None:
    receipt = await adapter.place_hold(HoldOrder(key="hold-1", native_id="1", interval=ASKED))
    (held,) = receipt.held
    assert held.start <= ASKED.start and ASKED.end <= held.end < second(10)


async def test_what_touches_nothing_has_no_footage(adapter: ZoneMinderAdapter) -> None:
    between = Interval(start=second(12), end=second(15))
    assert (await adapter.list_spans("1", between)).spans == ()
    assert [each async for each in adapter.open_footage("1", between)] == []
