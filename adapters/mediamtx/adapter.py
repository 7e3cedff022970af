"""The adapter `mediamtx`. Owns the order of calls: which paths are cameras, and from where on a clip is asked so
that its first frame's instant is known exactly."""

from bisect import bisect_right
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from adapters.contract.capabilities import Capability
from adapters.contract.complaints import first_complaint
from adapters.contract.errors import NotFound
from adapters.contract.gaps import SHORTEST_GAP_S
from adapters.contract.models import (
    CameraRecord,
    FootageListing,
    FootageMessage,
    Interval,
    Rejection,
    SegmentStart,
    format_instant,
)
from adapters.contract.options import parse_options
from adapters.contract.protocol import AdapterContext
from adapters.lists.completing import CompletedAdapter, CompletedCameras
from adapters.mediamtx import mapping
from adapters.mediamtx.client import ListedSpan, MediaMtxClient, RecordedName
from adapters.mediamtx.config import MediaMtxOptions
from adapters.transport.http import GuardedClient
from adapters.transport.segments import segment

FRAMES_AFTER: Final = timedelta(seconds=1)
"""Asked for beyond an interval, so that how long its last frame is shown is known."""


Shape = TypeVar("Shape", mapping.PathConf, mapping.PathState, RecordedName)


class MediaMtxAdapter(CompletedAdapter):
    """One server. Keeps what its last listing said of recording settings; the server itself keeps the rest."""

    kind = "mediamtx"
    always = frozenset({Capability.SPANS, Capability.FOOTAGE})

    def __init__(self, client: MediaMtxClient, lists: CompletedCameras) -> None:
        self._client = client
        super().__init__(lists)
        self._kept: dict[str, mapping.Kept] = {}

    async def recorded(self) -> AsyncGenerator[CameraRecord | Rejection, None]:
        """Paths that exist, that are configured by their own name, and that have recordings: one that nobody
        publishes at the moment is in one of the three still."""
        problems: list[Rejection] = []
        confs = await _named(mapping.PathConf, self._client.configured_paths(), "configured path", problems)
        states = await _named(mapping.PathState, self._client.active_paths(), "path", problems)
        recorded = await _named(RecordedName, self._client.recorded_paths(), "recorded path", problems)
        self._kept = {}
        for name in {name: None for name in confs if not confs[name].is_pattern} | states | recorded:
            state = states.get(name)
            conf = confs.get((state and state.configured_as) or name)
            try:
                record = mapping.camera(name, conf, state)
                if conf is not None:
                    self._kept[name] = mapping.kept(conf)
            except ValueError as error:
                problems.append(Rejection(where=f"path {name}", reason=f"its recording settings: {error}"))
            else:
                yield record
        for problem in problems:
            yield problem

    async def list_spans(self, native_id: str, interval: Interval) -> FootageListing:
        listed = await self._listed(native_id, format_instant(interval.start), interval.end)
        found = [each for _, each in listed]
        how_long = self._kept.get(native_id)
        spans = [mapping.span(each, interval, how_long) for each in _disjoint(found)]
        return FootageListing(spans=tuple(each for each in spans if each is not None))

    async def open_footage(
        self, native_id: str, interval: Interval, hold: str | None = None
    ) -> AsyncIterator[FootageMessage]:
        """One file for each span, from the start of a recorded file on: asked from elsewhere the server would put
        frames before that instant in front, without their own times."""
        if hold is not None:
            raise NotFound(f"MediaMTX keeps no holds, so there is no {hold!r}")
        start = await self._file_start(native_id, interval.start)
        listed = await self._listed(native_id, start, interval.end + FRAMES_AFTER)
        for entry, found in listed:
            if found.end <= interval.start or found.start >= interval.end:
                continue
            valid = Interval(start=found.start, end=min(found.end, interval.end + FRAMES_AFTER))
            announced = SegmentStart(
                name=f"{native_id} {entry.start}", container="mp4", starts_at=found.start, valid=valid
            )
            clip = self._client.clip(native_id, entry.start, valid.duration.total_seconds())
            async with aclosing(segment(announced, clip)) as messages:
                async for message in messages:
                    yield message

    async def _file_start(self, native_id: str, instant: datetime) -> str:
        """When the file that holds the instant begins, as the server wrote it; else the instant."""
        recorded = await self._client.segments(native_id)
        starts = (
            sorted((mapping.instant(each.start), each.start) for each in recorded.segments)
            if recorded
            else []
        )
        before = bisect_right(starts, instant, key=lambda start: start[0])
        return starts[before - 1][1] if before else format_instant(instant)

    async def _listed(self, native_id: str, start: str, end: datetime) -> list[tuple[ListedSpan, Interval]]:
        """The server's spans in order; `NotFound` for a path that it does not know."""
        listed = await self._client.spans(native_id, start, format_instant(end))
        if not listed and not await self._lists.names(native_id) and not await self._client.knows(native_id):
            raise NotFound(f"the recorder knows no path {native_id!r}")
        pairs = [(entry, found) for entry in listed or () if (found := mapping.footage(entry)) is not None]
        return sorted(pairs, key=lambda pair: pair[1].start)

    async def aclose(self) -> None:
        await self._client.aclose()


async def _named(
    shape: type[Shape], items: AsyncGenerator[Any, None], what: str, problems: list[Rejection]
) -> dict[str, Shape]:
    """The items by name; those that cannot be used, or repeat a name, are problems."""
    found: dict[str, Shape] = {}
    async with aclosing(items):
        async for item in items:
            name = item.get("name") if isinstance(item, dict) else None
            where = f"{what} {name}" if isinstance(name, str) and name else what
            try:
                shaped = shape.model_validate(item)
            except ValidationError as error:
                problems.append(Rejection(where=where, reason=first_complaint(error)))
                continue
            if shaped.name in found:
                problems.append(Rejection(where=where, reason="listed twice: the first counts"))
            found.setdefault(shaped.name, shaped)
    return found


def _disjoint(found: list[Interval]) -> list[Interval]:
    """Spans in order with a gap between each two; what overlaps or nearly touches is one."""
    joined: list[Interval] = []
    for each in found:
        if joined and each.start - joined[-1].end <= timedelta(seconds=SHORTEST_GAP_S):
            joined[-1] = Interval(start=joined[-1].start, end=max(joined[-1].end, each.end))
        else:
            joined.append(each)
    return joined


def create(options: dict[str, Any], context: AdapterContext) -> MediaMtxAdapter:
    """`Misconfigured` names every option that is wrong; the server is first called when listing."""
    parsed = parse_options(MediaMtxOptions, options)
    client = MediaMtxClient(
        control=GuardedClient(parsed, context),
        playback=GuardedClient(parsed.playback, context),
        headers=parsed.headers(context.base_dir),
    )
    return MediaMtxAdapter(client, CompletedCameras(parsed, context.base_dir))
