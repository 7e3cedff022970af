"""Reads what an adapter gives, whole, and closes what it opened."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import TypeVar, cast

from adapters.conformance.verdicts import NotConformant, demand
from adapters.contract.models import (
    CameraRecord,
    FootageMessage,
    Interval,
    Rejection,
    SegmentData,
    SegmentEnd,
    SegmentStart,
)
from adapters.contract.protocol import Adapter

Item = TypeVar("Item")


async def all_of(items: AsyncIterator[Item]) -> list[Item]:
    """Every item. The contract says that the iterator is an async generator."""
    async with aclosing(cast("AsyncGenerator[Item, None]", items)) as opened:
        return [item async for item in opened]


async def first_of(items: AsyncIterator[Item]) -> Item | None:
    """The first item, None where there is none."""
    async with aclosing(cast("AsyncGenerator[Item, None]", items)) as opened:
        return await anext(opened, None)


async def cameras_of(adapter: Adapter) -> list[CameraRecord]:
    return [item for item in await all_of(adapter.list_cameras()) if isinstance(item, CameraRecord)]


async def rejections_of(adapter: Adapter) -> list[Rejection]:
    return [item for item in await all_of(adapter.list_cameras()) if isinstance(item, Rejection)]


@dataclass(frozen=True)
class Segment:
    """One recorded file as it was handed out."""

    start: SegmentStart
    data: bytes


async def segments_of(adapter: Adapter, native_id: str, interval: Interval) -> list[Segment]:
    """The files that cover the interval; `NotConformant` where start, data and end are out of order or torn."""
    segments: list[Segment] = []
    start: SegmentStart | None = None
    data = bytearray()
    messages: list[FootageMessage] = await all_of(adapter.open_footage(native_id, interval))
    for message in messages:
        match message:
            case SegmentStart():
                demand(start is None, f"{message.name} starts inside another segment")
                start, data = message, bytearray()
            case SegmentData():
                demand(start is not None, "bytes come before any segment starts")
                data += message.data
            case SegmentEnd():
                if start is None:
                    raise NotConformant("a segment ends that did not start")
                says = f"{start.name} promises {message.size} bytes and has {len(data)}"
                demand(message.size == len(data), says)
                segments.append(Segment(start, bytes(data)))
                start = None
    demand(start is None, "the last segment does not end")
    return segments
