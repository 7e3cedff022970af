"""What an owner's list adds to the cameras that a recorder names itself: where they stand and what they watch.

Owns who is believed: the recorder for what it encodes and whether it works, the list for all that it states
besides. What neither says stays unknown.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import ClassVar, cast

from adapters.contract.capabilities import Capability
from adapters.contract.models import CameraRecord, CameraStatus, PlaceRecord, Rejection
from adapters.contract.undeclared import Undeclared
from adapters.lists.config import ListOptions
from adapters.lists.reader import ListReader, stream

BELIEVED = ("kind", "position", "place", "level", "views", "retention_days", "tags")


class CompletedCameras:
    """The lists of one network beside its recorder. Lists are read anew at every listing."""

    def __init__(self, options: ListOptions, base_dir: Path) -> None:
        self._reader = ListReader(options, base_dir)
        self._is_listed = bool(options.cameras)
        self._names: frozenset[str] | None = None

    @property
    def has_places(self) -> bool:
        return self._reader.has_places

    def places(self) -> AsyncGenerator[PlaceRecord | Rejection, None]:
        return stream(self._reader.places)

    async def complete(
        self, recorded: AsyncIterator[CameraRecord | Rejection]
    ) -> AsyncGenerator[CameraRecord | Rejection, None]:
        """The recorder's cameras with what the list says of them, then those that only the list knows."""
        # the contract says that it is an async generator
        async with aclosing(cast("AsyncGenerator[CameraRecord | Rejection, None]", recorded)) as found:
            listed: dict[str, CameraRecord] = {}
            for item in await self._read():
                if isinstance(item, CameraRecord):
                    listed[item.native_id] = item
                else:
                    yield item
            async for record in found:
                known = listed.pop(record.native_id, None) if isinstance(record, CameraRecord) else None
                yield record if known is None else completed(cast("CameraRecord", record), known)
            for record in listed.values():
                yield record

    async def names(self, native_id: str) -> bool:
        """Whether the list, as last read, names the camera."""
        if self._names is None:
            await self._read()
        return native_id in (self._names or ())

    async def _read(self) -> list[CameraRecord | Rejection]:
        items = await asyncio.to_thread(lambda: list(self._reader.cameras())) if self._is_listed else []
        self._names = frozenset(item.native_id for item in items if isinstance(item, CameraRecord))
        return items


class CompletedAdapter(Undeclared, ABC):
    """The ground of an adapter whose recorder names its cameras itself, beside an owner's lists.

    Subclasses name `always`, what their recorder can do, and say by `recorded` what it names.
    """

    always: ClassVar[frozenset[Capability]]

    def __init__(self, lists: CompletedCameras) -> None:
        self._lists = lists

    @property
    def capabilities(self) -> frozenset[Capability]:
        return self.always | ({Capability.PLACES} if self._lists.has_places else set())

    def list_cameras(self) -> AsyncIterator[CameraRecord | Rejection]:
        return self._lists.complete(self.recorded())

    def list_places(self) -> AsyncIterator[PlaceRecord | Rejection]:
        return self._lists.places() if self._lists.has_places else super().list_places()

    @abstractmethod
    def recorded(self) -> AsyncGenerator[CameraRecord | Rejection, None]:
        """The recorder's own cameras."""


def completed(record: CameraRecord, listed: CameraRecord) -> CameraRecord:
    """One camera as both together know it."""
    stated = {name: value for name in BELIEVED if (value := getattr(listed, name)) not in (None, ())}
    if listed.name != listed.native_id:
        stated["name"] = listed.name
    if not record.streams:
        stated["streams"] = listed.streams
    if record.status is CameraStatus.UNKNOWN:
        stated["status"] = listed.status
    return record.model_copy(update=stated)
