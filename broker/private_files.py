"""Files that are their owner's alone (0600), there whole or not at all, and durable once the call returns."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def put_new(file: Path, content: bytes) -> bool:
    """Writes the file where there is none; False where there is one, which stays as it is."""
    with _aside(file, content) as aside:
        try:
            file.hardlink_to(aside)
        except FileExistsError:
            return False
    _keep_names(file.parent)
    return True


def replace(file: Path, content: bytes) -> None:
    """Writes the file in the place of what was there."""
    with _aside(file, content) as aside:
        aside.replace(file)
    _keep_names(file.parent)


@contextmanager
def _aside(file: Path, content: bytes) -> Iterator[Path]:
    number, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # mkstemp makes 0600
    try:
        with os.fdopen(number, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _keep_names(folder: Path) -> None:
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
