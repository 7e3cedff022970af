"""One camera's files on the recorder's disc: found, put in order of time, and examined. Only reads.

Owns which files have to be opened to answer for a window: those that start inside it, the last readable one
before it, and the first readable one after it (which may cut the last). All methods block: run them in a
thread.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from adapters.contract.models import Interval, Rejection
from adapters.folder.cache import FileVersion, ProbeCache
from adapters.folder.index import FoundFile, find_recordings
from adapters.folder.pattern import RecordingPattern
from adapters.folder.probe import Footage, Unreadable, probe
from adapters.folder.threads import Stop
from adapters.folder.wallclock import Ambiguous, readings, second_passes


@dataclass(frozen=True, slots=True)
class StartedFile:
    """A file whose start is known as an instant of the recorder's clock."""

    path: Path
    relative: str
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Examined:
    """A readable file and what is in it."""

    file: StartedFile
    footage: Footage

    @property
    def begins(self) -> datetime:
        return self.file.starts_at + timedelta(microseconds=self.footage.runs[0].first_us)

    @property
    def ends(self) -> datetime:
        last_us = self.footage.runs[-1].last_us + self.footage.period_us
        return self.file.starts_at + timedelta(microseconds=last_us)


@dataclass(frozen=True, slots=True)
class Holdings:
    """What was found for one camera around a window; `problems` are files that could not be used."""

    files: tuple[Examined, ...]
    problems: tuple[Rejection, ...]


class RecordingsClient:
    """Reads one recordings folder. `settle` is how long a finished file has been left alone."""

    def __init__(
        self,
        root: Path,
        pattern: RecordingPattern,
        zone: ZoneInfo,
        cache: ProbeCache,
        settle: timedelta,
        now: Callable[[], datetime],
    ) -> None:
        self._root = root
        self._pattern = pattern
        self._zone = zone
        self._cache = cache
        self._settle = settle
        self._now = now

    def at(self, root: Path) -> "RecordingsClient":
        """The same reader over another folder of the same layout."""
        return RecordingsClient(root, self._pattern, self._zone, self._cache, self._settle, self._now)

    def find(self, camera: str | None, stop: Stop) -> Iterable[FoundFile | Rejection]:
        return find_recordings(self._root, self._pattern, camera, stop.check)

    def started(self, camera: str, stop: Stop) -> tuple[list[StartedFile], list[Rejection]]:
        """All of a camera's files in order of their start, and folders that could not be read."""
        found: list[FoundFile] = []
        problems: list[Rejection] = []
        for item in self.find(camera, stop):
            if isinstance(item, FoundFile):
                found.append(item)
            else:
                problems.append(item)
        return self.in_order(found, stop), problems

    def in_order(self, found: Sequence[FoundFile], stop: Stop) -> list[StartedFile]:
        """Files of one camera by the instant at which they start; opens those named in a repeated hour."""
        second = second_passes([each for file in found if (each := self._ambiguous(file, stop))], self._zone)
        started = []
        for file in found:
            passes = readings(file.name.start, self._zone)
            starts_at = passes[-1] if file.relative in second else passes[0]
            started.append(StartedFile(file.path, file.relative, starts_at))
        return sorted(started, key=lambda file: (file.starts_at, file.relative))

    def _ambiguous(self, file: FoundFile, stop: Stop) -> Ambiguous | None:
        if len(readings(file.name.start, self._zone)) == 1:
            return None
        version = _version(file.path)
        if version is None:
            return None
        verdict = self.examine(file.path, stop)
        last_us = verdict.runs[-1].last_us + verdict.period_us if isinstance(verdict, Footage) else 0
        modified_at = datetime.fromtimestamp(version.mtime_ns / 1e9, UTC)
        return Ambiguous(file.relative, file.name.start.moment, modified_at, timedelta(microseconds=last_us))

    def examine(self, path: Path, stop: Stop) -> Footage | Unreadable | None:
        """The verdict on a file, from the cache where the file has not changed; None where it has gone."""
        stop.check()
        version = _version(path)
        if version is None:
            return None
        known = self._cache.get(version)
        if known is not None:
            return known
        is_growing = self._is_being_written(path)
        try:
            verdict = probe(path, stop.check, is_growing=is_growing)
        except FileNotFoundError:
            return None
        # A file that grew meanwhile may have been read in its newer state: only an unchanged one is kept. And a
        # growing transport stream gets its last frame when it has been left alone, without changing.
        goes_on = is_growing and isinstance(verdict, Footage) and verdict.container == "ts"
        if not goes_on and _version(path) == version:
            self._cache.put(version, verdict)
        return verdict

    def around(self, started: Sequence[StartedFile], window: Interval, stop: Stop) -> Holdings:
        """The readable files that matter for a window, in order, and the problems met on the way."""
        files: list[Examined] = []
        problems: list[Rejection] = []
        inside = bisect_right(started, window.start, key=lambda file: file.starts_at)
        for file in reversed(started[:inside]):
            self._take(file, files, problems, stop)
            if files and files[-1].begins <= window.start:
                break
        files.reverse()
        after = 0
        for file in started[inside:]:
            if file.starts_at < window.end:
                self._take(file, files, problems, stop)
            elif after == 0:
                before = len(files)
                self._take(file, files, [], stop)
                after = len(files) - before
            else:
                break
        return Holdings(tuple(files), tuple(problems))

    def _take(self, file: StartedFile, files: list[Examined], problems: list[Rejection], stop: Stop) -> None:
        verdict = self.examine(file.path, stop)
        if verdict is None:
            return
        if isinstance(verdict, Footage):
            files.append(Examined(file, verdict))
        problem = self._problem(file, verdict)
        if problem is not None:
            problems.append(problem)

    def _problem(self, file: StartedFile, verdict: Footage | Unreadable) -> Rejection | None:
        """Why a file, or its tail, is left out; the tail of a file still being written is no problem."""
        writing = self._is_being_written(file.path)
        if isinstance(verdict, Footage):
            if verdict.torn_bytes == 0 or writing:
                return None
            reason = f"its last {verdict.torn_bytes} bytes are torn and left out"
        elif verdict.unfinished:
            reason = f"{verdict.reason}: {'still being written' if writing else 'torn, or never finished'}"
        else:
            reason = verdict.reason
        return Rejection(where=file.relative, reason=reason)

    def _is_being_written(self, path: Path) -> bool:
        version = _version(path)
        if version is None:
            return False
        return self._now() - datetime.fromtimestamp(version.mtime_ns / 1e9, UTC) < self._settle

    def forget_missing(self) -> None:
        """Lets the cache drop files that are gone."""
        self._cache.forget_missing()


def _version(path: Path) -> FileVersion | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return FileVersion(str(path), stat.st_size, stat.st_mtime_ns)
