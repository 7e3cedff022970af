"""A camera is the same camera for ever, and one that does not exist is told so."""

from collections import Counter
from collections.abc import Awaitable, Callable

from adapters.conformance.bench import Bench
from adapters.conformance.reading import all_of, cameras_of
from adapters.conformance.verdicts import NotConformant, demand
from adapters.contract.capabilities import Capability
from adapters.contract.errors import NotFound
from adapters.contract.models import Interval

STRANGER = "no-such-camera-7f3a91"


async def ids_are_the_same_in_two_listings(bench: Bench) -> None:
    """One adapter, asked twice, names the same cameras."""
    async with bench.adapter() as adapter:
        first = {camera.native_id for camera in await cameras_of(adapter)}
        second = {camera.native_id for camera in await cameras_of(adapter)}
    _same(first, second)


async def ids_are_the_same_after_a_restart(bench: Bench) -> None:
    """Another adapter that remembers nothing names the same cameras."""
    async with bench.adapter() as adapter:
        first = {camera.native_id for camera in await cameras_of(adapter)}
    async with bench.adapter() as adapter:
        second = {camera.native_id for camera in await cameras_of(adapter)}
    _same(first, second)


def _same(first: set[str], second: set[str]) -> None:
    changed = sorted(first ^ second)
    demand(not changed, f"{len(changed)} ids are in one listing only, {changed[:1]} among them")


async def no_camera_is_listed_twice(bench: Bench) -> None:
    """An id stands in a listing once."""
    async with bench.adapter() as adapter:
        times = Counter(camera.native_id for camera in await cameras_of(adapter))
    twice = sorted(name for name, number in times.items() if number > 1)
    demand(not twice, f"{len(twice)} cameras are listed more than once, {twice[:1]} among them")


async def an_unknown_camera_is_not_found(bench: Bench) -> None:
    """Whatever is asked of a camera that does not exist raises `NotFound`."""
    window = Interval(start=bench.site.now.replace(hour=0, minute=0), end=bench.site.now.replace(hour=23))
    async with bench.adapter() as adapter:
        calls: dict[Capability, Callable[[], Awaitable[object]]] = {
            Capability.SNAPSHOT: lambda: adapter.take_snapshot(STRANGER),
            Capability.SPANS: lambda: adapter.list_spans(STRANGER, window),
            Capability.FOOTAGE: lambda: all_of(adapter.open_footage(STRANGER, window)),
        }
        for capability in adapter.capabilities & calls.keys():
            try:
                await calls[capability]()
            except NotFound:
                continue
            raise NotConformant(f"{capability.value} of a camera that does not exist is answered")
