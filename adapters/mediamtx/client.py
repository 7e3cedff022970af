"""The calls of MediaMTX's two servers that the adapter makes. Owns paths, pages and which answer means that there
is none; what an answer means for cameras and footage is decided in `mapping`."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final

from pydantic import BaseModel, Field

from adapters.contract.errors import Malformed, NotFound, TryLater
from adapters.transport.answers import as_shape
from adapters.transport.http import GuardedClient, path_segment

PAGE_ITEMS: Final = 100
MOST_PAGES: Final = 10_000
LISTING_BYTES: Final = 64 * 1024 * 1024


class Page(BaseModel):
    """One page of any listing; the server counts pages and items of the whole."""

    item_count: int = Field(alias="itemCount", ge=0)
    page_count: int = Field(alias="pageCount", ge=0)
    items: list[Any]


class ListedSpan(BaseModel):
    """Footage without a gap. `start` as the server wrote it: handed back unchanged it loses nothing."""

    start: str
    duration: float = Field(ge=0, allow_inf_nan=False)


class RecordedSegment(BaseModel):
    start: str


class RecordedName(BaseModel):
    name: str = Field(min_length=1)


class RecordedPath(RecordedName):
    segments: list[RecordedSegment]


class MediaMtxClient:
    """`control` and `playback` each stay on their own address; `headers` go with every call."""

    def __init__(self, control: GuardedClient, playback: GuardedClient, headers: Mapping[str, str]) -> None:
        self._control = control
        self._playback = playback
        self._headers = headers

    def __repr__(self) -> str:
        return f"MediaMtxClient({self._control!r}, {self._playback!r})"

    async def aclose(self) -> None:
        try:
            await self._control.aclose()
        finally:
            await self._playback.aclose()

    def configured_paths(self) -> AsyncGenerator[Any, None]:
        """Every configured path as decoded; defaults are filled in by the server."""
        return self._pages("/v3/config/paths/list")

    def active_paths(self) -> AsyncGenerator[Any, None]:
        """Paths that exist now: those with a source of their own, and those that somebody publishes."""
        return self._pages("/v3/paths/list")

    def recorded_paths(self) -> AsyncGenerator[Any, None]:
        """Paths with recordings, also those that nobody publishes any more."""
        return self._pages("/v3/recordings/list")

    async def knows(self, path: str) -> bool:
        """Whether the path exists now or has recordings."""
        try:
            await self._control.get(f"/v3/paths/get/{_in_address(path)}", headers=self._headers)
        except NotFound:
            return (await self.segments(path)) is not None
        return True

    async def segments(self, path: str) -> RecordedPath | None:
        """The recorded files of a path, None where there is none."""
        try:
            answer = await self._control.get(
                f"/v3/recordings/get/{_in_address(path)}", headers=self._headers, max_bytes=LISTING_BYTES
            )
        except NotFound:
            return None
        return answer.shaped(RecordedPath)

    async def spans(self, path: str, start: str, end: str) -> list[ListedSpan] | None:
        """Spans cut to the window, none where nothing is recorded in it; None where the server does not know the
        path (it answers 400 then, and 404 for no recordings)."""
        answer = await self._playback.get(
            "/list",
            params={"path": path, "start": start, "end": end},
            headers=self._headers,
            max_bytes=LISTING_BYTES,
            also_statuses=frozenset({400, 404}),
        )
        if answer.status == 400:
            return None
        return [] if answer.status == 404 else answer.shaped(list[ListedSpan])

    def clip(self, path: str, start: str, duration_s: float) -> AsyncGenerator[bytes, None]:
        """Fragmented MP4 from `start` on, whose time 0 is `start`."""
        return self._playback.download(
            "/get",
            params={"path": path, "start": start, "duration": f"{duration_s:.6f}", "format": "fmp4"},
            headers=self._headers,
            media_types=("video/mp4",),
        )

    async def _pages(self, address: str) -> AsyncGenerator[Any, None]:
        """Every item of every page once. `Malformed` where pages repeat or are cut short, `TryLater` where paths came
        or went meanwhile: an incomplete listing would make cameras vanish."""
        seen, number, known = 0, 0, Page(itemCount=0, pageCount=1, items=[])
        while number < min(known.page_count, MOST_PAGES):
            answer = await self._control.get(
                address,
                params={"page": number, "itemsPerPage": PAGE_ITEMS},
                headers=self._headers,
                max_bytes=LISTING_BYTES,
            )
            previous, known = known, as_shape(Page, answer.json(), answer.call)
            if known.items and known.items == previous.items:
                raise Malformed(f"{answer.call} answered one page twice")
            if number and known.item_count != previous.item_count:
                raise TryLater(f"{answer.call}: the listing changed while it was read", retry_after_s=1)
            for item in known.items:
                yield item
            seen, number = seen + len(known.items), number + 1
        if seen != known.item_count:
            raise Malformed(f"GET {address} promised {known.item_count} items and listed {seen}")


def _in_address(path: str) -> str:
    """The path's name inside an address; its slashes stay."""
    return "/".join(path_segment(part) for part in path.split("/"))
