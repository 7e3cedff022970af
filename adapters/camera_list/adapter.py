"""The adapter `camera_list`: where cameras stand, and the pictures whose addresses a list states.

What a file means is decided by adapters.lists.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, Final

from adapters.camera_list.config import CameraListOptions
from adapters.camera_list.hosts import Hosts
from adapters.camera_list.pictures import PictureIndex
from adapters.camera_list.snapshot import clip_snapshot, picture_snapshot
from adapters.contract.capabilities import Capability
from adapters.contract.models import CameraRecord, PlaceRecord, Rejection, Snapshot
from adapters.contract.options import parse_options
from adapters.contract.protocol import Adapter, AdapterContext
from adapters.contract.undeclared import Undeclared
from adapters.lists.reader import ListReader, stream

PICTURE_BYTES: Final = 16 * 1024 * 1024
CLIP_BYTES: Final = 64 * 1024 * 1024


class CameraListAdapter(Undeclared):
    """Reads the lists anew at every listing; keeps connections only to the servers of `hosts`."""

    kind = "camera_list"

    def __init__(self, options: CameraListOptions, context: AdapterContext) -> None:
        self._lists = ListReader(options, context.base_dir)
        self._pictures = PictureIndex(options, context.base_dir)
        self._hosts = Hosts(options.hosts, context)
        optional = {Capability.PLACES: self._lists.has_places, Capability.SNAPSHOT: bool(options.hosts)}
        self._capabilities = frozenset(name for name, present in optional.items() if present)

    @property
    def capabilities(self) -> frozenset[Capability]:
        return self._capabilities

    def list_cameras(self) -> AsyncGenerator[CameraRecord | Rejection, None]:
        return stream(self._lists.cameras)

    def list_places(self) -> AsyncIterator[PlaceRecord | Rejection]:
        return stream(self._lists.places) if self._lists.has_places else super().list_places()

    async def take_snapshot(self, native_id: str) -> Snapshot:
        """The listed picture as it is now; where the list has only a clip, the clip's last frame."""
        self._require(Capability.SNAPSHOT)
        source = await self._pictures.source_of(native_id)
        if source.snapshot_url is not None:
            answer = await self._hosts.fetch(native_id, source.snapshot_url, PICTURE_BYTES)
            return picture_snapshot(native_id, answer)
        clip = await self._hosts.fetch(native_id, source.clip_url or "", CLIP_BYTES)
        return await asyncio.to_thread(clip_snapshot, native_id, clip)

    async def aclose(self) -> None:
        await self._hosts.aclose()


def create(options: dict[str, Any], context: AdapterContext) -> Adapter:
    """`Misconfigured` names every option that is wrong; files are first looked at when listing."""
    return CameraListAdapter(parse_options(CameraListOptions, options), context)
