"""Everything that an adapter says of a network, once: for checks that hold for every answer."""

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from adapters.conformance.bench import Bench
from adapters.conformance.reading import all_of
from adapters.contract.capabilities import Capability
from adapters.contract.errors import NotFound
from adapters.contract.protocol import Adapter


async def everything(bench: Bench) -> list[BaseModel]:
    """Cameras, places, listings of footage, its messages, a picture and the clock, as far as they are offered."""
    async with bench.adapter() as adapter:
        return [item async for item in _answers(bench, adapter)]


async def _answers(bench: Bench, adapter: Adapter) -> AsyncIterator[BaseModel]:
    can = adapter.capabilities
    for camera in await all_of(adapter.list_cameras()):
        yield camera
    if Capability.PLACES in can:
        for place in await all_of(adapter.list_places()):
            yield place
    for known in await bench.footage():
        if Capability.SPANS in can:
            yield await adapter.list_spans(known.native_id, known.asked)
        if Capability.FOOTAGE in can:
            for message in await all_of(adapter.open_footage(known.native_id, known.asked)):
                yield message
    camera_id = await bench.a_camera()
    if Capability.SNAPSHOT in can and camera_id is not None:
        with suppress(NotFound):
            yield await adapter.take_snapshot(camera_id)
    if Capability.CLOCK in can:
        yield await adapter.read_clock()


def instants_in(value: Any) -> Iterator[datetime]:
    """Every instant in a model, however deep."""
    if isinstance(value, datetime):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from instants_in(getattr(value, name, None))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from instants_in(inner)
