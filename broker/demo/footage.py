"""Makes the past: files as a recorder would have left them, for several cameras at once, on every core.

Made once. A file is written aside and renamed when complete, so what stands under its final name is whole
and is kept; asking for the same interval again costs a directory look-up per file.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, as_completed
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from adapters.contract.models import Interval, Model
from broker.child_processes import process_pool
from broker.demo.film import Film, FilmWriter, file_path, segments
from broker.demo.models import SEGMENT, DemoWorld, FilmedCamera
from broker.demo.pixel_clock import EPOCH

ASIDE = ".part"


class PlannedFile(Model):
    """One file to make; `interval` runs from its first frame to one frame period after its last."""

    path: Path
    camera: FilmedCamera
    interval: Interval


class Progress(Model):
    """Files that are there, out of all that were planned; `done` includes those kept from an earlier run."""

    done: int
    total: int


OnProgress = Callable[[Progress], None]


def history_before(instant: datetime, lasting: timedelta) -> Interval:
    """At least `lasting` up to the instant, from a whole minute on.

    Begun on a minute, the files planned now and those planned after a restart are the same ones and never
    overlap.
    """
    start = EPOCH + (instant - lasting - EPOCH) // SEGMENT * SEGMENT
    return Interval(start=start, end=instant)


def plan_recordings(
    recordings: Path, cameras: Sequence[FilmedCamera], interval: Interval
) -> tuple[PlannedFile, ...]:
    """Every file of the interval, newest first: what has just happened is asked for first, and all cameras
    come to have footage together."""
    files = [
        PlannedFile(path=file_path(recordings, camera, segment.start), camera=camera, interval=segment)
        for camera in cameras
        for segment in segments(camera, interval)
    ]
    return tuple(sorted(files, key=_begins, reverse=True))


def plan_world(folder: Path, world: DemoWorld, interval: Interval) -> tuple[PlannedFile, ...]:
    """`plan_recordings` of all the world's networks below the demo's folder, again newest first."""
    files = [
        file
        for network in world.recorded_networks
        for file in plan_recordings(folder / network.recordings, network.films, interval)
    ]
    return tuple(sorted(files, key=_begins, reverse=True))


def _begins(file: PlannedFile) -> datetime:
    return file.interval.start


def make_file(file: PlannedFile) -> Path:
    """Films one file, under its name only when complete; returns that path."""
    file.path.parent.mkdir(parents=True, exist_ok=True)
    aside = file.path.with_name(file.path.name + ASIDE)
    try:
        with FilmWriter(Film(file.camera), aside, growing=False) as writer:
            instant = file.interval.start
            while instant < file.interval.end:
                writer.write(instant)
                instant += file.camera.frame_period
        return aside.replace(file.path)
    finally:
        aside.unlink(missing_ok=True)


def make_files(
    files: Sequence[PlannedFile], *, processes: int = 1, on_progress: OnProgress | None = None
) -> tuple[PlannedFile, ...]:
    """Makes the files that are missing and returns those it made.

    With `processes` above 1 that many child processes work side by side at low priority. `on_progress` is
    called in the calling thread, once before the first file and after each. When it raises, or a file cannot
    be written, the files already begun are finished, the rest is left, and the error goes on.
    """
    missing = tuple(file for file in files if not file.path.exists())
    report = on_progress or _no_report
    already = len(files) - len(missing)
    report(Progress(done=already, total=len(files)))
    with _finished_files(missing, processes) as finished:
        for done, _ in enumerate(finished, start=already + 1):
            report(Progress(done=done, total=len(files)))
    return missing


def _no_report(progress: Progress) -> None:
    """Nobody asked."""


@contextmanager
def _finished_files(files: Sequence[PlannedFile], processes: int) -> Iterator[Iterator[Path]]:
    if processes < 2 or len(files) < 2:
        yield (make_file(file) for file in files)
        return
    executor = process_pool(min(processes, len(files)))
    try:
        futures: list[Future[Path]] = [executor.submit(make_file, file) for file in files]
        yield (future.result() for future in as_completed(futures))
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
