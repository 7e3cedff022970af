"""Brings a recorder's files to a scratch folder, whole and checked, for as long as they are cut.

The folder holds more than was approved (recorders hand out whole files), so it is private, and removed when
the cut ends, however it ends; what a killed process leaves is removed at the next start.
"""

import asyncio
import fcntl
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar

from adapters.contract.errors import Malformed
from adapters.contract.models import FootageMessage, SegmentData, SegmentEnd, SegmentStart
from broker.evidence.cut.models import SourceFile

T = TypeVar("T")


@asynccontextmanager
async def scratch_folder(parent: Path) -> AsyncIterator[Path]:
    """A private folder that is gone afterwards; it is locked for as long as this process has it."""
    folder, lock = await asyncio.to_thread(_locked_folder, parent)
    try:
        yield folder
    finally:
        await to_its_end(lambda: shutil.rmtree(folder, ignore_errors=True))
        os.close(lock)


def _locked_folder(parent: Path) -> tuple[Path, int]:
    parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    while True:
        folder = Path(tempfile.mkdtemp(dir=parent))
        lock = _lock(folder)
        if lock is not None:
            return folder, lock


def _lock(folder: Path) -> int | None:
    """An open lock, which ends with its process however that ends; None where the folder is another's or gone."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if folder.stat().st_ino == os.fstat(descriptor).st_ino:
            return descriptor
    except OSError:
        pass  # taken, or removed by who had it
    os.close(descriptor)
    return None


async def to_its_end(work: Callable[[], T]) -> T:
    """Runs the work in a thread. A thread cannot be stopped, so a caller that is cancelled waits for it:
    nothing is written into a scratch folder after its removal."""
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait({running})
        raise


def clear_scratch(parent: Path) -> None:
    """Removes what killed processes of this machine left; of those that live nothing."""
    for folder in parent.iterdir() if parent.is_dir() else ():
        lock = _lock(folder)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


async def spool(messages: AsyncGenerator[FootageMessage, None], folder: Path) -> list[SourceFile]:
    """Writes segments to files as they come. `Malformed` where the sizes or the order do not fit."""
    folder.mkdir()
    async with aclosing(messages):
        return await _write(messages, folder)


async def _write(messages: AsyncIterator[FootageMessage], folder: Path) -> list[SourceFile]:
    sources: list[SourceFile] = []
    start: SegmentStart | None = None
    file: BinaryIO | None = None
    written = 0
    try:
        async for message in messages:
            if isinstance(message, SegmentStart):
                if file is not None:
                    raise Malformed(f"segment {message.name} starts before the one before it ended")
                path = folder / f"{len(sources):06d}.{suffix_of(message.container)}"
                start, written = message, 0
                file = path.open("xb")
                sources.append(SourceFile(path=path, starts_at=message.starts_at, valid=message.valid))
            elif file is None or start is None:
                raise Malformed("the recorder sent bytes outside a segment")
            elif isinstance(message, SegmentData):
                written += await to_its_end(partial(file.write, message.data))
            elif isinstance(message, SegmentEnd):
                if written != message.size:
                    raise Malformed(f"segment {start.name}: {written} of {message.size} bytes arrived")
                await to_its_end(file.close)
                file = None
        if file is not None:
            raise Malformed("the recorder stopped in the middle of a segment")
    finally:
        if file is not None:
            file.close()
    return sources


def suffix_of(container: str) -> str:
    """A file name's ending from what a remote adapter says, which may be anything."""
    return container if container.isascii() and container.isalnum() and len(container) <= 8 else "bin"
