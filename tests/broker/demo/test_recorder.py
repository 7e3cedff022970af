import itertools
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.contract.models import Interval
from broker.demo.film import file_path, named_instant
from broker.demo.footage import make_files, plan_recordings
from broker.demo.models import FilmedCamera, Outage
from broker.demo.recorder import LONGEST_CATCH_UP, LiveRecorder, RecorderTask, RecordingOrder, run
from tests.broker.demo.clock_readings import frame_instants, shown_by_pyav

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CAMERA = FilmedCamera(native_id="rue", name="Rue", width=256, height=144, frame_period_ms=200, gop_s=4)
SECOND = timedelta(seconds=1)


def order(
    recordings: Path,
    camera: FilmedCamera = CAMERA,
    start: datetime = NOON,
    retention: timedelta = timedelta(days=1),
) -> RecordingOrder:
    task = RecorderTask(recordings=recordings, cameras=(camera,), retention=retention)
    return RecordingOrder(tasks=(task,), start=start)


def recorded(recordings: Path, camera: FilmedCamera = CAMERA) -> list[Path]:
    return sorted((recordings / camera.native_id).glob("*.mp4"))


def box_ends(data: bytes) -> Iterator[tuple[str, int]]:
    """Name and end of each top-level box that is completely there (ISO/IEC 14496-12, 4.2)."""
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        at += size
        if at > len(data):
            return
        yield data[at - size + 4 : at - size + 8].decode(), at


def up_to_last_fragment(path: Path) -> bytes:
    data = path.read_bytes()
    return data[: max((end for name, end in box_ends(data) if name == "mdat"), default=0)]


def test_a_growing_file_can_be_read_up_to_its_last_fragment(tmp_path: Path) -> None:
    with closing(LiveRecorder(order(tmp_path))) as recorder:
        counts = []
        for second in range(1, 21):
            recorder.advance(NOON + second * SECOND)
            (path,) = recorded(tmp_path)
            complete = up_to_last_fragment(path)
            shown = shown_by_pyav(complete) if complete else []
            filmed = frame_instants(CAMERA, Interval(start=NOON, end=NOON + second * SECOND))
            assert shown == filmed[: len(shown)]
            # What is not on disk yet: the GOP in work, and what the encoder keeps to order its B-frames.
            kept_back = CAMERA.gop_s * SECOND + (CAMERA.b_frames + 2) * CAMERA.frame_period
            assert len(filmed) - len(shown) <= kept_back / CAMERA.frame_period
            counts.append(len(shown))
    assert len(set(counts)) == 5
    assert shown_by_pyav(path) == filmed


def test_files_are_cut_on_the_minute_and_miss_no_frame(tmp_path: Path) -> None:
    start = NOON + timedelta(seconds=51.3)
    with closing(LiveRecorder(order(tmp_path, start=start))) as recorder:
        for second in range(80):
            recorder.advance(start + second * SECOND)
    paths = recorded(tmp_path)
    assert [named_instant(path) for path in paths] == [
        NOON + timedelta(seconds=51.4),
        NOON + timedelta(seconds=60),
        NOON + timedelta(seconds=120),
    ]
    filmed = frame_instants(CAMERA, Interval(start=start, end=start + 79 * SECOND))
    assert [instant for path in paths for instant in shown_by_pyav(path)] == filmed


def test_live_files_join_the_history_made_before(tmp_path: Path) -> None:
    start = NOON + timedelta(seconds=3.21)
    make_files(plan_recordings(tmp_path, [CAMERA], Interval(start=NOON, end=start)))
    with closing(LiveRecorder(order(tmp_path, start=start))) as recorder:
        recorder.advance(start + 5 * SECOND)
    shown = [instant for path in recorded(tmp_path) for instant in shown_by_pyav(path)]
    assert shown == frame_instants(CAMERA, Interval(start=NOON, end=start + 5 * SECOND))


def test_nothing_is_recorded_during_an_outage(tmp_path: Path) -> None:
    camera = CAMERA.model_copy(update={"outage": Outage(every_s=3600, begins_s=4, lasts_s=5)})
    with closing(LiveRecorder(order(tmp_path, camera))) as recorder:
        for second in range(1, 13):
            recorder.advance(NOON + second * SECOND)
    first, second_file = recorded(tmp_path)
    assert shown_by_pyav(first) == frame_instants(camera, Interval(start=NOON, end=NOON + 4 * SECOND))
    later = Interval(start=NOON + 9 * SECOND, end=NOON + 12 * SECOND)
    assert shown_by_pyav(second_file) == frame_instants(camera, later)


def test_a_long_sleep_of_the_machine_leaves_a_gap(tmp_path: Path) -> None:
    with closing(LiveRecorder(order(tmp_path))) as recorder:
        recorder.advance(NOON + SECOND)
        awake = NOON + SECOND + LONGEST_CATCH_UP + SECOND
        recorder.advance(awake)
        recorder.advance(awake + SECOND)
    assert [named_instant(path) for path in recorded(tmp_path)] == [NOON, awake]


def test_files_past_their_retention_are_erased_and_others_left(tmp_path: Path) -> None:
    ages = {"expired": timedelta(hours=1, minutes=1), "kept": timedelta(minutes=60, seconds=59)}
    old = {name: file_path(tmp_path, CAMERA, NOON + SECOND - age) for name, age in ages.items()}
    (tmp_path / CAMERA.native_id).mkdir()
    for path in old.values():
        path.touch()
    foreign = tmp_path / CAMERA.native_id / "somebody-else.mp4"
    foreign.touch()
    with closing(LiveRecorder(order(tmp_path, retention=timedelta(hours=1)))) as recorder:
        recorder.advance(NOON + SECOND)
    assert not old["expired"].exists()
    assert old["kept"].exists()
    assert foreign.exists()


def test_a_second_recorder_on_one_folder_is_refused(tmp_path: Path) -> None:
    with closing(LiveRecorder(order(tmp_path))) as first, closing(LiveRecorder(order(tmp_path))) as second:
        first.advance(NOON + SECOND)
        with pytest.raises(FileExistsError, match="another recorder"):
            second.advance(NOON + SECOND)


def test_run_records_until_told_to_stop_and_completes_the_file(tmp_path: Path) -> None:
    ticks = itertools.count(1)
    answers = iter([False, False, False, True])
    run(
        LiveRecorder(order(tmp_path)),
        now=lambda: NOON + next(ticks) * SECOND,
        stopped_within=lambda seconds: next(answers),
    )
    (path,) = recorded(tmp_path)
    assert shown_by_pyav(path) == frame_instants(CAMERA, Interval(start=NOON, end=NOON + 3 * SECOND))
