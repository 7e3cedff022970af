"""Finds recorded files by their names. Owns the walk over the folder; opens no file and asks no size.

Only folders that can hold the camera's recordings are entered, so that the cost is that camera's own files.
Nothing is remembered between walks: a folder's modification time is no proof on network shares, and a file
that was missed is footage that was denied.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from adapters.contract.errors import Unreachable
from adapters.contract.models import Rejection
from adapters.folder.pattern import EXTENSIONS, NamePattern, RecordingName

MAX_DEPTH = 32


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file whose name fits the pattern. `relative` starts at the recordings folder and uses `/`."""

    path: Path
    relative: str
    name: RecordingName


def printable(path: str) -> str:
    """A path for people and for JSON: bytes that are not UTF-8 are shown as escapes."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def find_recordings(
    root: Path, pattern: NamePattern, camera: str | None, check: Callable[[], None]
) -> Iterator[FoundFile | Rejection]:
    """Recordings of one camera, or of all; a folder or file that is left out is its `Rejection`.

    `Unreachable` where the recordings folder itself is gone: a disc may be unmounted. Files that do not fit
    the pattern are reported when all cameras are asked for.
    """
    folders = [""]
    while folders:
        check()
        folder = folders.pop()
        try:
            with os.scandir(root / folder) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            if folder == "":
                raise Unreachable(f"the recordings folder cannot be read: {error.strerror}") from error
            if not isinstance(error, FileNotFoundError | NotADirectoryError):
                reason = f"the folder cannot be read: {error.strerror}"
                yield Rejection(where=printable(folder), reason=reason)
            continue
        for entry in listed:
            relative = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir():
                # Links may lead to other discs, and in a circle.
                if relative.count("/") < MAX_DEPTH and pattern.may_contain(relative, camera):
                    folders.append(relative)
            elif entry.name.lower().endswith(EXTENSIONS):
                found = _found(root, relative, pattern)
                if isinstance(found, Rejection):
                    if camera is None:
                        yield found
                elif camera is None or found.name.camera == camera:
                    yield found


def _found(root: Path, relative: str, pattern: NamePattern) -> FoundFile | Rejection:
    shown = printable(relative)
    if shown != relative:
        return Rejection(where=shown, reason="the name is not valid UTF-8; rename the file or its folder")
    name = pattern.parse(relative)
    if name is None:
        return Rejection(where=shown, reason=f"the name does not fit the pattern {pattern.text}")
    return FoundFile(path=root / relative, relative=relative, name=name)
