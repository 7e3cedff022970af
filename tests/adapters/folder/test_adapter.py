"""The adapter as the broker sees it, over recordings made on the spot."""

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from adapters.contract.errors import NotFound
from adapters.contract.models import (
    CameraRecord,
    Interval,
    SegmentStart,
    Stream,
)
from tests.adapters.folder.network import (
    DAY,
    NOON,
    NOW,
    Make,
    after,
    between,
    cameras_of,
    name_of,
    order,
    record,
    segments_of,
)
from tests.adapters.folder.recordings import grey, shown_times_us, write_recording


async def test_without_a_list_the_recordings_name_the_cameras(tmp_path: Path, make: Make) -> None:
    record(tmp_path, "gare%2Fquai%201", 0)
    record(tmp_path, "b", 0)
    records, rejected = await cameras_of(make())
    assert rejected == []
    assert records["gare/quai 1"] == CameraRecord(
        native_id="gare/quai 1",
        name="gare/quai 1",
        streams=(Stream(codec="h264", width=64, height=48, fps=10.0),),
    )
    assert set(records) == {"gare/quai 1", "b"}


async def test_a_list_names_the_cameras_and_recordings_add_what_it_does_not_say(
    tmp_path: Path, make: Make
) -> None:
    (tmp_path / "cameras.csv").write_text("id,name,lat,lon\na,Quai A,48.88,2.35\nsilent,Quai B,48.88,2.36\n")
    record(tmp_path, "a", 0)
    record(tmp_path, "stranger", 0)
    records, rejected = await cameras_of(make(cameras="cameras.csv"))
    assert records["a"].name == "Quai A" and records["a"].streams[0].codec == "h264"
    assert records["silent"].streams == ()
    assert [item.where for item in rejected] == ["recordings of stranger"]


async def test_files_that_fit_no_pattern_are_rejected_one_by_one(tmp_path: Path, make: Make) -> None:
    record(tmp_path, "a", 0).with_name("holiday.mp4").write_bytes(b"")
    (tmp_path / "recordings" / os.fsdecode(b"\xff")).mkdir()
    shutil.copy(record(tmp_path, "a", 0), tmp_path / "recordings" / os.fsdecode(b"\xff"))
    records, rejected = await cameras_of(make())
    assert set(records) == {"a"}
    assert {item.where for item in rejected} >= {"a/holiday.mp4"}
    assert len(rejected) == 2 and any("UTF-8" in item.reason for item in rejected)


async def test_a_list_that_says_up_proves_nothing_and_one_that_says_down_is_believed(
    tmp_path: Path, make: Make
) -> None:
    (tmp_path / "cameras.csv").write_text("id,lat,lon,status\na,48.8,2.3,up\nb,48.8,2.3,down\n")
    records, _ = await cameras_of(make(cameras="cameras.csv"))
    assert {name: record.status.value for name, record in records.items()} == {"a": "unknown", "b": "down"}


async def test_spans_join_adjoining_files_and_keep_gaps(tmp_path: Path, make: Make) -> None:
    for seconds in (0, 2.5, 10):
        record(tmp_path, "a", seconds)
    listing = await make(retention_days=2).list_spans("a", DAY)
    assert [span.interval for span in listing.spans] == [between(0, 5), between(10, 12.5)]
    assert [span.overwrite_at for span in listing.spans] == [
        after(2.5) + timedelta(days=2),
        after(12.5) + timedelta(days=2),
    ]
    assert listing.problems == ()


async def test_spans_are_clipped_to_the_window(tmp_path: Path, make: Make) -> None:
    for seconds in (0, 2.5):
        record(tmp_path, "a", seconds)
    adapter = make()
    assert [s.interval for s in (await adapter.list_spans("a", between(1, 3))).spans] == [between(1, 3)]
    assert (await adapter.list_spans("a", between(60, 90))).spans == ()


async def test_the_lists_retention_wins_over_the_networks(tmp_path: Path, make: Make) -> None:
    (tmp_path / "cameras.csv").write_text("id,lat,lon,retention_days\na,48.8,2.3,7\nb,48.8,2.3,\n")
    record(tmp_path, "a", 0)
    record(tmp_path, "b", 0)
    adapter = make(cameras="cameras.csv", retention_days=2)
    overwrites = [(await adapter.list_spans(camera, DAY)).spans[0].overwrite_at for camera in ("a", "b")]
    assert overwrites == [after(2.5) + timedelta(days=7), after(2.5) + timedelta(days=2)]


async def test_each_unusable_file_is_one_problem_and_the_rest_works(tmp_path: Path, make: Make) -> None:
    good = record(tmp_path, "a", 0)
    folder = good.parent
    (folder / name_of(after(10))).write_bytes(b"")
    (folder / name_of(after(20))).write_bytes(good.read_bytes()[:-100])
    (folder / name_of(after(30))).write_bytes(b"not a video, whatever its name says")
    record(tmp_path, "a", 40, keep_key_frames=False)
    os.utime(folder / name_of(after(10)), (NOON.timestamp(), NOON.timestamp()))
    os.utime(folder / name_of(after(20)), (NOW.timestamp(), NOW.timestamp()))
    listing = await make().list_spans("a", DAY)
    assert [span.interval for span in listing.spans] == [between(0, 2.5)]
    reasons = {problem.where.partition("/")[2]: problem.reason for problem in listing.problems}
    assert reasons == {
        name_of(after(10)): "is empty: torn, or never finished",
        name_of(after(20)): "has no index yet: still being written",
        name_of(after(30)): "is no MP4, Matroska, MPEG-TS or AVI file",
        name_of(after(40)): "has no key frame, so that nothing in it can be decoded",
    }


async def test_overlapping_files_are_reported_and_the_later_start_wins(tmp_path: Path, make: Make) -> None:
    record(tmp_path, "a", 0, frames=range(100))
    record(tmp_path, "a", 4)
    adapter = make()
    listing = await adapter.list_spans("a", DAY)
    assert [span.interval for span in listing.spans] == [between(0, 6.5)]
    assert "starts later" in listing.problems[0].reason
    segments = await segments_of(adapter, DAY)
    assert [start.valid for start, _data in segments] == [between(0, 4), between(4, 6.5)]


async def test_footage_is_the_recorders_own_files(tmp_path: Path, make: Make) -> None:
    paths = [record(tmp_path, "a", seconds) for seconds in (0, 2.5, 5, 7.5)]
    segments = await segments_of(make(), between(3, 6))
    assert [data for _start, data in segments] == [path.read_bytes() for path in paths[1:3]]
    assert segments[0][0] == SegmentStart(
        name=f"a/{name_of(after(2.5))}", container="mp4", starts_at=after(2.5), valid=between(2.5, 5)
    )


async def test_a_file_cut_by_one_after_the_window_says_so(tmp_path: Path, make: Make) -> None:
    record(tmp_path, "a", 0, frames=range(100))
    record(tmp_path, "a", 6)
    ((start, _data),) = await segments_of(make(), between(1, 2))
    assert start.valid == between(0, 6)


async def test_a_growing_file_is_handed_out_without_its_torn_tail(tmp_path: Path, make: Make) -> None:
    path = record(tmp_path, "a", 0, fragmented=True, frames=range(40), settled=False)
    path.write_bytes(path.read_bytes()[:-700])
    os.utime(path, (NOW.timestamp(), NOW.timestamp()))
    adapter = make()
    listing = await adapter.list_spans("a", DAY)
    assert listing.problems == ()
    ((start, data),) = await segments_of(adapter, DAY)
    received = tmp_path / "received.mp4"
    received.write_bytes(data)
    assert path.read_bytes().startswith(data) and len(data) < path.stat().st_size
    assert start.valid.duration == timedelta(microseconds=shown_times_us(received)[-1] + 100_000)
    assert listing.spans[0].interval == start.valid
    os.utime(path, (NOON.timestamp(), NOON.timestamp()))
    (problem,) = (await adapter.list_spans("a", DAY)).problems
    assert "torn" in problem.reason


async def test_a_file_that_vanishes_before_it_is_read_is_left_out(tmp_path: Path, make: Make) -> None:
    paths = [record(tmp_path, "a", seconds) for seconds in (0, 2.5)]
    footage = make().open_footage("a", DAY)
    names = []
    async for message in footage:
        if isinstance(message, SegmentStart):
            names.append(message.name)
            paths[1].unlink(missing_ok=True)
    assert names == [f"a/{name_of(NOON)}"]


async def test_names_in_local_time_are_read_in_their_zone(tmp_path: Path, make: Make) -> None:
    path = record(tmp_path, "a", 0)
    path.rename(path.with_name("2026-06-15_14-00-00-000000.mp4"))
    listing = await make(timezone="Europe/Paris").list_spans("a", DAY)
    assert listing.spans[0].interval == between(0, 2.5)


async def test_both_passes_of_the_repeated_hour_are_told_apart(tmp_path: Path, make: Make) -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    second = first + timedelta(hours=1, seconds=1)
    for start, name in ((first, "02-30-00-000000"), (second, "02-30-01-000000")):
        path = write_recording(tmp_path / "recordings" / "a" / f"2026-10-25_{name}.mp4")
        end = (start + timedelta(seconds=2.5)).timestamp()
        os.utime(path, (end, end))
    window = Interval(start=first - timedelta(hours=2), end=second + timedelta(hours=2))
    listing = await make(timezone="Europe/Paris").list_spans("a", window)
    assert [span.interval.start for span in listing.spans] == [first, second]


async def test_a_snapshot_is_the_last_key_frame_with_its_instant(tmp_path: Path, make: Make) -> None:
    record(tmp_path, "a", 0)
    record(tmp_path, "a", 60, frames=range(27), fragmented=True)
    (tmp_path / "recordings" / "a" / name_of(after(90))).write_bytes(b"")
    snapshot = await make().take_snapshot("a")
    assert snapshot.captured_at == after(62)
    picture = cv2.imdecode(np.frombuffer(snapshot.data, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None and picture.shape == (48, 64, 3)
    assert abs(float(picture.mean()) - grey(20)) < 4


async def test_a_held_interval_can_be_read_after_the_recorder_erased_it(tmp_path: Path, make: Make) -> None:
    paths = [record(tmp_path, "a", seconds) for seconds in (0, 2.5, 5, 30)]
    originals = [path.read_bytes() for path in paths]
    adapter = make(holds="holds")
    receipt = await adapter.place_hold(order(interval=between(3, 6)))
    assert receipt.held == (between(2.5, 7.5),)
    shutil.rmtree(tmp_path / "recordings" / "a")
    assert await adapter.place_hold(order(interval=between(3, 6))) == receipt
    segments = await segments_of(adapter, DAY, hold=receipt.handle)
    assert [data for _start, data in segments] == originals[1:3]
    assert [item async for item in adapter.list_holds()] == [receipt]
    await adapter.release_hold(receipt.handle)
    assert [item async for item in adapter.list_holds()] == []
    with pytest.raises(NotFound, match="no hold"):
        await segments_of(adapter, DAY, hold=receipt.handle)


async def test_held_copies_stand_beside_the_originals_that_are_left(tmp_path: Path, make: Make) -> None:
    paths = [record(tmp_path, "a", seconds) for seconds in (0, 2.5, 5)]
    originals = [path.read_bytes() for path in paths]
    adapter = make(holds="holds")
    receipt = await adapter.place_hold(order(interval=between(0, 5)))
    paths[0].unlink()
    paths[1].write_bytes(b"rewritten in place by the recorder")
    segments = await segments_of(adapter, DAY, hold=receipt.handle)
    assert [data for _start, data in segments] == originals
    assert [start.valid for start, _data in segments] == [between(0, 2.5), between(2.5, 5), between(5, 7.5)]


async def test_an_interrupted_hold_keeps_what_it_copied_when_its_originals_go(
    tmp_path: Path, make: Make
) -> None:
    paths = [record(tmp_path, "a", seconds) for seconds in (0, 2.5)]
    adapter = make(holds="holds")
    await adapter.place_hold(order())
    (tmp_path / "holds" / "hold-1" / "receipt.json").unlink()
    paths[0].unlink()
    assert (await adapter.place_hold(order())).held == (between(0, 5),)


async def test_nothing_to_keep_is_an_empty_receipt(tmp_path: Path, make: Make) -> None:
    record(tmp_path, "a", 0)
    receipt = await make(holds="holds").place_hold(order(interval=between(60, 90)))
    assert (receipt.held, receipt.handle) == ((), "hold-1")


async def test_a_hold_of_another_camera_is_not_found(tmp_path: Path, make: Make) -> None:
    record(tmp_path, "a", 0)
    record(tmp_path, "b", 0)
    adapter = make(holds="holds")
    receipt = await adapter.place_hold(order())
    with pytest.raises(NotFound, match="camera b"):
        await segments_of(adapter, DAY, hold=receipt.handle, camera="b")
