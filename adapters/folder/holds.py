"""Held copies, in a folder that the recorder's clean-up does not reach. Owns that folder's layout and
durability.

    <holds>/<key>/files/<the file's own path below recordings>
    <holds>/<key>/receipt.json        written last; without it nothing here counts

Files are copied, never hard-linked: a recorder that rewrites or truncates its files in place would change a
link's content too. Where the file system can share blocks between copies (Btrfs, XFS), the kernel does, at
no cost. A kill at any moment leaves a complete hold or one without a receipt, which the same order
completes. All methods block; no path is ever built from anything but a checked key and names found on disc.
"""

import errno
import fcntl
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from adapters.contract.errors import AskOwner, Malformed
from adapters.contract.models import HoldOrder, HoldReceipt, Instant, Interval
from adapters.folder.durable import copy_file, sync_folder, write_aside
from adapters.folder.threads import Stop

KEY = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
RECEIPT = "receipt.json"
FILES = "files"
NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
LOCK_POLL_S = 0.05


class HeldFile(BaseModel):
    """One kept file: its name below recordings, its start as resolved when kept, its size in bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    relative: str
    starts_at: Instant
    size: int


class StoredHold(BaseModel):
    """What `receipt.json` says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    order: HoldOrder
    receipt: HoldReceipt
    files: tuple[HeldFile, ...]


@dataclass(frozen=True, slots=True)
class FileToKeep:
    path: Path
    relative: str
    starts_at: datetime
    size: int


class WhatIsKept(Protocol):
    """Tells which intervals the files that were really copied hold."""

    def __call__(self, relatives: frozenset[str]) -> tuple[Interval, ...]: ...


class HoldFolder:
    def __init__(self, root: Path) -> None:
        self._root = root

    def find(self, handle: str) -> StoredHold | None:
        """The hold, or None; a handle that could not be ours is not there either."""
        if not KEY.fullmatch(handle):
            return None
        try:
            return StoredHold.model_validate_json((self._root / handle / RECEIPT).read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return None
        except ValidationError as error:
            raise Malformed(f"the receipt of hold {handle} is damaged; place the hold again") from error

    def path_of(self, hold: StoredHold, file: HeldFile) -> Path:
        return self.files_of(hold.order.key) / file.relative

    def files_of(self, key: str) -> Path:
        """Where the copies of a hold stand, complete or not; a folder that need not exist."""
        return self._root / key / FILES

    def all(self) -> Iterator[HoldReceipt]:
        """Every complete hold, by key; a damaged receipt is raised as `Malformed` after all others."""
        damaged: Malformed | None = None
        names = sorted(entry.name for entry in self._root.iterdir()) if self._root.is_dir() else []
        for name in names:
            try:
                hold = self.find(name)
            except Malformed as error:
                damaged = error
                continue
            if hold is not None:
                yield hold.receipt
        if damaged is not None:
            raise damaged

    def place(
        self, order: HoldOrder, files: Sequence[FileToKeep], kept: WhatIsKept, stop: Stop
    ) -> HoldReceipt:
        """Copies the files and then writes the receipt; an order that is already complete changes nothing.

        Files that vanish meanwhile are left out of `held`. `AskOwner` where the disc is full: what was
        copied is removed, so that a recorder does not stop for want of space.
        """
        folder = self._root / order.key
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            with _locked(folder, stop):
                existing = self.find_undamaged(order.key)
                if existing is not None:
                    return existing.receipt
                try:
                    receipt = self._fill(folder, order, files, kept, stop)
                except OSError as error:
                    if error.errno in NO_SPACE:
                        shutil.rmtree(folder, ignore_errors=True)
                    raise
            sync_folder(self._root)
        except OSError as error:
            if error.errno in NO_SPACE:
                needed = sum(file.size for file in files)
                raise AskOwner(
                    f"the holds folder has no space for {needed} bytes; free some there"
                ) from error
            raise AskOwner(f"files cannot be copied into the holds folder: {error.strerror}") from error
        return receipt

    def release(self, handle: str, stop: Stop) -> None:
        """Removes a hold, complete or not; one that is not there is released already."""
        folder = self._root / handle
        if not KEY.fullmatch(handle) or not folder.is_dir():
            return
        try:
            with _locked(folder, stop):
                # From here on the hold does not count, however far the removal gets.
                (folder / RECEIPT).unlink(missing_ok=True)
                sync_folder(folder)
                shutil.rmtree(folder)
            sync_folder(self._root)
        except FileNotFoundError:
            return
        except OSError as error:
            raise AskOwner(f"hold {handle} cannot be removed: {error.strerror}") from error

    def find_undamaged(self, key: str) -> StoredHold | None:
        """As `find`, with None for a damaged receipt: the order is then carried out again."""
        try:
            return self.find(key)
        except Malformed:
            return None

    def _fill(
        self, folder: Path, order: HoldOrder, files: Sequence[FileToKeep], kept: WhatIsKept, stop: Stop
    ) -> HoldReceipt:
        wanted = [file for file in files if not _is_copied(folder, file)]
        if sum(file.size for file in wanted) > shutil.disk_usage(folder).free:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        for file in wanted:
            copy_file(file.path, folder / FILES / file.relative, file.size, stop.check)
        held = [file for file in files if _is_copied(folder, file)]
        receipt = HoldReceipt(
            handle=order.key, held=kept(frozenset(file.relative for file in held)), until=order.until
        )
        names = tuple(
            HeldFile(relative=file.relative, starts_at=file.starts_at, size=file.size) for file in held
        )
        for below in _folders_of(folder, held):
            sync_folder(below)
        stop.check()
        stored = StoredHold(order=order, receipt=receipt, files=names)
        write_aside(folder / RECEIPT, stored.model_dump_json(indent=1).encode())
        sync_folder(folder)
        return receipt


def _is_copied(folder: Path, file: FileToKeep) -> bool:
    """A copy gets its name only when it is whole, so its size tells which state of the file it is."""
    try:
        return (folder / FILES / file.relative).stat().st_size == file.size
    except OSError:
        return False


def _folders_of(folder: Path, files: Sequence[FileToKeep]) -> list[Path]:
    """Every folder below the hold's own that gained an entry, innermost first."""
    below = {folder / FILES / parent for file in files for parent in PurePosixPath(file.relative).parents}
    return sorted(below, key=lambda path: len(path.parts), reverse=True)


@contextmanager
def _locked(folder: Path, stop: Stop) -> Iterator[None]:
    """One process and thread at a time per hold; the system lets go of the lock when its holder dies."""
    while True:
        # Not exist_ok: a folder that a release removes between the call's two looks would be an error.
        with suppress(FileExistsError):
            folder.mkdir()
        try:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            stop.wait(LOCK_POLL_S)
            continue
        except OSError:
            os.close(descriptor)
            raise
        if _is_still(folder, descriptor):
            break
        # Released and made again while we waited: lock the one that is there now.
        os.close(descriptor)
    try:
        yield
    finally:
        os.close(descriptor)


def _is_still(folder: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(folder.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
