"""Makes the present: goes on recording the demo's cameras while the demo runs, and erases what is too old.

`LiveRecorder` does the work and is driven from outside: it films what is due whenever `advance` is called.
`run` drives it by a clock; `broker.demo.recorder_process` runs it in a child process.
"""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

from adapters.contract.models import Instant, Interval, Model
from broker.demo.film import Film, FilmWriter, file_path, named_instant, segments
from broker.demo.models import SEGMENT, DemoWorld, FilmedCamera

STEP_S = 1.0
"""How long `run` lets frames gather before it films them together."""

LONGEST_CATCH_UP = timedelta(seconds=120)
"""A machine that slept longer than this has a gap, as a recorder that was off would have."""


class RecorderTask(Model):
    """What one recorder keeps recording, and how long it keeps each file after its end."""

    recordings: Path
    cameras: tuple[FilmedCamera, ...]
    retention: timedelta


class RecordingOrder(Model):
    """Everything that a recording process does. The first frames are those at or after `start`: a start that
    has passed is caught up with, so that live files join the history made up to that instant."""

    tasks: tuple[RecorderTask, ...]
    start: Instant


def order_for_world(folder: Path, world: DemoWorld, start: datetime) -> RecordingOrder:
    """Everything that the world's networks record, below the demo's folder."""
    tasks = tuple(
        RecorderTask(
            recordings=(folder / network.recordings).resolve(),
            cameras=network.films,
            retention=network.retention,
        )
        for network in world.networks
        if network.retention is not None
    )
    return RecordingOrder(tasks=tasks, start=start)


class LiveRecorder:
    """Films all cameras of an order into growing files. Not thread-safe; close it when done."""

    def __init__(self, order: RecordingOrder) -> None:
        self._tracks = [_Track(task, camera, order.start) for task in order.tasks for camera in task.cameras]

    def advance(self, until: datetime) -> None:
        """Films every frame before `until` that is not filmed yet.

        A camera that begins a file erases those past their retention. FileExistsError when the file to begin
        is there already: two recorders work on one folder.
        """
        for track in self._tracks:
            track.advance(until)

    def close(self) -> None:
        """Completes the files in work, each of them even where another one fails."""
        with ExitStack() as stack:
            for track in self._tracks:
                stack.callback(track.close)


def run(recorder: LiveRecorder, now: Callable[[], datetime], stopped_within: Callable[[float], bool]) -> None:
    """Records until told to stop. `stopped_within` waits up to so many seconds and tells whether to stop."""
    try:
        while not stopped_within(STEP_S):
            recorder.advance(now())
    finally:
        recorder.close()


class _Track:
    """One camera: the file in work and the next frame to film."""

    def __init__(self, task: RecorderTask, camera: FilmedCamera, start: datetime) -> None:
        self._task = task
        self._camera = camera
        self._film = Film(camera)
        self._next_frame_at = camera.first_frame_at_or_after(start)
        self._writer: FilmWriter | None = None
        self._file_ends_at = self._next_frame_at

    def advance(self, until: datetime) -> None:
        if until - self._next_frame_at > LONGEST_CATCH_UP:
            self.close()
            self._next_frame_at = self._camera.first_frame_at_or_after(until)
        while self._next_frame_at < until:
            if self._writer is None or self._next_frame_at >= self._file_ends_at:
                self.close()
                self._begin(until)
            if self._writer is None:
                return
            self._writer.write(self._next_frame_at)
            self._next_frame_at += self._camera.frame_period

    def _begin(self, until: datetime) -> None:
        """Opens the next file that has a frame before `until`; none during an outage."""
        ahead = segments(self._camera, Interval(start=self._next_frame_at, end=until + SEGMENT))
        if not ahead or ahead[0].start >= until:
            return
        self._next_frame_at, self._file_ends_at = ahead[0].start, ahead[0].end
        path = file_path(self._task.recordings, self._camera, self._next_frame_at)
        path.parent.mkdir(parents=True, exist_ok=True)
        _erase_ended_before(path.parent, until - self._task.retention)
        if path.exists():
            raise FileExistsError(f"{path} is recorded already: is another recorder running on this folder?")
        self._writer = FilmWriter(self._film, path, growing=True)

    def close(self) -> None:
        if self._writer is not None:
            writer, self._writer = self._writer, None
            writer.close()


def _erase_ended_before(folder: Path, instant: datetime) -> None:
    """Erases recordings that surely ended before the instant; files of other names are not the recorder's."""
    for path in folder.glob("*.mp4"):
        begun_at = named_instant(path)
        if begun_at is not None and begun_at + SEGMENT <= instant:
            path.unlink(missing_ok=True)
