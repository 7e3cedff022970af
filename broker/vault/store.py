"""The folder vault, through obstore. A key is there whole or not at all, and durable once `put` returns.

| key | holds |
| --- | --- |
| `snapshots/<camera id>.jpg` | the latest snapshot of a camera, found again without the catalog |
| `clips/<request>/<item>.<part>.mp4` | a sealed clip |
| `bundles/<request>.zip` | the bundle of a finished request |
"""

import asyncio
import errno
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from obstore.store import LocalStore

from broker.errors import Problem

CHUNK_BYTES: Final = 1024 * 1024


def snapshot_key(camera_id: str) -> str:
    return f"snapshots/{quote(camera_id, safe='')}.jpg"


def clip_key(request_id: str, item: int, part: int) -> str:
    return f"clips/{request_id}/{item}.{part}.mp4"


def bundle_key(request_id: str) -> str:
    return f"bundles/{request_id}.zip"


@contextmanager
def _reaching_vault() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise Problem("not_found", "the vault no longer holds this") from error
    except OSError as error:
        if error.errno == errno.ENOSPC or "No space left" in str(error):
            raise Problem(
                "storage_full", "the vault is full: nothing was stored; free space and try again"
            ) from error
        raise Problem("vault_unavailable", "the vault does not answer: try again", retry_after_s=5) from error


class Vault:
    """Bytes in and out below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._store = LocalStore(folder)

    async def put(self, key: str, data: bytes) -> None:
        with _reaching_vault():
            await self._store.put_async(key, data)
            await asyncio.to_thread(self._make_durable, key)

    async def put_file(self, key: str, file: Path) -> None:
        """Stores a file in chunks; it replaces what the key held."""
        with _reaching_vault():
            await self._store.put_async(key, file)
            await asyncio.to_thread(self._make_durable, key)

    def _make_durable(self, key: str) -> None:
        """obstore renames into place without fsync; a clip that the ledger names must survive a power cut."""
        target = self._folder / key
        for path in (target, target.parent):
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    async def size(self, key: str) -> int:
        with _reaching_vault():
            return int((await self._store.head_async(key))["size"])

    async def get(self, key: str) -> bytes:
        with _reaching_vault():
            return bytes(await (await self._store.get_async(key)).bytes_async())

    async def get_file(self, key: str, file: Path) -> None:
        """Writes what the key holds to a file."""
        with _reaching_vault():
            answer = await self._store.get_async(key)
            with await asyncio.to_thread(file.open, "xb") as target:
                async for chunk in answer.stream(min_chunk_size=CHUNK_BYTES):
                    await asyncio.to_thread(target.write, chunk)

    async def stream(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes `[start, end)` in chunks."""
        if end <= start:
            return
        with _reaching_vault():
            answer = await self._store.get_async(key, options={"range": (start, end)})
            async for chunk in answer.stream(min_chunk_size=CHUNK_BYTES):
                yield bytes(chunk)

    async def delete(self, key: str) -> None:
        """Removes a key; one that is not there is fine."""
        try:
            with _reaching_vault():
                await self._store.delete_async(key)
        except Problem as problem:
            if problem.code != "not_found":
                raise
