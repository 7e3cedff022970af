"""Plain cameras: what a key frame proves, what one that fails costs, and that nothing secret is shown."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from adapters.contract.capabilities import Capability
from adapters.contract.errors import Misconfigured, NotFound, Refused, Unreachable
from adapters.contract.models import CameraRecord, CameraStatus, Interval, Rejection, Stream
from adapters.contract.protocol import AdapterContext
from adapters.rtsp.adapter import RtspAdapter, create
from broker.demo import pixel_clock
from broker.demo.footage import make_files, plan_recordings
from broker.demo.models import FilmedCamera
from broker.demo.profile_g.device import SimulatedRecorder
from broker.demo.profile_g.models import DeviceOrder, RecordedChannel
from tests.adapters.transport.gstreamer import mount, rtsp_server
from tests.requirements import sample_data

START = datetime(2026, 7, 14, 9, tzinfo=UTC)
OFFSET = timedelta(seconds=12)
USERNAME, PASSWORD = 'üs"er: é\\', 'p@:ss/w%rd&<"'
CAMERA = FilmedCamera(native_id="gate", name="Gate", width=256, height=144, gop_s=2)


@asynccontextmanager
async def camera(folder: Path) -> AsyncIterator[int]:
    """The port of a camera at `/live/gate` whose clock is twelve seconds ahead."""
    recorded = Interval(start=START, end=START + timedelta(seconds=5))
    await asyncio.to_thread(make_files, plan_recordings(folder, [CAMERA], recorded))
    channel = RecordedChannel(
        token="gate", name="Gate", folder=folder / "gate", width=256, height=144, fps=10
    )
    order = DeviceOrder(channels=(channel,), username=USERNAME, password=PASSWORD, clock_offset=OFFSET)
    device = SimulatedRecorder(order, lambda: START)
    await device.start()
    try:
        yield device.rtsp_port
    finally:
        await device.stop()


@asynccontextmanager
async def adapter_for(folder: Path, password: str = PASSWORD, **options: Any) -> AsyncIterator[RtspAdapter]:
    (folder / "password").write_text(password, encoding="utf-8")
    signed = {"username": USERNAME, "password": {"file": "password"}, "connect_timeout_s": 2, **options}
    adapter = create(signed, AdapterContext("street", folder, folder, lambda: START))
    try:
        yield adapter
    finally:
        await adapter.aclose()


async def listed(adapter: RtspAdapter) -> tuple[dict[str, CameraRecord], list[Rejection]]:
    items = [item async for item in adapter.list_cameras()]
    records = {item.native_id: item for item in items if isinstance(item, CameraRecord)}
    return records, [item for item in items if isinstance(item, Rejection)]


async def test_a_key_frame_proves_a_camera_and_tells_its_stream(tmp_path: Path) -> None:
    async with (
        camera(tmp_path) as port,
        adapter_for(tmp_path, streams={"gate": f"rtsp://127.0.0.1:{port}/live/gate"}) as adapter,
    ):
        assert adapter.capabilities == {Capability.SNAPSHOT}
        records, rejected = await listed(adapter)
    assert rejected == []
    assert records["gate"].status is CameraStatus.UP
    assert records["gate"].streams == (Stream(codec="h264", width=256, height=144),)


async def test_a_picture_has_the_time_that_the_camera_tells(tmp_path: Path) -> None:
    async with (
        camera(tmp_path) as port,
        adapter_for(tmp_path, streams={"gate": f"rtsp://127.0.0.1:{port}/live/gate"}) as adapter,
    ):
        taken = await adapter.take_snapshot("gate")
    picture = cv2.imdecode(np.frombuffer(taken.data, np.uint8), cv2.IMREAD_GRAYSCALE)
    shown = pixel_clock.read(np.asarray(picture, np.uint8))
    assert shown == START + timedelta(seconds=4)
    assert taken.captured_at == shown + OFFSET


async def test_one_camera_that_fails_is_told_and_costs_no_other(tmp_path: Path) -> None:
    async with camera(tmp_path) as port:
        streams = {
            "dead": "rtsp://127.0.0.1:9/live",
            "absent": f"rtsp://127.0.0.1:{port}/live/cellar",
            "gate": f"rtsp://127.0.0.1:{port}/live/gate",
        }
        async with adapter_for(tmp_path, streams=streams) as adapter:
            records, rejected = await listed(adapter)
    assert {name: record.status for name, record in records.items()} == {
        "dead": CameraStatus.DOWN,
        "absent": CameraStatus.UNKNOWN,
        "gate": CameraStatus.UP,
    }
    assert [rejection.where for rejection in rejected] == ["stream of absent"]


async def test_where_no_camera_answers_the_network_is_out_of_reach(tmp_path: Path) -> None:
    streams = {"a": "rtsp://127.0.0.1:9/a", "b": "rtsp://127.0.0.1:9/b"}
    async with adapter_for(tmp_path, streams=streams) as adapter:
        with pytest.raises(Unreachable):
            await listed(adapter)


async def test_a_wrong_password_is_refused_and_no_password_is_shown(tmp_path: Path) -> None:
    async with (
        camera(tmp_path) as port,
        adapter_for(
            tmp_path, "wr0ng-secret", streams={"gate": f"rtsp://127.0.0.1:{port}/live/gate?key=h1dden"}
        ) as adapter,
    ):
        for call in (listed(adapter), adapter.take_snapshot("gate")):
            with pytest.raises(Refused) as raised:
                await call
            assert "wr0ng" not in str(raised.value)
            assert "h1dden" not in str(raised.value)
        assert "wr0ng" not in repr(vars(adapter))


async def test_a_list_names_the_cameras_and_a_template_their_streams(tmp_path: Path) -> None:
    (tmp_path / "cameras.csv").write_text("id,name,lat,lon\ngate,Main gate,48.1,2.1\n")
    async with (
        camera(tmp_path) as port,
        adapter_for(
            tmp_path, cameras="cameras.csv", template=f"rtsp://127.0.0.1:{port}/live/{{id}}"
        ) as adapter,
    ):
        records, _ = await listed(adapter)
        assert (records["gate"].name, records["gate"].status) == ("Main gate", CameraStatus.UP)
        assert (await adapter.take_snapshot("gate")).data.startswith(b"\xff\xd8")
        with pytest.raises(NotFound):
            await adapter.take_snapshot("cellar")


async def test_a_camera_may_want_a_user_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "own").write_text(PASSWORD, encoding="utf-8")
    async with camera(tmp_path) as port:
        own = {"gate": {"username": USERNAME, "password": {"file": "own"}}}
        streams = {"gate": f"rtsp://127.0.0.1:{port}/live/gate"}
        async with adapter_for(tmp_path, "another", streams=streams, sign_ins=own) as adapter:
            assert (await listed(adapter))[0]["gate"].status is CameraStatus.UP


@pytest.mark.parametrize(
    ("name", "codec", "size"),
    [("offline_h264.mp4", "h264", (1920, 1080)), ("offline_h265.mp4", "h265", (1920, 1080))],
)
async def test_real_servers_streams_are_seen_as_they_are(
    tmp_path: Path, name: str, codec: str, size: tuple[int, int]
) -> None:
    file = sample_data() / "video/mediamtx" / name
    with rtsp_server({"cam": mount(file, codec)}, USERNAME, PASSWORD) as port:
        async with adapter_for(tmp_path, streams={"cam": f"rtsp://127.0.0.1:{port}/cam"}) as adapter:
            records, _ = await listed(adapter)
            taken = await adapter.take_snapshot("cam")
    (seen,) = records["cam"].streams
    assert (seen.codec, (seen.width, seen.height), records["cam"].status) == (codec, size, CameraStatus.UP)
    picture = cv2.imdecode(np.frombuffer(taken.data, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape[:2] == size[::-1]


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"streams": {"a": "rtsp://u:s3cret@nvr/1"}}, "streams"),
        ({"streams": {"a": "http://nvr/s3cret"}}, "streams"),
        ({"template": "rtsp://nvr/{id}"}, "streams"),
        ({"template": "rtsp://{id}/s3cret", "cameras": "a.csv"}, "template"),
        ({"streams": {"a": "rtsp://nvr/1"}, "username": "u"}, "username"),
    ],
)
def test_options_that_are_wrong_are_named_without_their_values(
    tmp_path: Path, options: dict[str, Any], name: str
) -> None:
    with pytest.raises(Misconfigured, match=name) as raised:
        create(options, AdapterContext("street", tmp_path, tmp_path, lambda: START))
    assert "s3cret" not in str(raised.value)
