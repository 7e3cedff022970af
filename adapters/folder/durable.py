"""Files that are whole or not there, whatever happens to the power. Owns the order of write, sync and
rename.
"""

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

COPY_CHUNK_BYTES = 8 * 1024 * 1024
ASIDE = ".part"
# The kernel cannot copy between these two files itself; reading and writing can.
NO_KERNEL_COPY = frozenset(
    {errno.EXDEV, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EBADF, errno.EPERM}
)


def sync_folder(folder: Path) -> None:
    """Makes the folder's entries durable: new names, renames and removals."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_aside(path: Path, content: bytes) -> None:
    """Writes under another name, makes it durable, renames; call `sync_folder` to make the name durable."""
    aside = path.with_name(path.name + ASIDE)
    with aside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def copy_file(source: Path, target: Path, size: int, check: Callable[[], None]) -> bool:
    """Copies the first `size` bytes and the modification time, durably; the name appears when all is there.

    False, and nothing at `target`, where the source is gone or shorter by now. `check` is called between
    chunks and may raise; what was copied until then is removed.
    """
    aside = target.with_name(target.name + ASIDE)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with source.open("rb") as origin, aside.open("wb") as copy:
            if not _copy_bytes(origin, copy, size, check):
                return False
            modified_ns = os.fstat(origin.fileno()).st_mtime_ns
            os.utime(copy.fileno(), ns=(modified_ns, modified_ns))
            os.fsync(copy.fileno())
        aside.replace(target)
    except FileNotFoundError:
        return False
    finally:
        with suppress(FileNotFoundError):
            aside.unlink()
    return True


def _copy_bytes(origin: BinaryIO, copy: BinaryIO, size: int, check: Callable[[], None]) -> bool:
    done = 0
    by_kernel = True
    while done < size:
        check()
        wanted = min(COPY_CHUNK_BYTES, size - done)
        try:
            copied = _copy_chunk(origin.fileno(), copy.fileno(), wanted, done, by_kernel=by_kernel)
        except OSError as error:
            if not by_kernel or error.errno not in NO_KERNEL_COPY:
                raise
            by_kernel = False
            continue
        if copied == 0:
            return False
        done += copied
    return True


def _copy_chunk(origin: int, copy: int, wanted: int, at: int, *, by_kernel: bool) -> int:
    if by_kernel:
        return os.copy_file_range(origin, copy, wanted, at, at)
    return os.pwrite(copy, os.pread(origin, wanted, at), at)
