"""The adapter against a whole simulated recorder: cameras, spans, footage to the frame, pictures, clock, health."""

import asyncio
from contextlib import aclosing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pytest

from adapters.contract.capabilities import Capability
from adapters.contract.errors import Malformed, Misconfigured, NotFound, NotSupported, Refused, Unreachable
from adapters.contract.models import (
    CameraRecord,
    CameraStatus,
    FootageListing,
    HoldOrder,
    Interval,
    Rejection,
    SegmentData,
    SegmentStart,
)
from adapters.contract.protocol import AdapterContext
from adapters.onvif.adapter import OnvifAdapter, create
from broker.demo import pixel_clock
from broker.demo.models import FilmedCamera
from broker.demo.profile_g.device import SimulatedRecorder
from broker.evidence.cut.service import cut
from broker.ingest.scratch import spool
from tests.adapters.onvif.recorders import (
    HALL,
    HISTORY,
    PASSWORD,
    PLATFORM,
    adapter_for,
    order,
    recording,
)
from tests.broker.demo.clock_readings import frame_instants, shown_by_opencv

HALL_GAPS = [(0, 10), (30, 130), (150, 180)]
"""When the hall's camera records, in seconds of the history: its line fails for 20 s in every two minutes."""


def at(second: float) -> datetime:
    return HISTORY.start + timedelta(seconds=second)


async def delivered(adapter: OnvifAdapter, camera: FilmedCamera, asked: Interval, folder: Path) -> list[Path]:
    """The clips that the broker cuts from what the adapter hands out."""
    sources = await spool(adapter.open_footage(camera.native_id, asked), folder / "recorded")
    clips = folder / "clips"
    clips.mkdir()
    result = await asyncio.to_thread(cut, sources, asked, clips, keep_audio=False, name=lambda n: f"{n}.mp4")
    assert result.problems == ()
    return [part.path for part in result.parts]


async def test_cameras_have_what_the_recorder_says_of_them(recordings: Path, tmp_path: Path) -> None:
    async with recording(order(recordings)) as device, adapter_for(device, tmp_path) as adapter:
        found = {
            item.native_id: item async for item in adapter.list_cameras() if isinstance(item, CameraRecord)
        }
    assert set(found) == {"hall", "platform"}
    platform = found["platform"]
    assert platform.name == "Quai 3 côté nord"
    assert platform.position is not None
    assert (platform.position.lat, platform.position.lon) == (48.8809, 2.3553)
    assert [view.heading_deg for view in platform.views] == [12.0]
    assert [(s.role, s.codec, s.width, s.height, s.fps) for s in platform.streams] == [
        ("main", "h264", 256, 144, 10.0)
    ]
    assert (platform.retention_days, platform.status) == (2.0, CameraStatus.UNKNOWN)


async def test_a_list_says_where_cameras_stand_and_what_it_lacks_is_told(
    recordings: Path, tmp_path: Path
) -> None:
    (tmp_path / "cameras.csv").write_text(
        "id,name,lat,lon\nplatform,Platform 3,48.1,2.1\ngone,Gone,48.2,2.2\n"
    )
    async with (
        recording(order(recordings)) as device,
        adapter_for(device, tmp_path, cameras="cameras.csv") as adapter,
    ):
        items = [item async for item in adapter.list_cameras()]
        assert await adapter.list_spans("gone", HISTORY) == FootageListing()
        assert [message async for message in adapter.open_footage("gone", HISTORY)] == []
        for call in (adapter.take_snapshot("gone"), adapter.list_spans("attic", HISTORY)):
            with pytest.raises(NotFound):
                await call
    records = {item.native_id: item for item in items if isinstance(item, CameraRecord)}
    assert set(records) == {"platform", "gone"}
    assert records["platform"].name == "Platform 3"
    assert [stream.codec for stream in records["platform"].streams] == ["h264"]
    assert [item.where for item in items if isinstance(item, Rejection)] == ["camera hall of the device"]


@pytest.mark.parametrize("page_size", [1, 50])
async def test_spans_keep_the_gaps_however_the_answer_is_paged(
    recordings: Path, tmp_path: Path, page_size: int
) -> None:
    async with (
        recording(order(recordings, page_size=page_size)) as device,
        adapter_for(device, tmp_path) as adapter,
    ):
        wide = await adapter.list_spans("hall", Interval(start=at(-500), end=at(500)))
        assert [(span.interval.start, span.interval.end) for span in wide.spans] == [
            (at(start), at(end)) for start, end in HALL_GAPS
        ]
        assert [span.overwrite_at for span in wide.spans] == [
            at(start) + timedelta(days=2) for start, _ in HALL_GAPS
        ]
        inside = await adapter.list_spans("hall", Interval(start=at(5), end=at(31)))
        assert [(span.interval.start, span.interval.end) for span in inside.spans] == [
            (at(0 + 5), at(10)),
            (at(30), at(31)),
        ]
        gap = await adapter.list_spans("hall", Interval(start=at(12), end=at(20)))
        assert (gap.spans, gap.problems) == ((), ())


@pytest.mark.parametrize("auth", ["wsse", "digest"])
async def test_the_broker_cuts_to_the_very_frame_from_a_replay(
    recordings: Path, tmp_path: Path, auth: Literal["wsse", "digest"]
) -> None:
    asked = Interval(start=at(52.35), end=at(123.45))
    async with recording(order(recordings, auth=auth)) as device, adapter_for(device, tmp_path) as adapter:
        (clip,) = await delivered(adapter, PLATFORM, asked, tmp_path)
    assert shown_by_opencv(clip) == frame_instants(PLATFORM, asked)


async def test_footage_around_a_gap_comes_in_parts_that_show_every_frame(
    recordings: Path, tmp_path: Path
) -> None:
    asked = Interval(start=at(3), end=at(36))
    async with recording(order(recordings)) as device, adapter_for(device, tmp_path) as adapter:
        clips = await delivered(adapter, HALL, asked, tmp_path)
    expected = [
        frame_instants(HALL, Interval(start=start, end=end))
        for start, end in ((at(3), at(10)), (at(30), at(36)))
    ]
    assert [shown_by_opencv(clip) for clip in clips] == expected


async def test_footage_covers_exactly_the_spans_and_nothing_where_there_is_none(
    recordings: Path, tmp_path: Path
) -> None:
    asked = Interval(start=at(5), end=at(155))
    async with recording(order(recordings)) as device, adapter_for(device, tmp_path) as adapter:
        spans = (await adapter.list_spans("hall", asked)).spans
        starts = [
            message
            async for message in adapter.open_footage("hall", asked)
            if isinstance(message, SegmentStart)
        ]
        assert [start.valid.intersect(asked) for start in starts] == [span.interval for span in spans]
        gap = Interval(start=at(12), end=at(20))
        assert [message async for message in adapter.open_footage("hall", gap)] == []


async def test_a_picture_is_the_newest_and_has_the_recorders_time(recordings: Path, tmp_path: Path) -> None:
    async with recording(order(recordings)) as device, adapter_for(device, tmp_path) as adapter:
        taken = await adapter.take_snapshot("hall")
    shown = pixel_clock.read(
        np.asarray(cv2.imdecode(np.frombuffer(taken.data, np.uint8), cv2.IMREAD_GRAYSCALE), np.uint8)
    )
    assert shown is not None
    assert shown == at(178)
    assert taken.captured_at == shown


@pytest.mark.parametrize("offset_s", [37.5, -3600.25])
async def test_a_clocks_offset_is_recorder_minus_utc(
    recordings: Path, tmp_path: Path, offset_s: float
) -> None:
    device_order = order(recordings, clock_offset=timedelta(seconds=offset_s))
    async with recording(device_order) as device, adapter_for(device, tmp_path) as adapter:
        reading = await adapter.read_clock()
        assert reading.offset_ms is not None
        assert abs(reading.offset_ms - offset_s * 1000) <= 150  # a busy machine answers late
        spans = (await adapter.list_spans("platform", HISTORY.shift(timedelta(seconds=offset_s)))).spans
        assert [span.interval for span in spans] == [HISTORY.shift(timedelta(seconds=offset_s))]


async def test_a_clock_that_keeps_utc_is_not_off_at_all(recordings: Path, tmp_path: Path) -> None:
    async with recording(order(recordings)) as device, adapter_for(device, tmp_path) as adapter:
        assert (await adapter.read_clock()).offset_ms == 0


async def test_health_is_told_as_it_changes_and_the_subscription_ends_with_its_listener(
    recordings: Path, tmp_path: Path
) -> None:
    async with recording(order(recordings)) as device, adapter_for(device, tmp_path) as adapter:
        async with aclosing(adapter.watch_health()) as events:  # type: ignore[type-var]  # it is a generator
            listening = asyncio.ensure_future(anext(events))
            await device.is_listened_to.wait()
            device.notify("tns1:VideoSource/MotionAlarm", "hall", True)
            device.notify("tns1:VideoSource/SignalLoss", "source-hall", True)
            device.notify("tns1:VideoSource/ImageTooDark/ImagingService", "platform", True)
            first, second = await listening, await anext(events)
        assert (first.native_id, first.status, first.reason) == ("hall", CameraStatus.DOWN, "signal lost")
        assert (second.native_id, second.status, second.reason) == (
            "platform",
            CameraStatus.UP,
            "picture too dark",
        )
        assert device.subscriptions == 0


@pytest.mark.parametrize("auth", ["wsse", "digest"])
async def test_a_wrong_password_is_refused_and_shown_nowhere(
    recordings: Path, tmp_path: Path, auth: Literal["wsse", "digest"]
) -> None:
    async with (
        recording(order(recordings, auth=auth)) as device,
        adapter_for(device, tmp_path, password="wr0ng-secret") as adapter,
    ):
        with pytest.raises(Refused) as raised:
            async for _ in adapter.list_cameras():
                pass
        assert "wr0ng" not in str(raised.value) + repr(adapter) + repr(vars(adapter))


async def test_a_stream_on_a_port_that_is_not_the_devices_is_refused(
    recordings: Path, tmp_path: Path
) -> None:
    async with recording(order(recordings)) as device:
        async with adapter_for(device, tmp_path, rtsp_port=554) as adapter:
            with pytest.raises(Malformed, match="other_ports"):
                async for _ in adapter.open_footage("platform", HISTORY):
                    pass
        async with adapter_for(device, tmp_path, rtsp_port=554, other_ports=[device.rtsp_port]) as adapter:
            messages = [message async for message in adapter.open_footage("platform", HISTORY)]
            assert any(isinstance(message, SegmentData) for message in messages)


async def test_a_recorder_that_is_switched_off_is_unreachable(recordings: Path, tmp_path: Path) -> None:
    device = SimulatedRecorder(order(recordings), lambda: HISTORY.end)
    await device.start()
    async with adapter_for(device, tmp_path) as adapter:
        await device.stop()
        with pytest.raises(Unreachable):
            await adapter.read_clock()


async def test_what_the_device_does_not_have_is_not_found(recordings: Path, tmp_path: Path) -> None:
    async with recording(order(recordings)) as device, adapter_for(device, tmp_path) as adapter:
        for call in (adapter.take_snapshot("attic"), adapter.list_spans("attic", HISTORY)):
            with pytest.raises(NotFound):
                await call
        with pytest.raises(NotFound):
            async for _ in adapter.open_footage("attic", HISTORY):
                pass


async def test_what_is_not_offered_is_not_supported(recordings: Path, tmp_path: Path) -> None:
    async with recording(order(recordings)) as device, adapter_for(device, tmp_path, offers=[]) as adapter:
        assert adapter.capabilities == {Capability.CLOCK}
        with pytest.raises(NotSupported):
            await adapter.take_snapshot("hall")
        with pytest.raises(NotSupported):
            await adapter.list_spans("hall", HISTORY)
        with pytest.raises(NotSupported):
            await adapter.place_hold(HoldOrder(key="k", native_id="hall", interval=HISTORY))


def test_options_that_are_wrong_are_named_without_their_values(tmp_path: Path) -> None:
    context = AdapterContext("nvr", tmp_path, tmp_path, lambda: HISTORY.end)
    for options, name in (
        ({"url": f"http://user:{PASSWORD}@nvr/"}, "url"),
        ({"url": "http://nvr/", "offers": ["live"]}, "offers"),
        ({"url": "http://nvr/", "rtsp_port": 0}, "rtsp_port"),
        ({"url": "http://nvr/", "surprise": 1}, "surprise"),
    ):
        with pytest.raises(Misconfigured, match=name) as raised:
            create(options, context)
        assert PASSWORD not in str(raised.value)
