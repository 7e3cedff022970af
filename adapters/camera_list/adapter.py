"""The adapter `camera_list`: locations only. What a file means is decided by adapters.lists."""

from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any, NoReturn

from adapters.camera_list.config import CameraListOptions
from adapters.contract.capabilities import Capability
from adapters.contract.errors import NotSupported
from adapters.contract.models import (
    CameraRecord,
    ClockReading,
    FootageListing,
    FootageMessage,
    HoldOrder,
    HoldReceipt,
    Interval,
    PlaceRecord,
    Rejection,
    Snapshot,
)
from adapters.contract.protocol import Adapter, AdapterContext
from adapters.lists.config import parse_options
from adapters.lists.reader import ListReader, stream


class CameraListAdapter:
    """Reads the lists anew at every listing; holds nothing open between calls."""

    def __init__(self, options: CameraListOptions, base_dir: Path) -> None:
        self._lists = ListReader(options, base_dir)
        self._capabilities = frozenset({Capability.PLACES} if self._lists.has_places else ())

    @property
    def capabilities(self) -> frozenset[Capability]:
        return self._capabilities

    def list_cameras(self) -> AsyncGenerator[CameraRecord | Rejection, None]:
        return stream(self._lists.cameras)

    def list_places(self) -> AsyncGenerator[PlaceRecord | Rejection, None]:
        if not self._lists.has_places:
            return _refuse_iteration("no list of places is configured: name one by the option places")
        return stream(self._lists.places)

    async def take_snapshot(self, native_id: str) -> Snapshot:
        _refuse("snapshots")

    async def list_spans(self, native_id: str, interval: Interval) -> FootageListing:
        _refuse("footage")

    def open_footage(
        self, native_id: str, interval: Interval, hold: str | None = None
    ) -> AsyncIterator[FootageMessage]:
        return _refuse_iteration(_ABSENT.format("footage"))

    async def place_hold(self, order: HoldOrder) -> HoldReceipt:
        _refuse("holds")

    async def release_hold(self, handle: str) -> None:
        _refuse("holds")

    def list_holds(self) -> AsyncIterator[HoldReceipt]:
        return _refuse_iteration(_ABSENT.format("holds"))

    async def read_clock(self) -> ClockReading:
        _refuse("a clock")

    async def aclose(self) -> None:
        """Nothing stays open between calls."""


_ABSENT = "a camera list says where cameras stand; it has no {}"


def _refuse(what: str) -> NoReturn:
    raise NotSupported(_ABSENT.format(what))


async def _refuse_iteration(message: str) -> AsyncGenerator[Any, None]:
    """Raises at the first item, as the generators of other adapters do."""
    raise NotSupported(message)
    yield


def create(options: dict[str, Any], context: AdapterContext) -> Adapter:
    """`Misconfigured` names every option that is wrong; files are first looked at when listing."""
    return CameraListAdapter(parse_options(CameraListOptions, options), context.base_dir)
