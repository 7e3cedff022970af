"""Calls an adapter while its recorder misbehaves, and tells what each call raised."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from adapters.conformance.bench import Bench
from adapters.conformance.faults.models import Fault
from adapters.conformance.reading import all_of
from adapters.conformance.verdicts import NotConformant
from adapters.contract.capabilities import Capability
from adapters.contract.errors import AdapterError
from adapters.contract.models import Interval
from adapters.contract.protocol import Adapter

PATIENCE_S: Final = 10.0
Call = Callable[[Adapter], Awaitable[object]]


@dataclass(frozen=True)
class Raised:
    """What one call raised, None where it was answered, and after how long."""

    call: str
    error: BaseException | None
    after_s: float


async def calls_of(bench: Bench, *wanted: Capability | None) -> dict[str, Call]:
    """The calls that ask the recorder something, by name; None stands for listing cameras. All without `wanted`."""
    calls = await _every_call(bench)
    asking = {
        name: call
        for capability, (name, call) in calls.items()
        if (not wanted or capability in wanted) and name not in bench.offline
    }
    if not asking and not wanted:
        raise NotConformant("the harness says of every call that it is offline")
    return asking


async def listing_of(bench: Bench) -> Call:
    """The call that lists cameras, whether or not it asks a server."""
    return (await _every_call(bench))[None][1]


async def _every_call(bench: Bench) -> dict[Capability | None, tuple[str, Call]]:
    """What the adapter offers of the calls that a recorder answers."""
    camera = await bench.a_camera() or "a"
    known = await bench.footage()
    now = bench.site.now
    window = known[0].asked if known else Interval(start=now - timedelta(hours=1), end=now)
    calls: dict[Capability | None, tuple[str, Call]] = {
        None: ("list_cameras", lambda adapter: all_of(adapter.list_cameras())),
        Capability.SNAPSHOT: ("take_snapshot", lambda adapter: adapter.take_snapshot(camera)),
        Capability.SPANS: ("list_spans", lambda adapter: adapter.list_spans(camera, window)),
        Capability.FOOTAGE: ("open_footage", lambda adapter: all_of(adapter.open_footage(camera, window))),
        Capability.CLOCK: ("read_clock", lambda adapter: adapter.read_clock()),
    }
    async with bench.adapter() as adapter:
        offered = adapter.capabilities
    return {
        capability: named
        for capability, named in calls.items()
        if capability is None or capability in offered
    }


async def provoked(
    bench: Bench, fault: Fault, *wanted: Capability | None, impatient: bool = True
) -> list[Raised]:
    """What each call raises under the fault, each with an adapter of its own, which waits for no longer than two
    seconds where it is impatient. Calls that never end are `NotConformant`."""
    raised = []
    calls = await calls_of(bench, *wanted)
    async with bench.faulty(impatient=impatient) as network:
        await network.use(fault)
        for name, call in calls.items():
            begun = time.monotonic()
            async with bench.adapter(network.options) as adapter:
                error = await raised_by(call, adapter, name)
            raised.append(Raised(name, error, time.monotonic() - begun))
    return raised


async def raised_by(call: Call, adapter: Adapter, name: str) -> BaseException | None:
    try:
        async with asyncio.timeout(PATIENCE_S) as limit:
            await call(adapter)
    except TimeoutError as error:
        if limit.expired():
            raise NotConformant(f"{name} does not end within {PATIENCE_S:g} s") from error
        return error
    except Exception as error:
        return error
    return None


def expect(raised: list[Raised], *kinds: type[AdapterError]) -> None:
    """Every call raised one of the kinds; `NotConformant` says which did not."""
    for each in raised:
        if not isinstance(each.error, kinds):
            got = "is answered" if each.error is None else f"raises {type(each.error).__name__}"
            wanted = " or ".join(kind.__name__ for kind in kinds)
            raise NotConformant(f"{each.call} {got}, where {wanted} is right") from each.error
