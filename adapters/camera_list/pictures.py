"""Which camera's picture is where, as the lists say it. Owns when they are read again."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from pathlib import Path

from adapters.camera_list.config import CameraListOptions
from adapters.contract.errors import NotFound
from adapters.lists.reader import ListReader, PictureSource, stream
from adapters.lists.versions import Versions, versions_of


class PictureIndex:
    """Kept until one of the files changes; whoever asks while the lists are read waits for that one reading."""

    def __init__(self, options: CameraListOptions, base_dir: Path) -> None:
        self._lists = ListReader(options, base_dir)
        files = [listed.file for listed in options.cameras]
        if options.crossings is not None:
            files.append(options.crossings.file)
        self._files = tuple(base_dir / file for file in files)
        self._read: tuple[Versions, Mapping[str, PictureSource]] | None = None
        self._reading = asyncio.Lock()

    async def source_of(self, native_id: str) -> PictureSource:
        """`NotFound` for a camera that no list has, or of which no list has a picture to show."""
        source = (await self._sources()).get(native_id)
        if source is None:
            raise NotFound(f"camera {native_id} is not in this network's list")
        if source.is_down:
            # Such servers go on sending a notice, or the last picture of long ago.
            raise NotFound(f"camera {native_id} is down, says the list; its picture is not taken")
        if source.snapshot_url is None and source.clip_url is None:
            raise NotFound(f"the list names no picture of camera {native_id}")
        return source

    async def _sources(self) -> Mapping[str, PictureSource]:
        async with self._reading:
            versions = await asyncio.to_thread(versions_of, self._files)
            if self._read is None or self._read[0] != versions:
                async with aclosing(stream(self._lists.pictures)) as found:
                    self._read = versions, {native_id: source async for native_id, source in found}
            return self._read[1]
