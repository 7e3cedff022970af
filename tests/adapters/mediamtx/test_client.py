"""Listings are read page by page, and an incomplete one is never taken for the whole."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from adapters.contract.errors import Malformed, TryLater
from adapters.contract.models import CameraRecord, Rejection
from adapters.contract.protocol import AdapterContext
from adapters.mediamtx.adapter import MediaMtxAdapter, create
from tests.adapters.transport.servers import NOW, Asked, answer, serving

Listed = Callable[[str, int], dict[str, Any]]


@asynccontextmanager
async def adapter_of(listed: Listed, base_dir: Path) -> AsyncIterator[MediaMtxAdapter]:
    """An adapter of a server whose listings are what `listed` says of an address and a page."""

    async def script(asked: Asked, writer: Any) -> None:
        address, _, query = asked.line.split(" ")[1].partition("?")
        page = listed(address, int(query.partition("page=")[2].partition("&")[0]))
        writer.write(answer(200, json.dumps(page).encode(), Content_Type="application/json"))

    async with serving(script) as server:
        options = {"url": server.url, "playback_url": server.url}
        adapter = create(options, AdapterContext("net", base_dir, base_dir, lambda: NOW))
        try:
            yield adapter
        finally:
            await adapter.aclose()


def pages_of(items: list[Any], size: int, count: int | None = None) -> Listed:
    def listed(address: str, page: int) -> dict[str, Any]:
        shown = items if address == "/v3/paths/list" else []
        total = len(shown) if count is None or not shown else count
        part = shown[page * size : (page + 1) * size]
        return {"itemCount": total, "pageCount": -(-len(shown) // size), "items": part}

    return listed


async def test_every_page_is_read_once(tmp_path: Path) -> None:
    items = [{"name": f"cam{number}", "online": True} for number in range(7)]
    async with adapter_of(pages_of(items, 3), tmp_path) as adapter:
        records = [each async for each in adapter.list_cameras()]
    assert [each.native_id for each in records if isinstance(each, CameraRecord)] == [
        f"cam{n}" for n in range(7)
    ]


async def test_pages_that_are_cut_short_fail_the_listing(tmp_path: Path) -> None:
    items = [{"name": f"cam{number}"} for number in range(3)]
    async with adapter_of(pages_of(items, 3, count=5), tmp_path) as adapter:
        with pytest.raises(Malformed, match="promised 5 items and listed 3"):
            [each async for each in adapter.list_cameras()]


async def test_a_page_that_comes_for_ever_fails_the_listing(tmp_path: Path) -> None:
    def listed(address: str, page: int) -> dict[str, Any]:
        return {"itemCount": 4, "pageCount": 2, "items": [{"name": "a"}, {"name": "b"}]}

    async with adapter_of(listed, tmp_path) as adapter:
        with pytest.raises(Malformed, match="one page twice"):
            [each async for each in adapter.list_cameras()]


async def test_a_listing_that_changes_while_it_is_read_is_tried_later(tmp_path: Path) -> None:
    def listed(address: str, page: int) -> dict[str, Any]:
        return {"itemCount": 4 - page, "pageCount": 2, "items": [{"name": f"a{page}"}, {"name": f"b{page}"}]}

    async with adapter_of(listed, tmp_path) as adapter:
        with pytest.raises(TryLater):
            [each async for each in adapter.list_cameras()]


async def test_one_bad_path_is_rejected_and_the_rest_is_listed(tmp_path: Path) -> None:
    items = [{"name": "good", "online": True}, {"name": "bad", "online": "perhaps"}, 7, {"name": "good"}]
    async with adapter_of(pages_of(items, 10), tmp_path) as adapter:
        listed = [each async for each in adapter.list_cameras()]
    assert [each.native_id for each in listed if isinstance(each, CameraRecord)] == ["good"]
    rejected = {each.where: each.reason for each in listed if isinstance(each, Rejection)}
    assert rejected.keys() == {"path bad", "path", "path good"}
    assert "twice" in rejected["path good"]
