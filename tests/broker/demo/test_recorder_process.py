import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from broker.demo.film import named_instant
from broker.demo.models import FilmedCamera
from broker.demo.recorder import RecorderTask, RecordingOrder
from broker.demo.recorder_process import RecorderProcess
from tests.broker.demo.clock_readings import shown_by_pyav
from tests.broker.demo.killed_parent import all_end_with_their_parent, needs_pidfd

DEADLINE_S = 30.0
REPOSITORY = Path(__file__).parents[3]


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = datetime.now(UTC) + timedelta(seconds=DEADLINE_S)
    pause = threading.Event()
    while not condition():
        assert datetime.now(UTC) < deadline, "it did not happen in time"
        pause.wait(0.02)


@pytest.fixture
def order(tmp_path: Path) -> RecordingOrder:
    camera = FilmedCamera(native_id="rue", name="Rue", width=256, height=144, gop_s=1)
    task = RecorderTask(recordings=tmp_path, cameras=(camera,), retention=timedelta(hours=1))
    return RecordingOrder(tasks=(task,), start=datetime.now(UTC))


@pytest.fixture(autouse=True)
def _importable_in_children(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))


def test_it_records_the_present_and_completes_its_files_when_stopped(
    order: RecordingOrder, tmp_path: Path
) -> None:
    with RecorderProcess(order) as recorder:
        wait_until(lambda: any(path.stat().st_size > 4000 for path in tmp_path.rglob("*.mp4")))
        assert recorder.exit_status is None
    assert recorder.exit_status == 0
    first = min(tmp_path.rglob("*.mp4"))
    shown = shown_by_pyav(first)
    assert shown[0] == named_instant(first) == order.tasks[0].cameras[0].first_frame_at_or_after(order.start)
    assert None not in shown


def test_it_ends_with_status_1_when_it_cannot_record(
    order: RecordingOrder, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rue").write_text("a file where the camera's folder should be")
    with RecorderProcess(order) as recorder:
        wait_until(lambda: recorder.exit_status is not None)
    assert recorder.exit_status == 1
    complaint = capfd.readouterr().err
    assert "recorder stopped" in complaint
    assert "Traceback" not in complaint


PARENT = """
import sys
from broker.demo.recorder import RecordingOrder
from broker.demo.recorder_process import RecorderProcess

recorder = RecorderProcess(RecordingOrder.model_validate_json(sys.argv[1]))
print(recorder.pid, flush=True)
sys.stdin.read()
"""


@needs_pidfd
def test_it_ends_when_its_parent_is_killed(order: RecordingOrder) -> None:
    assert all_end_with_their_parent(PARENT, order.model_dump_json(), DEADLINE_S)
