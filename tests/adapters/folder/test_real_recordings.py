"""Files that real recorders and cameras wrote, laid out as a recorder would keep them."""

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.contract.models import CameraRecord, HoldOrder, Interval, SegmentData, SegmentStart
from adapters.contract.protocol import AdapterContext
from adapters.folder.adapter import FolderAdapter, create
from tests.broker.evidence.cut.footage import in_container
from tests.requirements import sample_data

START = datetime(2026, 6, 15, 12, tzinfo=UTC)
DAY = Interval(start=START - timedelta(hours=1), end=START + timedelta(hours=23))
DURATIONS_S = {
    "intel/bottle-detection.mp4": 39.854,
    "intel/car-detection.mp4": 30.16,
    "intel/one-by-one-person-detection.mp4": 139.4,
    "intel/walk.mkv": 2.966,
    "kerberos/test-480p.mp4": 3.167,
    "mediamtx/emptyvideoaudio.mkv": 60.0,
    "mediamtx/offline_h264.mp4": 1.0,
    "mediamtx/offline_h265.mp4": 1.0,
}
IN_OTHER_CONTAINERS = [
    (name, suffix)
    for name in DURATIONS_S
    for suffix in ("ts", "avi")
    if (name, suffix) != ("mediamtx/offline_h265.mp4", "avi")  # which libavformat does not write
]
CODECS = {"mediamtx/offline_h265.mp4": "h265"}


@pytest.fixture
def recorder(tmp_path: Path) -> FolderAdapter:
    """One camera per real file, named after it, in MediaMTX's layout."""
    for name in DURATIONS_S:
        source = sample_data() / "video" / name
        folder = tmp_path / "recordings" / name.rpartition(".")[0]
        folder.mkdir(parents=True)
        shutil.copy(source, folder / f"2026-06-15_12-00-00-000000{source.suffix}")
    context = AdapterContext("net", tmp_path, tmp_path / "cache", lambda: START + timedelta(days=1))
    options = {"recordings": "recordings", "pattern": "%path/%Y-%m-%d_%H-%M-%S-%f", "holds": "holds"}
    return create(options, context)


async def test_every_real_file_is_a_camera_with_its_stream(recorder: FolderAdapter) -> None:
    records = [item async for item in recorder.list_cameras()]
    assert {item.native_id for item in records if isinstance(item, CameraRecord)} == {
        name.rpartition(".")[0] for name in DURATIONS_S
    }
    codecs = {item.native_id: item.streams[0].codec for item in records if isinstance(item, CameraRecord)}
    for name in DURATIONS_S:
        assert codecs[name.rpartition(".")[0]] == CODECS.get(name, "h264")


@pytest.mark.parametrize("name", DURATIONS_S)
async def test_a_real_file_is_one_span_and_comes_back_byte_for_byte(
    recorder: FolderAdapter, name: str
) -> None:
    camera = name.rpartition(".")[0]
    listing = await recorder.list_spans(camera, DAY)
    (span,) = listing.spans
    assert listing.problems == ()
    assert span.interval.start == START
    assert abs(span.interval.duration.total_seconds() - DURATIONS_S[name]) < 0.005
    messages = [message async for message in recorder.open_footage(camera, DAY)]
    data = b"".join(message.data for message in messages if isinstance(message, SegmentData))
    assert data == (sample_data() / "video" / name).read_bytes()
    assert isinstance(messages[0], SegmentStart) and messages[0].valid == span.interval


@pytest.mark.parametrize("name", DURATIONS_S)
async def test_a_real_file_gives_a_snapshot_from_within_its_span(recorder: FolderAdapter, name: str) -> None:
    camera = name.rpartition(".")[0]
    snapshot = await recorder.take_snapshot(camera)
    (span,) = (await recorder.list_spans(camera, DAY)).spans
    assert snapshot.captured_at is not None
    assert span.interval.start <= snapshot.captured_at < span.interval.end
    assert snapshot.data.startswith(b"\xff\xd8")


@pytest.mark.parametrize(("name", "suffix"), IN_OTHER_CONTAINERS)
async def test_a_real_file_in_another_container_is_the_same_footage_and_comes_back(
    tmp_path: Path, name: str, suffix: str
) -> None:
    source = sample_data() / "video" / name
    path = tmp_path / "recordings" / "real" / f"2026-06-15_12-00-00-000000.{suffix}"
    path.parent.mkdir(parents=True)
    in_container(source, path)
    os.utime(path, (START.timestamp(), START.timestamp()))
    context = AdapterContext("net", tmp_path, tmp_path / "cache", lambda: START + timedelta(days=1))
    adapter = create({"recordings": "recordings", "layout": "mediamtx", "holds": "holds"}, context)
    listing = await adapter.list_spans("real", DAY)
    (span,) = listing.spans
    assert listing.problems == ()
    assert span.interval.start == START
    # What an edit list hides in the source, at most one frame of its own, is shown in the others.
    assert abs(span.interval.duration.total_seconds() - DURATIONS_S[name]) < 0.04
    receipt = await adapter.place_hold(HoldOrder(key="h", native_id="real", interval=DAY))
    data = path.read_bytes()
    path.unlink()
    messages = [message async for message in adapter.open_footage("real", DAY, receipt.handle)]
    assert b"".join(message.data for message in messages if isinstance(message, SegmentData)) == data
    assert isinstance(messages[0], SegmentStart)
    assert messages[0].container == suffix


@pytest.mark.parametrize(("name", "suffix"), IN_OTHER_CONTAINERS)
async def test_a_real_file_in_another_container_gives_the_same_snapshot(
    recorder: FolderAdapter, tmp_path: Path, name: str, suffix: str
) -> None:
    folder = tmp_path / "other" / "real"
    folder.mkdir(parents=True)
    in_container(sample_data() / "video" / name, folder / f"2026-06-15_12-00-00-000000.{suffix}")
    context = AdapterContext("net", tmp_path, tmp_path / "cache", lambda: START + timedelta(days=1))
    streamed = await create({"recordings": "other", "layout": "mediamtx"}, context).take_snapshot("real")
    original = await recorder.take_snapshot(name.rpartition(".")[0])
    assert streamed.data == original.data
    assert streamed.captured_at is not None
    assert original.captured_at is not None
    assert abs((streamed.captured_at - original.captured_at).total_seconds()) < 0.04
