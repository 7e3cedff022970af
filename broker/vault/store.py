"""Bytes in and out. A key is there whole or not at all, and durable once `put` returns.

A vault is a folder or a bucket, through obstore; its keys are those of `broker.vault.keys`.
"""

import asyncio
import errno
import os
import re
import stat
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import LocalStore, S3Store

from broker.errors import Problem
from broker.vault.address import Bucket

if TYPE_CHECKING:
    from obstore import ObjectMeta

CHUNK_BYTES: Final = 1024 * 1024

_KEY: Final = re.compile(r"[A-Za-z0-9._~%-]+(/[A-Za-z0-9._~%-]+)+", re.ASCII)
_STAGED: Final = re.compile(r"#\d+$")
"""How obstore ends the name of a file that is being written."""
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_OS_ERROR: Final = re.compile(r"\(os error (\d+)\)")


@contextmanager
def _reaching_vault() -> Iterator[None]:
    """Turns what obstore and the operating system say into problems."""
    try:
        yield
    except FileNotFoundError as error:
        raise Problem("not_found", "the vault no longer holds this") from error
    except (OSError, BaseError) as error:
        if _number(error) in _NO_ROOM:
            raise Problem(
                "storage_full", "the vault is full: nothing was stored; free space and try again"
            ) from error
        if isinstance(error, PermissionDeniedError | UnauthenticatedError):
            detail = "the vault refuses the keys of its address: its administrator sets them right"
            raise Problem("vault_unavailable", detail, retry_after_s=60) from error
        raise Problem("vault_unavailable", "the vault does not answer: try again", retry_after_s=5) from error


def _number(error: OSError | BaseError) -> int | None:
    """The operating system's error number; obstore has it in its message only."""
    if isinstance(error, OSError):
        return error.errno
    said = _OS_ERROR.search(str(error))
    return int(said.group(1)) if said else None


def _checked(key: str) -> str:
    """The key, which must name something below the folder; anything else is a bug, not a caller's mistake."""
    if not _KEY.fullmatch(key) or any(part.strip(".") == "" for part in key.split("/")):
        raise ValueError(f"{key!r} is not a key of the vault")
    return key


@dataclass(frozen=True)
class Entry:
    """What lies under a key; a half file is what a writer that was killed left beside it."""

    key: str
    size: int
    changed_at: datetime
    is_half: bool


class Vault:
    """Bytes in and out below one folder, or below one prefix of a bucket."""

    def __init__(self, place: Path | Bucket) -> None:
        self._folder = place if isinstance(place, Path) else None
        self._store: LocalStore | S3Store
        if isinstance(place, Bucket):
            self._store = place.open()
        else:
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._store = LocalStore(place)

    async def try_out(self) -> None:
        """`Problem` where what is put does not come back."""
        key = f"doctor/{uuid4()}"
        await self.put(key, b"entrevue")
        await self.get(key)
        await self.delete(key)

    async def put(self, key: str, data: bytes) -> None:
        await self._put(key, data)

    def put_passing(self, key: str, data: bytes) -> None:
        """As `put`, for what the next round brings again: a power cut may take it back. Blocks: for threads."""
        with _reaching_vault():
            self._store.put(_checked(key), data)

    def find(self, key: str) -> bytes | None:
        """What the key holds, None where it holds nothing. Blocks: for threads."""
        try:
            with _reaching_vault():
                return bytes(self._store.get(_checked(key)).bytes())
        except Problem as problem:
            if problem.code != "not_found":
                raise
            return None

    async def put_file(self, key: str, file: Path) -> None:
        """Stores a file in chunks; it replaces what the key held."""
        await self._put(key, file)

    async def _put(self, key: str, content: bytes | Path) -> None:
        with _reaching_vault():
            await self._store.put_async(_checked(key), content)
            await asyncio.to_thread(self._make_durable, key)

    def _make_durable(self, key: str) -> None:
        """obstore renames into place without fsync; a clip that the ledger names must survive a power cut."""
        if self._folder is None:
            return  # what an object store has answered for is durable
        target = self._folder / key
        for path in (target, *target.parents):
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            if path == self._folder:
                return

    async def size(self, key: str) -> int:
        with _reaching_vault():
            return int((await self._store.head_async(_checked(key)))["size"])

    async def has(self, key: str) -> bool:
        try:
            await self.size(key)
        except Problem as problem:
            if problem.code != "not_found":
                raise
            return False
        return True

    async def get(self, key: str) -> bytes:
        with _reaching_vault():
            return bytes(await (await self._store.get_async(_checked(key))).bytes_async())

    async def get_file(self, key: str, file: Path) -> None:
        """Writes what the key holds to a file. `OSError` is of that file, a `Problem` of the vault."""
        with await asyncio.to_thread(file.open, "xb") as target:
            async for chunk in self._chunks(key, None):
                await asyncio.to_thread(target.write, chunk)

    async def stream(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes `[start, end)` in chunks."""
        if start < end:
            async for chunk in self._chunks(key, (start, end)):
                yield chunk

    async def _chunks(self, key: str, part: tuple[int, int] | None) -> AsyncIterator[bytes]:
        with _reaching_vault():
            answer = await self._store.get_async(
                _checked(key), options={} if part is None else {"range": part}
            )
            chunks = answer.stream(min_chunk_size=CHUNK_BYTES).__aiter__()
        while True:
            with _reaching_vault():
                try:
                    chunk = bytes(await anext(chunks))
                except StopAsyncIteration:
                    return
            yield chunk

    async def delete(self, key: str) -> None:
        """Removes a key; one that is not there is fine."""
        try:
            with _reaching_vault():
                await self._store.delete_async(_checked(key))
        except Problem as problem:
            if problem.code != "not_found":
                raise

    async def keep_only(self, prefix: str, keys: frozenset[str]) -> None:
        """Removes everything below the prefix but these keys, also the half files of writers that were killed."""
        async for entry in self.entries(prefix):
            if entry.key not in keys:
                await self.remove(entry)

    async def entries(self, prefix: str) -> AsyncIterator[Entry]:
        """What lies below the prefix, half files included; in no order."""
        with _reaching_vault():
            if self._folder is not None:
                found = await asyncio.to_thread(_files, self._folder, self._folder / _checked_prefix(prefix))
                parts: AsyncIterator[list[Entry]] = _one(found)
            else:
                parts = _listed(self._store.list(_checked_prefix(prefix)).__aiter__())
        while True:
            with _reaching_vault():
                try:
                    part = await anext(parts)
                except StopAsyncIteration:
                    return
            for entry in part:
                yield entry

    async def remove(self, entry: Entry) -> None:
        """Removes what was listed; what is gone by now is fine."""
        if not entry.is_half or self._folder is None:
            await self.delete(entry.key)
            return
        with _reaching_vault():
            await asyncio.to_thread((self._folder / entry.key).unlink, missing_ok=True)


def _checked_prefix(prefix: str) -> str:
    return _checked(f"{prefix}/x").removesuffix("/x")


def _files(root: Path, folder: Path) -> list[Entry]:
    entries = []
    for file in folder.rglob("*"):
        with suppress(FileNotFoundError):
            state = file.stat()
            if stat.S_ISREG(state.st_mode):
                entries.append(
                    Entry(
                        key=file.relative_to(root).as_posix(),
                        size=state.st_size,
                        changed_at=datetime.fromtimestamp(state.st_mtime, UTC),
                        is_half=_STAGED.search(file.name) is not None,
                    )
                )
    return entries


async def _one(entries: list[Entry]) -> AsyncIterator[list[Entry]]:
    yield entries


async def _listed(parts: "AsyncIterator[Sequence[ObjectMeta]]") -> AsyncIterator[list[Entry]]:
    async for part in parts:
        yield [Entry(meta["path"], meta["size"], meta["last_modified"], is_half=False) for meta in part]
