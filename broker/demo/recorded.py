"""What a simulated recorder has on its disc: its cameras' files in order, and how much footage is in each.

Reads the files that `film` names; one that is still growing counts up to its last complete fragment.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av

from broker.demo.film import named_instant


@dataclass(frozen=True, slots=True)
class RecordedFile:
    """A file with footage from `start`, its first frame, to `end`, one frame period after its last."""

    path: Path
    start: datetime
    end: datetime
    size: int


class RecordedFiles:
    """One recordings folder. Blocks while it reads; remembers what it found in a file until that changes."""

    def __init__(self, recordings: Path) -> None:
        self._recordings = recordings
        self._known: dict[Path, tuple[int, int, timedelta]] = {}

    def cameras(self) -> tuple[str, ...]:
        """Every camera with a folder, sorted."""
        return tuple(sorted(folder.name for folder in self._recordings.iterdir() if folder.is_dir()))

    def of(self, camera: str) -> tuple[RecordedFile, ...]:
        """The camera's files that hold footage, in order of time; none for an unknown camera."""
        if camera not in self.cameras():
            return ()
        found = []
        for path in (self._recordings / camera).glob("*.mp4"):
            start = named_instant(path)
            if start is None:
                continue
            try:
                stat = path.stat()
                lasts = self._lasts(path, stat.st_size, stat.st_mtime_ns)
            except FileNotFoundError:
                continue
            if lasts:
                found.append(RecordedFile(path, start.astimezone(UTC), start + lasts, stat.st_size))
        return tuple(sorted(found, key=lambda file: file.start))

    def _lasts(self, path: Path, size: int, changed_ns: int) -> timedelta:
        known = self._known.get(path)
        if known is None or known[:2] != (size, changed_ns):
            known = self._known[path] = (size, changed_ns, _measured(path))
        return known[2]


def _measured(path: Path) -> timedelta:
    """The footage of a file, 0 where nothing of it is complete yet."""
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            base, frames, last_duration = Fraction(stream.time_base or 0), [], 0
            for packet in container.demux(stream):
                if packet.pts is not None and packet.size:
                    frames.append(packet.pts)
                    last_duration = packet.duration or last_duration
    except (av.FFmpegError, IndexError):
        return timedelta()
    if not frames:
        return timedelta()
    ticks = max(frames) - min(frames) + last_duration
    return timedelta(microseconds=round(ticks * base * 1_000_000))
