"""The adapter `camera_list`: locations only. What a file means is decided by adapters.lists."""

from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any

from adapters.camera_list.config import CameraListOptions
from adapters.contract.capabilities import Capability
from adapters.contract.models import CameraRecord, PlaceRecord, Rejection
from adapters.contract.options import parse_options
from adapters.contract.protocol import Adapter, AdapterContext
from adapters.contract.undeclared import Undeclared
from adapters.lists.reader import ListReader, stream


class CameraListAdapter(Undeclared):
    """Reads the lists anew at every listing; holds nothing open between calls."""

    kind = "camera_list"

    def __init__(self, options: CameraListOptions, base_dir: Path) -> None:
        self._lists = ListReader(options, base_dir)
        self._capabilities = frozenset({Capability.PLACES} if self._lists.has_places else ())

    @property
    def capabilities(self) -> frozenset[Capability]:
        return self._capabilities

    def list_cameras(self) -> AsyncGenerator[CameraRecord | Rejection, None]:
        return stream(self._lists.cameras)

    def list_places(self) -> AsyncIterator[PlaceRecord | Rejection]:
        return stream(self._lists.places) if self._lists.has_places else super().list_places()


def create(options: dict[str, Any], context: AdapterContext) -> Adapter:
    """`Misconfigured` names every option that is wrong; files are first looked at when listing."""
    return CameraListAdapter(parse_options(CameraListOptions, options), context.base_dir)
