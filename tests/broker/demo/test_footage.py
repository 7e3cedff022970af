from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import av
import pytest

from adapters.contract.models import Interval
from broker.demo.film import named_instant
from broker.demo.footage import (
    PlannedFile,
    Progress,
    history_before,
    make_files,
    plan_recordings,
)
from broker.demo.models import FilmedCamera, Outage
from broker.demo.scene import Setting
from tests.broker.demo.clock_readings import frame_instants, shown_by_opencv, shown_by_pyav
from tests.broker.demo.killed_parent import all_end_with_their_parent, needs_pidfd

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SPAN = Interval(start=NOON + timedelta(seconds=33.345), end=NOON + timedelta(seconds=100.01))
OUTAGE = Interval(start=NOON + timedelta(seconds=70), end=NOON + timedelta(seconds=90))
CAMERAS = (
    FilmedCamera(
        native_id="quai",
        name="Quai",
        setting=Setting.PLATFORM,
        width=256,
        height=144,
        frame_period_ms=80,
        gop_s=8,
        b_frames=3,
        outage=Outage(every_s=3600, begins_s=70, lasts_s=20),
    ),
    FilmedCamera(
        native_id="rue", name="Rue", width=256, height=144, frame_period_ms=200, gop_s=4, b_frames=1
    ),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[PlannedFile, ...]:
    plan = plan_recordings(tmp_path_factory.mktemp("recordings"), CAMERAS, SPAN)
    return make_files(plan)


def files_of(made: tuple[PlannedFile, ...], camera: FilmedCamera) -> list[PlannedFile]:
    return sorted((file for file in made if file.camera == camera), key=lambda file: file.path)


def test_each_file_begins_with_the_frame_that_its_name_says(made: tuple[PlannedFile, ...]) -> None:
    for file in made:
        assert shown_by_pyav(file.path)[0] == named_instant(file.path)


@pytest.mark.parametrize("camera", CAMERAS, ids=lambda camera: camera.native_id)
def test_every_frame_shows_its_own_instant_and_none_is_missing(
    made: tuple[PlannedFile, ...], camera: FilmedCamera
) -> None:
    expected = frame_instants(camera, SPAN)
    if camera.outage is not None:
        expected = [instant for instant in expected if not OUTAGE.start <= instant < OUTAGE.end]
    paths = [file.path for file in files_of(made, camera)]
    assert [instant for path in paths for instant in shown_by_pyav(path)] == expected
    assert [instant for path in paths for instant in shown_by_opencv(path)] == expected


def test_presentation_times_agree_with_the_clock(made: tuple[PlannedFile, ...]) -> None:
    for file in made:
        with av.open(str(file.path)) as container:
            stream = container.streams.video[0]
            times = [frame.pts * stream.time_base for frame in container.decode(stream)]
        shown = shown_by_pyav(file.path)
        assert [round((time - times[0]) * 1000) for time in times] == [
            round((instant - file.interval.start) / timedelta(milliseconds=1)) for instant in shown if instant
        ]


def test_a_planned_outage_is_a_gap_and_the_next_file_starts_late(made: tuple[PlannedFile, ...]) -> None:
    names = [file.path.name for file in files_of(made, CAMERAS[0])]
    assert names == [
        "2026-03-01_12-00-33-360000.mp4",
        "2026-03-01_12-01-00-000000.mp4",
        "2026-03-01_12-01-30-000000.mp4",
    ]


def test_recordings_have_b_frames_and_keyframes_only_every_gop(made: tuple[PlannedFile, ...]) -> None:
    for file in made:
        with av.open(str(file.path)) as container:
            stream = container.streams.video[0]
            assert stream.codec_context.name == "h264"
            packets = [packet for packet in container.demux(stream) if packet.pts is not None]
        assert any(later.pts < packet.pts for packet, later in pairwise(packets))
        keyframes = [index for index, packet in enumerate(packets) if packet.is_keyframe]
        gop = file.camera.gop_s * 1000 // file.camera.frame_period_ms
        assert keyframes == list(range(0, len(packets), gop))


def test_the_same_inputs_give_the_same_bytes_in_one_process_or_two(
    made: tuple[PlannedFile, ...], tmp_path: Path
) -> None:
    again = make_files(plan_recordings(tmp_path, CAMERAS, SPAN), processes=2)
    assert [file.path.read_bytes() for file in again] == [file.path.read_bytes() for file in made]


def test_files_that_are_there_are_kept(tmp_path: Path) -> None:
    plan = plan_recordings(tmp_path, CAMERAS[1:], Interval(start=NOON, end=NOON + timedelta(seconds=62)))
    missing, kept = plan
    kept.path.parent.mkdir()
    kept.path.write_bytes(b"made earlier")
    reports: list[Progress] = []
    assert make_files(plan, on_progress=reports.append) == (missing,)
    assert kept.path.read_bytes() == b"made earlier"
    assert [(report.done, report.total) for report in reports] == [(1, 2), (2, 2)]
    assert make_files(plan) == ()


class GaveUp(Exception):
    pass


@pytest.mark.parametrize("processes", [1, 2])
def test_an_interrupted_run_leaves_whole_files_only(tmp_path: Path, processes: int) -> None:
    plan = plan_recordings(tmp_path, CAMERAS[1:], Interval(start=NOON, end=NOON + timedelta(minutes=8)))

    def give_up(progress: Progress) -> None:
        if progress.done:
            raise GaveUp

    with pytest.raises(GaveUp):
        make_files(plan, processes=processes, on_progress=give_up)
    left = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert 1 <= len(left) < len(plan)
    whole = {file.path: frame_instants(file.camera, file.interval) for file in plan}
    for path in left:
        assert shown_by_pyav(path) == whole[path]


PARENT = """
import sys
from datetime import UTC, datetime, timedelta
from multiprocessing import active_children
from pathlib import Path

from adapters.contract.models import Interval
from broker.demo.footage import make_files, plan_recordings
from broker.demo.models import FilmedCamera

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = Interval(start=START, end=START + timedelta(days=1))

def show_workers(progress):
    if progress.done:
        print(*(child.pid for child in active_children()), flush=True)
        sys.stdin.read()

cameras = [FilmedCamera(native_id="rue", name="Rue", width=256, height=144)]
make_files(plan_recordings(Path(sys.argv[1]), cameras, DAY), processes=2, on_progress=show_workers)
"""


@needs_pidfd
def test_workers_end_when_their_parent_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    assert all_end_with_their_parent(PARENT, str(tmp_path), 30.0)


def test_a_file_that_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    plan = plan_recordings(tmp_path, CAMERAS[1:], Interval(start=NOON, end=NOON + timedelta(seconds=1)))
    plan[0].path.mkdir(parents=True)
    (plan[0].path / "in the way").touch()
    unseen = plan[0].model_copy(update={"path": plan[0].path / "in the way" / "file.mp4"})
    with pytest.raises(OSError, match="in the way"):
        make_files([unseen])
    assert [path.name for path in tmp_path.rglob("*.part")] == []


def test_history_begins_on_a_minute_so_that_a_restart_plans_the_same_files(tmp_path: Path) -> None:
    first = history_before(NOON + timedelta(seconds=42.5), timedelta(minutes=10))
    assert first == Interval(start=NOON - timedelta(minutes=10), end=NOON + timedelta(seconds=42.5))
    later = history_before(NOON + timedelta(minutes=3, seconds=7), timedelta(minutes=10))
    before = {file.path for file in plan_recordings(tmp_path, CAMERAS, first)}
    after = {file.path for file in plan_recordings(tmp_path, CAMERAS, later)}
    shared_from = later.start
    assert {path for path in before if (named_instant(path) or NOON) >= shared_from} <= after
