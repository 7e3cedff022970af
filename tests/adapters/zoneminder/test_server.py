"""The adapter against a real ZoneMinder that records a camera with the clock in its pixels."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from adapters.contract.capabilities import Capability
from adapters.contract.errors import NotFound, NotSupported, Refused
from adapters.contract.models import (
    CameraRecord,
    CameraStatus,
    HoldOrder,
    HoldReceipt,
    Interval,
    Position,
    SegmentData,
    SegmentStart,
    Stream,
)
from adapters.zoneminder.adapter import ZoneMinderAdapter
from broker.demo import pixel_clock
from tests import requirements
from tests.adapters.zoneminder.network import adapter_of, today
from tests.servers.filmed import cut_from, shown
from tests.servers.zoneminder import DEAD, LIVE, PASSWORD, ZoneMinder, zoneminder

PERIOD = timedelta(milliseconds=100)
CLOSE = timedelta(milliseconds=90)


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[ZoneMinder]:
    """One for the file: it needs some seconds to start, and some more until there are events."""
    requirements.zoneminder()
    # pytest's own folders are private, and this one is used by www-data
    folder = Path(tempfile.mkdtemp(prefix="entrevue-zoneminder-"))
    folder.chmod(0o755)
    try:
        async with zoneminder(folder) as started:
            await started.until_closed(5)
            yield started
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def adapter(server: ZoneMinder, tmp_path: Path) -> AsyncIterator[ZoneMinderAdapter]:
    async with adapter_of(server.url, tmp_path) as opened:
        yield opened


WARMING_UP = timedelta(seconds=7)
LONG_ENOUGH = timedelta(seconds=11)


async def settled(server: ZoneMinder, adapter: ZoneMinderAdapter) -> Interval:
    """Uninterrupted footage of closed events, the first one left out: it began before the monitor kept up. A machine
    that is busy loses frames, and what was recorded so far may be in pieces: then there will be more."""
    while True:
        events = await server.closed_events()
        spans = (await adapter.list_spans(LIVE, today())).spans
        longest = max((span.interval for span in spans), key=lambda each: each.duration)
        if longest.duration >= WARMING_UP + LONG_ENOUGH:
            return Interval(start=longest.start + WARMING_UP, end=longest.end)
        await server.until_closed(len(events) + 1)


async def test_monitors_are_cameras_where_they_stand(adapter: ZoneMinderAdapter) -> None:
    records = {
        each.native_id: each async for each in adapter.list_cameras() if isinstance(each, CameraRecord)
    }
    assert records == {
        LIVE: CameraRecord(
            native_id=LIVE,
            name="Quai 1",
            position=Position(lat=48.8809, lon=2.3553),
            streams=(Stream(width=512, height=288),),
            status=CameraStatus.UP,
        ),
        DEAD: CameraRecord(
            native_id=DEAD,
            name="Hall 2",
            streams=(Stream(width=512, height=288),),
            status=CameraStatus.DOWN,
        ),
    }


async def test_a_picture_is_as_old_as_the_recorder_says(adapter: ZoneMinderAdapter) -> None:
    taken = await adapter.take_snapshot(LIVE)
    filmed = pixel_clock.read(cv2.imdecode(np.frombuffer(taken.data, np.uint8), cv2.IMREAD_GRAYSCALE))
    assert taken.captured_at is not None and filmed is not None
    assert abs(taken.captured_at - filmed) < timedelta(seconds=2)


@pytest.mark.parametrize("monitor", [DEAD, "77", "nobody", "../users"])
async def test_of_a_monitor_that_captures_nothing_there_is_no_picture(
    adapter: ZoneMinderAdapter, monitor: str
) -> None:
    with pytest.raises(NotFound):
        await adapter.take_snapshot(monitor)


async def test_events_that_follow_each_other_are_one_span(
    server: ZoneMinder, adapter: ZoneMinderAdapter
) -> None:
    listing = await adapter.list_spans(LIVE, today())
    assert listing.problems == ()
    (span,) = listing.spans
    assert span.overwrite_at is None
    assert datetime.now(UTC) - span.interval.end < timedelta(seconds=15)
    hour = timedelta(hours=1)
    early = Interval(start=span.interval.start - hour, end=span.interval.start)
    assert (await adapter.list_spans(LIVE, early)).spans == ()
    assert (await adapter.list_spans(DEAD, today())).spans == ()
    with pytest.raises(NotFound):
        await adapter.list_spans("77", today())


async def test_clips_are_placed_by_their_frames_not_by_rounded_starts(
    server: ZoneMinder, adapter: ZoneMinderAdapter
) -> None:
    clips: list[tuple[SegmentStart, bytes]] = []
    async for message in adapter.open_footage(LIVE, await settled(server, adapter)):
        if isinstance(message, SegmentStart):
            clips.append((message, b""))
        elif isinstance(message, SegmentData):
            clips[-1] = (clips[-1][0], clips[-1][1] + message.data)
    firsts = [(start.starts_at, shown(data)[0]) for start, data in clips]
    offsets = [starts_at - filmed for starts_at, filmed in firsts if filmed is not None]
    assert len(offsets) == len(clips) >= 2
    assert max(offsets) - min(offsets) < CLOSE
    # and they lie where ZoneMinder says, to the second
    assert all(abs(offset) < timedelta(seconds=1.6) for offset in offsets)


async def test_the_cut_over_several_events_shows_every_frame_once(
    server: ZoneMinder, adapter: ZoneMinderAdapter, tmp_path: Path
) -> None:
    whole = await settled(server, adapter)
    asked = Interval(start=whole.start + timedelta(seconds=1.25), end=whole.start + timedelta(seconds=8.6))
    result = await cut_from(adapter.open_footage(LIVE, asked), asked, tmp_path / "cut")
    assert result.gaps == ()
    frames = [instant for part in result.parts for instant in shown(part.path)]
    assert None not in frames
    assert {later - earlier for earlier, later in pairwise(each for each in frames if each)} == {PERIOD}
    assert abs(len(frames) - asked.duration / PERIOD) <= 1


def order(key: str, interval: Interval, monitor: str = LIVE) -> HoldOrder:
    return HoldOrder(key=key, native_id=monitor, interval=interval)


async def holds_of(adapter: ZoneMinderAdapter) -> dict[str, HoldReceipt]:
    return {each.handle: each async for each in adapter.list_holds()}


async def archived(server: ZoneMinder) -> dict[int, str]:
    return {int(each["Id"]): each["Notes"] for each in await server.closed_events() if each["Archived"]}


async def test_a_hold_archives_events_until_it_is_released(
    server: ZoneMinder, adapter: ZoneMinderAdapter
) -> None:
    whole = await settled(server, adapter)
    middle = Interval(start=whole.start, end=whole.start + timedelta(seconds=3))
    placed = await adapter.place_hold(order("hold-1", middle))
    assert placed.handle == "hold-1"
    (kept,) = placed.held
    assert kept.start <= middle.start and middle.end <= kept.end
    assert await adapter.place_hold(order("hold-1", middle)) == placed
    other = await adapter.place_hold(order("hold-2", middle))
    assert other.held == placed.held
    assert await holds_of(adapter) == {"hold-1": placed, "hold-2": other}
    held = await archived(server)
    assert held and all(notes == "[entrevue hold-1]\n[entrevue hold-2]" for notes in held.values())
    messages = [each async for each in adapter.open_footage(LIVE, middle, hold="hold-1")]
    assert any(isinstance(each, SegmentStart) for each in messages)
    await adapter.release_hold("hold-1")
    assert (await archived(server)).keys() == held.keys()
    await adapter.release_hold("hold-2")
    await adapter.release_hold("hold-2")
    assert await archived(server) == {}
    with pytest.raises(NotFound):
        [each async for each in adapter.open_footage(LIVE, middle, hold="hold-1")]


async def test_what_the_owner_archived_stays_archived(server: ZoneMinder, adapter: ZoneMinderAdapter) -> None:
    whole = await settled(server, adapter)
    event = (await server.closed_events())[3]
    form = {"Event[Archived]": "1", "Event[Notes]": "court\n"}
    await server.client.put(f"/events/{event['Id']}.json", data=form)
    await adapter.place_hold(order("hold-3", whole))
    await adapter.release_hold("hold-3")
    assert (await archived(server)).keys() == {int(event["Id"])}
    await server.client.put(f"/events/{event['Id']}.json", data={"Event[Archived]": "0"})


async def test_a_hold_says_what_is_left_when_a_filter_deleted_its_events(
    server: ZoneMinder, adapter: ZoneMinderAdapter
) -> None:
    first = (await server.closed_events())[0]
    start = datetime.fromisoformat(first["StartDateTime"]) - timedelta(hours=1 if _winter() else 2)
    early = Interval(start=start.replace(tzinfo=UTC), end=start.replace(tzinfo=UTC) + timedelta(seconds=3))
    placed = await adapter.place_hold(order("hold-4", early))
    assert placed.held
    for event in await archived(server):
        await server.client.put(f"/events/{event}.json", data={"Event[Archived]": "0"})
        await server.client.delete(f"/events/{event}.json")
    assert await holds_of(adapter) == {}
    assert (await adapter.place_hold(order("hold-4", early))).held == ()


def _winter() -> bool:
    return datetime.now().astimezone().month in {1, 2, 11, 12}


async def test_nothing_is_held_where_there_is_nothing(adapter: ZoneMinderAdapter) -> None:
    receipt = await adapter.place_hold(order("hold-5", today(), DEAD))
    assert receipt.held == ()
    assert await holds_of(adapter) == {}


async def test_a_wrong_password_is_refused_and_never_shown(server: ZoneMinder, tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("wr0ng-0ne")
    async with adapter_of(server.url, tmp_path, password={"file": "wrong"}) as adapter:
        with pytest.raises(Refused) as refused:
            [each async for each in adapter.list_cameras()]
        assert "wr0ng-0ne" not in f"{refused.value} {vars(adapter)!r}"
    async with adapter_of(server.url, tmp_path) as adapter:
        [each async for each in adapter.list_cameras()]
        assert PASSWORD not in repr(vars(adapter)).replace(f"username='{PASSWORD}'", "")


async def test_the_clock_is_not_offered(adapter: ZoneMinderAdapter) -> None:
    assert Capability.CLOCK not in adapter.capabilities
    with pytest.raises(NotSupported):
        await adapter.read_clock()
