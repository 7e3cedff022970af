"""Folders as MediaMTX, Frigate and ZoneMinder lay them out: whose files they are, and when they start."""

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.contract.errors import Misconfigured, NotFound
from adapters.contract.models import Interval
from adapters.contract.protocol import AdapterContext
from adapters.folder.adapter import FolderAdapter, create
from adapters.folder.layouts import LAYOUTS, LayoutName
from tests.adapters.folder.network import DAY, NOON, NOW, cameras_of, order, segments_of
from tests.adapters.folder.recordings import write_recording

LASTS_S = 2.5
ZONE = "Europe/Paris"  # two hours ahead of UTC on the day of these recordings


def network(root: Path, layout: LayoutName, **options: Any) -> FolderAdapter:
    context = AdapterContext("net", root, root / "cache", lambda: NOW)
    return create({"recordings": "recordings", "layout": layout, "holds": "holds"} | options, context)


def record(root: Path, name: str, closed_at: datetime, **how: Any) -> Path:
    path = write_recording(root / "recordings" / name, **how)
    os.utime(path, (closed_at.timestamp(), closed_at.timestamp()))
    return path


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


async def starts(adapter: FolderAdapter, camera: str) -> list[datetime]:
    return [segment.starts_at for segment, _ in await segments_of(adapter, DAY, camera=camera)]


@pytest.mark.parametrize(
    ("layout", "path", "camera", "start"),
    [
        (
            "mediamtx",
            "gare/quai/2026-06-15_14-00-00-250000.mp4",
            "gare/quai",
            "2026-06-15T14:00:00.250000",
        ),
        ("mediamtx", "quai/2026-06-15_14-00-00-250000.ts", "quai", "2026-06-15T14:00:00.250000"),
        ("frigate", "2026-06-15/12/front_door/00.10.mp4", "front_door", "2026-06-15T12:00:10"),
    ],
)
def test_a_name_that_states_the_start_is_read(layout: LayoutName, path: str, camera: str, start: str) -> None:
    name = LAYOUTS[layout].parse(path)
    assert name is not None
    assert name.start is not None
    assert (name.camera, name.start.moment.isoformat()) == (camera, start)


@pytest.mark.parametrize(
    ("path", "near", "day"),
    [
        ("3/26/06/15/14/00/07/41-video.mp4", "2026-06-15T14:00:07", None),
        ("3/26/06/15/14/00/07/41-video.h264.mp4", "2026-06-15T14:00:07", None),
        ("3/2026-06-15/41/41-video.mp4", None, "2026-06-15"),
        ("3/2026-06-15/41/41-video.hevc.mkv", None, "2026-06-15"),
        ("3/41/41-video.mp4", None, None),
    ],
)
def test_a_name_without_the_start_is_known_as_such(path: str, near: str | None, day: str | None) -> None:
    name = LAYOUTS["zoneminder"].parse(path)
    assert name is not None
    assert (name.camera, name.start) == ("3", None)
    assert (name.near.moment.isoformat() if name.near else None) == near
    assert (name.day.isoformat() if name.day else None) == day


@pytest.mark.parametrize(
    ("layout", "path"),
    [
        ("frigate", "2026-06-15/25/front_door/00.10.mp4"),
        ("frigate", "front_door/2026-06-15/12/00.10.mp4"),
        ("frigate", "2026-06-15/12/00.10.mp4"),
        ("zoneminder", "Front/2026-06-15/41/41-video.mp4"),
        ("zoneminder", "3/2026-06-15/41/42-video.mp4"),
        ("zoneminder", "3/2026-13-15/41/41-video.mp4"),
        ("zoneminder", "3/2026-06-15/41/incomplete.mp4"),
        ("zoneminder", "3/26/06/15/14/00/41-video.mp4"),
    ],
)
def test_what_the_recorder_would_not_write_is_not_read(layout: LayoutName, path: str) -> None:
    assert LAYOUTS[layout].parse(path) is None


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_folder_above_a_recording_is_entered_and_no_other_cameras(layout: LayoutName) -> None:
    paths = {
        "mediamtx": ["7/2026-06-15_14-00-00-250000.mp4"],
        "frigate": ["2026-06-15/12/7/00.10.mp4"],
        "zoneminder": [
            "7/26/06/15/14/00/07/41-video.mp4",
            "7/2026-06-15/41/41-video.mp4",
            "7/41/41-video.mp4",
        ],
    }[layout]
    names = LAYOUTS[layout]
    for path in paths:
        steps = path.split("/")
        above = ["/".join(steps[: depth + 1]) for depth in range(len(steps) - 1)]
        assert all(names.may_contain(folder, "7") and names.may_contain(folder, None) for folder in above)
        assert not all(names.may_contain(folder, "8") for folder in above)


async def test_frigate_segments_are_one_span_in_utc(tmp_path: Path) -> None:
    for second in (0, 2, 4):
        path = f"2026-06-15/12/front/00.{second:02}.mp4"
        record(tmp_path, path, after(second + 2), frames=range(20), fragmented=True)
    adapter = network(tmp_path, "frigate")
    (span,) = (await adapter.list_spans("front", DAY)).spans
    assert span.interval == Interval(start=NOON, end=after(6))
    assert await starts(adapter, "front") == [NOON, after(2), after(4)]


async def test_mediamtx_names_are_in_the_servers_time(tmp_path: Path) -> None:
    record(tmp_path, "gare/quai/2026-06-15_14-00-01-500000.ts", after(4))
    assert await starts(network(tmp_path, "mediamtx", timezone=ZONE), "gare/quai") == [after(1.5)]


async def test_zoneminders_three_schemes_are_one_cameras_footage(tmp_path: Path) -> None:
    record(tmp_path, "1/26/06/15/14/00/01/7-video.mp4", after(LASTS_S))
    record(tmp_path, "1/2026-06-15/8/8-video.mp4", after(10 + LASTS_S))
    record(tmp_path, "1/9/9-video.mp4", after(20.25 + LASTS_S))
    record(tmp_path, "2/10/10-video.mp4", after(30))
    adapter = network(tmp_path, "zoneminder", timezone=ZONE)
    records, problems = await cameras_of(adapter)
    assert (set(records), problems) == ({"1", "2"}, [])
    assert await starts(adapter, "1") == [NOON, after(10), after(20.25)]
    spans = (await adapter.list_spans("1", DAY)).spans
    assert [span.interval.start for span in spans] == [NOON, after(10), after(20.25)]
    assert (await adapter.take_snapshot("1")).captured_at == after(20.25 + 2)


async def test_events_that_overlap_by_the_key_frame_before_them_are_no_problem(tmp_path: Path) -> None:
    for number, start in enumerate((0, 1.2, 2.4)):
        record(tmp_path, f"1/2026-06-15/{number}/{number}-video.mp4", after(start + LASTS_S))
    listing = await network(tmp_path, "zoneminder").list_spans("1", DAY)
    assert [span.interval for span in listing.spans] == [Interval(start=NOON, end=after(2.4 + LASTS_S))]
    assert listing.problems == ()


async def test_a_copied_event_whose_name_has_the_second_starts_then(tmp_path: Path) -> None:
    record(tmp_path, "1/26/06/15/14/00/07/7-video.mp4", NOW)
    assert await starts(network(tmp_path, "zoneminder", timezone=ZONE), "1") == [after(7)]


async def test_the_second_pass_of_autumns_hour_is_told_by_when_the_file_was_closed(tmp_path: Path) -> None:
    closed_at = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # 02:30 for the second time in Paris
    record(tmp_path, "1/26/10/25/02/29/58/7-video.mp4", closed_at)
    adapter = network(tmp_path, "zoneminder", timezone=ZONE)
    around = Interval(start=closed_at - timedelta(hours=2), end=closed_at + timedelta(hours=1))
    (span,) = (await adapter.list_spans("1", around)).spans
    assert span.interval.end == closed_at


async def test_an_event_of_midnight_belongs_to_the_day_on_which_it_starts(tmp_path: Path) -> None:
    midnight = datetime(2026, 6, 14, 22, tzinfo=UTC)
    closed_at = midnight + timedelta(seconds=1)
    record(tmp_path, "1/2026-06-14/8/8-video.mp4", closed_at)
    adapter = network(tmp_path, "zoneminder", timezone=ZONE)
    wanted = Interval(start=midnight - timedelta(hours=1), end=midnight + timedelta(hours=1))
    (span,) = (await adapter.list_spans("1", wanted)).spans
    assert span.interval.start == closed_at - timedelta(seconds=LASTS_S)


async def test_a_copied_event_whose_time_is_lost_is_told_and_not_offered(tmp_path: Path) -> None:
    record(tmp_path, "1/2026-06-15/8/8-video.mp4", NOW + timedelta(days=3))
    record(tmp_path, "1/2026-06-15/9/9-video.mp4", after(10 + LASTS_S))
    adapter = network(tmp_path, "zoneminder", timezone=ZONE)
    listing = await adapter.list_spans("1", DAY)
    assert [span.interval.start for span in listing.spans] == [after(10)]
    (told,) = listing.problems
    assert told.where == "1/2026-06-15/8/8-video.mp4"
    assert "copy recordings with their times" in told.reason


async def test_an_open_event_is_told_as_being_written(tmp_path: Path) -> None:
    path = tmp_path / "recordings" / "1" / "2026-06-16" / "8" / "8-video.mp4"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\0\0\0\x1cftypisom\0\0\2\0isomiso2avc1mp41\0\0\0\x08free")
    os.utime(path, (NOW.timestamp(), NOW.timestamp()))
    adapter = network(tmp_path, "zoneminder")
    around_now = Interval(start=NOW - timedelta(minutes=1), end=NOW + timedelta(minutes=1))
    listing = await adapter.list_spans("1", around_now)
    assert listing.spans == ()
    assert [problem.reason for problem in listing.problems] == ["has no index yet: still being written"]


async def test_links_by_which_zoneminder_names_its_monitors_are_not_followed(tmp_path: Path) -> None:
    record(tmp_path, "1/2026-06-15/8/8-video.mp4", after(10))
    (tmp_path / "recordings" / "Front").symlink_to("1", target_is_directory=True)
    day = tmp_path / "recordings" / "1" / "2026-06-15"
    (day / ".8").symlink_to("8", target_is_directory=True)
    records, problems = await cameras_of(network(tmp_path, "zoneminder"))
    assert (set(records), problems) == ({"1"}, [])


@pytest.mark.parametrize(
    ("layout", "camera", "name"),
    [
        ("mediamtx", "a", "a/2026-06-15_12-00-00-000000.ts"),
        ("mediamtx", "a", "a/2026-06-15_12-00-00-000000.avi"),
        ("frigate", "a", "2026-06-15/12/a/00.00.mp4"),
        ("zoneminder", "1", "1/26/06/15/12/00/00/8-video.mp4"),
        ("zoneminder", "1", "1/2026-06-15/8/8-video.mp4"),
        ("zoneminder", "1", "1/8/8-video.mkv"),
    ],
)
async def test_a_hold_keeps_the_footage_and_its_time_when_the_recorder_has_erased_it(
    tmp_path: Path, layout: LayoutName, camera: str, name: str
) -> None:
    path = record(tmp_path, name, after(LASTS_S))
    data = path.read_bytes()
    adapter = network(tmp_path, layout)
    before = await segments_of(adapter, DAY, camera=camera)
    receipt = await adapter.place_hold(order(camera=camera))
    (held,) = receipt.held
    assert abs((held.start - NOON).total_seconds()) < 0.001
    shutil.rmtree(tmp_path / "recordings" / name.split("/", maxsplit=1)[0])
    (tmp_path / "recordings" / ("2026-06-14" if layout == "frigate" else "9")).mkdir()
    after_all = await segments_of(adapter, DAY, receipt.handle, camera=camera)
    assert after_all == before
    assert after_all[0][1] == data
    await adapter.release_hold(receipt.handle)
    with pytest.raises(NotFound):
        await segments_of(adapter, DAY, receipt.handle, camera=camera)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"layout": "mediamtx", "pattern": "{camera}/%s.mp4"}, "take out layout or pattern"),
        ({"layout": "frigate", "timezone": ZONE}, "in UTC: take out timezone"),
        ({"layout": "blueiris"}, "layout: Input should be"),
    ],
)
def test_a_layout_that_says_two_things_is_refused(
    tmp_path: Path, options: dict[str, Any], reason: str
) -> None:
    (tmp_path / "recordings").mkdir()
    with pytest.raises(Misconfigured, match=reason):
        network(tmp_path, **options)
