"""What a simulated recorder has on its disc: its cameras' files in order, and how much footage is in each.

Reads the files that `film` names; one that is still growing counts up to its last complete fragment.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Final

import av

from broker.demo.film import named_instant


@dataclass(frozen=True, slots=True)
class RecordedFile:
    """A file with footage from `start`, its first frame, to `end`, one frame period after its last. One that
    `may_grow` was written in fragments, as those that still grow are."""

    path: Path
    start: datetime
    end: datetime
    size: int
    width: int
    height: int
    may_grow: bool


class RecordedFiles:
    """One recordings folder. Blocks while it reads; remembers what it found in a file until that changes."""

    def __init__(self, recordings: Path) -> None:
        self._recordings = recordings
        self._known: dict[Path, tuple[int, int, _Measured]] = {}

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
                measured = self._measure(path, stat.st_size, stat.st_mtime_ns)
            except FileNotFoundError:
                continue
            if measured.lasts:
                found.append(
                    RecordedFile(
                        path=path,
                        start=start.astimezone(UTC),
                        end=start + measured.lasts,
                        size=stat.st_size,
                        width=measured.width,
                        height=measured.height,
                        may_grow=measured.is_fragmented,
                    )
                )
        return tuple(sorted(found, key=lambda file: file.start))

    def _measure(self, path: Path, size: int, changed_ns: int) -> "_Measured":
        known = self._known.get(path)
        if known is None or known[:2] != (size, changed_ns):
            known = self._known[path] = (size, changed_ns, _measured(path))
        return known[2]


@dataclass(frozen=True, slots=True)
class _Measured:
    """`lasts` 0 where nothing is complete yet."""

    lasts: timedelta = timedelta()
    width: int = 0
    height: int = 0
    is_fragmented: bool = False


HEAD_BYTES: Final = 8192
"""The index of an empty movie, after which the first fragment comes, is shorter."""


def _measured(path: Path) -> _Measured:
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            base, frames, last_duration = Fraction(stream.time_base or 0), [], 0
            width, height = stream.width, stream.height
            for packet in container.demux(stream):
                if packet.pts is not None and packet.size:
                    frames.append(packet.pts)
                    last_duration = packet.duration or last_duration
    except (av.FFmpegError, IndexError):
        return _Measured()
    if not frames:
        return _Measured()
    ticks = max(frames) - min(frames) + last_duration
    with path.open("rb") as file:
        is_fragmented = b"moof" in file.read(HEAD_BYTES)
    return _Measured(timedelta(microseconds=round(ticks * base * 1_000_000)), width, height, is_fragmented)
