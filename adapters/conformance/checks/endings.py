"""Whoever stops asking leaves nothing behind: no connection, no task."""

import asyncio
from contextlib import suppress
from typing import Any

from adapters.conformance.bench import Bench, FaultyNetwork
from adapters.conformance.faults.models import Fault
from adapters.conformance.provoking import calls_of
from adapters.conformance.reading import all_of, first_of
from adapters.conformance.verdicts import NotConformant, demand

PATIENCE_S = 5.0


async def cancelling_closes_connections(bench: Bench) -> None:
    """A call that is cancelled while the recorder is silent ends at once, and its connection is closed."""
    for name, call in (await calls_of(bench)).items():
        async with bench.faulty() as network, bench.adapter(network.options) as adapter:
            await network.use(Fault.SILENCE)
            asking = asyncio.ensure_future(call(adapter))
            await _asked(network, asking, name)
            asking.cancel()
            try:
                async with asyncio.timeout(PATIENCE_S):
                    with suppress(asyncio.CancelledError):
                        await asking
            except TimeoutError as error:
                raise NotConformant(f"{name} goes on after it was cancelled") from error
            demand(asking.cancelled(), f"{name} swallows its cancellation")
            await _unconnected(network, f"{name} leaves a connection open after it was cancelled")


async def leaving_footage_early_closes_its_connection(bench: Bench) -> None:
    """Footage that is closed after its first message reads no further."""
    known = await bench.footage()
    demand(bool(known), "the harness says of no footage what is there")
    async with bench.faulty() as network, bench.adapter(network.options) as adapter:
        await network.use(Fault.STALL)
        opening = asyncio.ensure_future(all_of(adapter.open_footage(known[0].native_id, known[0].asked)))
        await _asked(network, opening, "open_footage")
        opening.cancel()
        await asyncio.wait((opening,), timeout=PATIENCE_S)
        demand(opening.done(), "open_footage goes on after it was left")
        await _unconnected(network, "footage that was left early keeps its connection")


async def closing_leaves_no_connection(bench: Bench) -> None:
    """After `aclose` no connection to the recorder is open."""
    async with bench.faulty() as network:
        async with bench.adapter(network.options) as adapter:
            await all_of(adapter.list_cameras())
        await _unconnected(network, "a connection is open after aclose")


async def a_listing_that_is_left_early_can_be_started_again(bench: Bench) -> None:
    """Whoever stops listing after one camera can list all of them afterwards."""
    async with bench.adapter() as adapter:
        first = await first_of(adapter.list_cameras())
        items = await all_of(adapter.list_cameras())
        demand(first is None or first in items, "another listing begins where the one left early ended")


async def _asked(network: FaultyNetwork, asking: "asyncio.Future[Any]", name: str) -> None:
    """Until the recorder has been asked; `NotConformant` where the call ends without."""
    waits = [asyncio.ensure_future(server.until_asked()) for server in network.servers]
    try:
        await asyncio.wait((asking, *waits), return_when=asyncio.FIRST_COMPLETED)
        if asking.done() and not any(wait.done() and wait.exception() is None for wait in waits):
            raise NotConformant(f"{name} ends without asking the recorder")
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)


async def _unconnected(network: FaultyNetwork, says: str) -> None:
    try:
        await network.until_unconnected()
    except TimeoutError as error:
        raise NotConformant(says) from error
