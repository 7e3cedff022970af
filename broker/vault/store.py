"""The folder vault, through obstore. A key is there whole or not at all, and durable once `put` returns.

| key | holds |
| --- | --- |
| `snapshots/<camera id>.jpg` | the latest snapshot of a camera, found again without the catalog |
| `references/<camera id>.bin` | what its next picture is compared with, small and masked as it is |
| `clips/<request>/<item>.<part>.<digest>.mp4` | a sealed clip |
| `bundles/<request>/<digest>.zip` | the bundle of a finished request |
| `documents/<request>/<digest>.pdf` | what its requester attached |

The digest is of the bytes: two workers that by mischance make the same clip never write over one another,
and what the ledger names stays as it was signed.
"""

import asyncio
import errno
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from obstore.exceptions import BaseError
from obstore.store import LocalStore

from broker.errors import Problem

CHUNK_BYTES: Final = 1024 * 1024
DIGEST_LENGTH: Final = 16

_KEY: Final = re.compile(r"[A-Za-z0-9._~%-]+(/[A-Za-z0-9._~%-]+)+", re.ASCII)
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_OS_ERROR: Final = re.compile(r"\(os error (\d+)\)")


def snapshot_key(camera_id: str) -> str:
    return f"snapshots/{quote(camera_id, safe='')}.jpg"


def reference_key(camera_id: str) -> str:
    return f"references/{quote(camera_id, safe='')}.bin"


def clips_prefix(request_id: str) -> str:
    """Where every clip of a request lies."""
    return f"clips/{request_id}"


def clip_key(request_id: str, item: int, part: int, sha256: str) -> str:
    return f"{clips_prefix(request_id)}/{item}.{part}.{sha256[:DIGEST_LENGTH]}.mp4"


def bundles_prefix(request_id: str) -> str:
    return f"bundles/{request_id}"


def bundle_key(request_id: str, sha256: str) -> str:
    return f"{bundles_prefix(request_id)}/{sha256[:DIGEST_LENGTH]}.zip"


def document_key(request_id: str, sha256: str) -> str:
    return f"documents/{request_id}/{sha256[:DIGEST_LENGTH]}.pdf"


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


class Vault:
    """Bytes in and out below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._store = LocalStore(folder)

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
        with _reaching_vault():
            await asyncio.to_thread(self._remove_others, _checked(prefix), keys)

    def _remove_others(self, prefix: str, keys: frozenset[str]) -> None:
        for file in sorted((self._folder / prefix).rglob("*")):
            if file.is_file() and file.relative_to(self._folder).as_posix() not in keys:
                file.unlink(missing_ok=True)
