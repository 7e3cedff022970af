"""What an adapter declares it can do, and what it does not declare it refuses."""

import inspect
from collections.abc import Awaitable, Callable

from adapters.conformance.bench import Bench
from adapters.conformance.reading import first_of
from adapters.conformance.verdicts import NotConformant, demand
from adapters.contract.capabilities import Capability
from adapters.contract.errors import AdapterError, NotSupported
from adapters.contract.models import HoldOrder, Interval
from adapters.contract.protocol import Adapter


async def capabilities_are_those_of_the_manifest(bench: Bench) -> None:
    """An adapter declares no more than its manifest, and the same at all times."""
    async with bench.adapter() as adapter:
        before = adapter.capabilities
        await first_of(adapter.list_cameras())
        after = adapter.capabilities
    more = sorted(before - bench.manifest.capabilities)
    demand(not more, f"{more} are declared and not in the manifest")
    demand(before == after, "what is declared changes")


async def what_is_not_declared_is_not_supported(bench: Bench) -> None:
    """Every call of a capability that is not declared raises `NotSupported`."""
    camera = await bench.a_camera() or "a"
    window = Interval(start=bench.site.now.replace(hour=0, minute=0), end=bench.site.now.replace(hour=23))
    async with bench.adapter() as adapter:
        for capability, name, call in _calls(adapter, camera, window):
            if capability in adapter.capabilities:
                continue
            try:
                answer = call()
                await (answer if inspect.isawaitable(answer) else first_of(answer))
            except NotSupported:
                continue
            except AdapterError as error:
                raise NotConformant(f"{name} is not declared and raises {error.code}") from error
            raise NotConformant(f"{name} is not declared and is answered")


def _calls(
    adapter: Adapter, camera: str, window: Interval
) -> tuple[tuple[Capability, str, Callable[[], Awaitable[object]]], ...]:
    order = HoldOrder(key="conformance", native_id=camera, interval=window)
    return (
        (Capability.PLACES, "list_places", lambda: first_of(adapter.list_places())),
        (Capability.SNAPSHOT, "take_snapshot", lambda: adapter.take_snapshot(camera)),
        (Capability.SPANS, "list_spans", lambda: adapter.list_spans(camera, window)),
        (Capability.FOOTAGE, "open_footage", lambda: first_of(adapter.open_footage(camera, window))),
        (Capability.HOLD, "place_hold", lambda: adapter.place_hold(order)),
        (Capability.HOLD, "release_hold", lambda: adapter.release_hold("conformance")),
        (Capability.HOLD, "list_holds", lambda: first_of(adapter.list_holds())),
        (Capability.CLOCK, "read_clock", adapter.read_clock),
        (Capability.HEALTH, "watch_health", lambda: first_of(adapter.watch_health())),
    )
