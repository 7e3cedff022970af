"""What the adapter refuses, and how it behaves when disc, list or caller do not."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from adapters.contract.capabilities import Capability
from adapters.contract.errors import Misconfigured, NotFound, NotSupported, Unreachable
from adapters.contract.models import (
    SegmentStart,
)
from adapters.folder.manifest import MANIFEST
from tests.adapters.folder.network import (
    DAY,
    Make,
    cameras_of,
    order,
    record,
    segments_of,
)


@pytest.mark.parametrize("camera", ["unknown", "../a", "..", "/", "a/../a", "a\0", "%61"])
async def test_an_unknown_camera_is_not_found_whatever_its_id(
    tmp_path: Path, make: Make, camera: str
) -> None:
    record(tmp_path, "a", 0)
    adapter = make(holds="holds")
    with pytest.raises(NotFound):
        await adapter.list_spans(camera, DAY)
    with pytest.raises(NotFound):
        await adapter.take_snapshot(camera)
    with pytest.raises(NotFound):
        await segments_of(adapter, DAY, camera=camera)
    with pytest.raises(NotFound):
        await adapter.place_hold(order(camera=camera))


async def test_a_listed_camera_without_recordings_has_no_footage(tmp_path: Path, make: Make) -> None:
    (tmp_path / "cameras.csv").write_text("id,lat,lon\na,48.8,2.3\n")
    record(tmp_path, "unlisted", 0)
    adapter = make(cameras="cameras.csv")
    assert (await adapter.list_spans("a", DAY)).spans == ()
    assert await segments_of(adapter, DAY) == []
    with pytest.raises(NotFound, match="not in this network's list"):
        await adapter.list_spans("unlisted", DAY)
    (tmp_path / "cameras.csv").write_text("id,lat,lon\na,48.8,2.3\nunlisted,48.8,2.3\n")
    assert len((await adapter.list_spans("unlisted", DAY)).spans) == 1


async def test_capabilities_are_what_the_options_allow(tmp_path: Path, make: Make) -> None:
    always = {Capability.SPANS, Capability.FOOTAGE, Capability.SNAPSHOT}
    (tmp_path / "places.csv").write_text("id,name,lat,lon\np,Gare,48.8,2.3\n")
    assert make().capabilities == always
    everything = make(holds="holds", clock_offset_ms=-1500, places="places.csv")
    assert everything.capabilities == MANIFEST.capabilities
    assert (await everything.read_clock()).offset_ms == -1500
    assert [place async for place in everything.list_places()]


async def test_what_is_not_declared_is_not_supported(tmp_path: Path, make: Make) -> None:
    adapter = make()
    record(tmp_path, "a", 0)
    with pytest.raises(NotSupported):
        await adapter.place_hold(order())
    with pytest.raises(NotSupported):
        await adapter.release_hold("hold-1")
    with pytest.raises(NotSupported):
        [item async for item in adapter.list_holds()]
    with pytest.raises(NotSupported):
        [item async for item in adapter.list_places()]
    with pytest.raises(NotSupported):
        await adapter.read_clock()
    with pytest.raises(NotSupported):
        await segments_of(adapter, DAY, hold="hold-1")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"recordings": "nowhere"}, "recordings"),
        ({"pattern": "%Y.mp4"}, "pattern"),
        ({"timezone": "Europe/Atlantis"}, "timezone"),
        ({"holds": "recordings/holds"}, "holds"),
        ({"holds": "."}, "holds"),
        ({"retention_days": 0}, "retention_days"),
        ({"retension_days": 3}, "retension_days"),
    ],
)
def test_options_that_do_not_fit_are_refused_by_name(make: Make, options: dict[str, Any], words: str) -> None:
    with pytest.raises(Misconfigured, match=words):
        make(**options)


async def test_an_unmounted_disc_is_unreachable_and_not_empty(tmp_path: Path, make: Make) -> None:
    adapter = make()
    (tmp_path / "recordings").rmdir()
    with pytest.raises(Unreachable):
        await cameras_of(adapter)
    with pytest.raises(Unreachable):
        await adapter.list_spans("a", DAY)


async def test_folders_linked_in_a_circle_end(tmp_path: Path, make: Make) -> None:
    record(tmp_path, "a", 0)
    (tmp_path / "recordings" / "a" / "again").symlink_to(tmp_path / "recordings")
    adapter = make(pattern="%path/%Y-%m-%d_%H-%M-%S-%f")
    assert len((await adapter.list_spans("a", DAY)).spans) == 1


async def test_reading_that_is_abandoned_closes_its_file(tmp_path: Path, make: Make) -> None:
    record(tmp_path, "a", 0)
    opened = open_files(tmp_path)
    footage = make().open_footage("a", DAY)
    assert isinstance(await anext(footage), SegmentStart)
    assert open_files(tmp_path) == opened + 1
    await footage.aclose()  # type: ignore[attr-defined]  # async generators have it, the protocol does not say so
    assert open_files(tmp_path) == opened


def open_files(below: Path) -> int:
    links = [path for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
    return sum(link.readlink().is_relative_to(below) for link in links if os.path.lexists(link))


async def test_many_questions_at_once_get_the_same_answer(tmp_path: Path, make: Make) -> None:
    record(tmp_path, "a", 0)
    adapter = make()
    answers = await asyncio.gather(*(adapter.list_spans("a", DAY) for _ in range(20)))
    assert all(answer == answers[0] for answer in answers)
