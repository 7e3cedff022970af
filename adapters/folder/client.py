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
from adapters.folder.pattern import NamedStart, NamePattern
from adapters.folder.probe import Footage, Unreadable, probe
from adapters.folder.threads import Stop
from adapters.folder.wallclock import Ambiguous, readings, second_passes

CLOSING = timedelta(minutes=1)
"""How far a reckoned start may lie from what the name says of it and still be believed."""


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
        pattern: NamePattern,
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
        started, undated = self._in_order(found, stop)
        return started, [*problems, *undated]

    def begins_about(self, file: FoundFile) -> datetime:
        """When a file begins, near enough to tell newer files from older ones; opens none."""
        if file.name.start is not None:
            return readings(file.name.start, self._zone)[0]
        version = _version(file.path)
        return datetime.min.replace(tzinfo=UTC) if version is None else version.modified_at

    def _in_order(self, found: Sequence[FoundFile], stop: Stop) -> tuple[list[StartedFile], list[Rejection]]:
        """Files of one camera by the instant at which they start, and those of which it cannot be known.

        Opens those named in a repeated hour, and those whose name does not state the start.
        """
        ambiguous = [self._ambiguous(file, file.name.start, stop) for file in found if file.name.start]
        second = second_passes([each for each in ambiguous if each is not None], self._zone)
        started: list[StartedFile] = []
        undated: list[Rejection] = []
        for file in found:
            starts_at: datetime | Rejection | None
            if file.name.start is None:
                starts_at = self._reckoned(file, stop)
            else:
                starts_at = readings(file.name.start, self._zone)[-1 if file.relative in second else 0]
            if isinstance(starts_at, Rejection):
                undated.append(starts_at)
            elif starts_at is not None:
                started.append(StartedFile(file.path, file.relative, starts_at))
        return sorted(started, key=lambda file: (file.starts_at, file.relative)), undated

    def _reckoned(self, file: FoundFile, stop: Stop) -> datetime | Rejection | None:
        """The start of a file whose name does not state it: when it was closed, less what it lasts.

        Where a moment in its name does not agree, that of its closing is lost, and the moment is the best that is
        known; where a day does not agree, nothing is. None for a file that has gone.
        """
        version = _version(file.path)
        verdict = self.examine(file.path, stop)
        if version is None or verdict is None:
            return None
        if not isinstance(verdict, Footage):
            return version.modified_at
        starts_at = version.modified_at - timedelta(microseconds=verdict.runs[-1].last_us + verdict.period_us)
        if file.name.near is not None:
            named = readings(file.name.near, self._zone)
            return starts_at if any(abs(each - starts_at) <= CLOSING for each in named) else named[0]
        days = {(starts_at + slack).astimezone(self._zone).date() for slack in (-CLOSING, timedelta(0))}
        if file.name.day is None or file.name.day in days:
            return starts_at
        return Rejection(
            where=file.relative,
            reason="its modification time does not fit the day in its name, so nobody knows when it starts: "
            "copy recordings with their times (cp -p, rsync -t)",
        )

    def _ambiguous(self, file: FoundFile, start: NamedStart, stop: Stop) -> Ambiguous | None:
        if len(readings(start, self._zone)) == 1:
            return None
        version = _version(file.path)
        if version is None:
            return None
        verdict = self.examine(file.path, stop)
        last_us = verdict.runs[-1].last_us + verdict.period_us if isinstance(verdict, Footage) else 0
        return Ambiguous(file.relative, start.moment, version.modified_at, timedelta(microseconds=last_us))

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
        return self._now() - version.modified_at < self._settle

    def forget_missing(self) -> None:
        """Lets the cache drop files that are gone."""
        self._cache.forget_missing()


def _version(path: Path) -> FileVersion | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return FileVersion(str(path), stat.st_size, stat.st_mtime_ns)
