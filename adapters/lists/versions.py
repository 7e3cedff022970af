"""Whether files have changed since they were read: by size and modification time."""

from collections.abc import Iterable
from pathlib import Path

Versions = tuple[tuple[int, int] | None, ...]


def versions_of(files: Iterable[Path]) -> Versions:
    """One state of all the files; None for a file that cannot be looked at."""
    return tuple(_version(file) for file in files)


def _version(file: Path) -> tuple[int, int] | None:
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns
