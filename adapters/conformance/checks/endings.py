"""Whoever stops asking leaves nothing behind: no connection, no task."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any, cast

from adapters.conformance.bench import Bench, FaultyNetwork
from adapters.conformance.faults.listener import FaultyServer
from adapters.conformance.faults.models import Fault
from adapters.conformance.provoking import calls_of
from adapters.conformance.reading import all_of, first_of
from adapters.conformance.verdicts import NotConformant, demand
from adapters.contract.models import FootageMessage

PATIENCE_S = 5.0


async def cancelling_closes_connections(bench: Bench) -> None:
    """A call that is cancelled while the recorder is silent ends at once, and its connection is closed."""
    for name, call in (await calls_of(bench)).items():
        async with bench.faulty() as network, bench.adapter(network.options) as adapter:
            await network.use(Fault.SILENCE)
            asking = asyncio.ensure_future(call(adapter))
            await _asked(asking, dict.fromkeys(network.servers, 1))
            demand(not asking.done(), f"{name} ends without waiting for the recorder")
            await _cancelled(asking, name)
            await _idle(network, f"{name} leaves a connection open after it was cancelled")


async def leaving_footage_early_closes_its_connection(bench: Bench) -> None:
    """Footage that is left in the middle of a file reads no further."""
    known = await bench.footage()
    demand(bool(known), "the harness says of no footage what is there")
    started = asyncio.Event()

    async def read(messages: AsyncIterator[FootageMessage]) -> None:
        async with aclosing(cast("AsyncGenerator[FootageMessage, None]", messages)) as opened:
            async for _ in opened:
                await network.use(Fault.STALL)
                started.set()

    async with bench.faulty() as network, bench.adapter(network.options) as adapter:
        reading = asyncio.ensure_future(read(adapter.open_footage(known[0].native_id, known[0].asked)))
        starting = asyncio.ensure_future(started.wait())
        await asyncio.wait((reading, starting), return_when=asyncio.FIRST_COMPLETED)
        starting.cancel()
        await _asked(reading, {server: server.requests + 1 for server in network.servers})
        await _cancelled(reading, "open_footage")
        await _idle(network, "footage that was left early is still read")


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


async def _asked(asking: "asyncio.Future[Any]", requests: Mapping[FaultyServer, int]) -> None:
    """Until one of the servers has been asked so often, or the call has ended."""
    waits = [asyncio.ensure_future(server.until_asked(number)) for server, number in requests.items()]
    await asyncio.wait((asking, *waits), return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    await asyncio.gather(*waits, return_exceptions=True)


async def _cancelled(asking: "asyncio.Future[Any]", name: str) -> None:
    if asking.done():
        return
    asking.cancel()
    await asyncio.wait((asking,), timeout=PATIENCE_S)
    demand(asking.done(), f"{name} goes on after it was cancelled")
    demand(asking.cancelled(), f"{name} takes its cancellation for something else")


async def _idle(network: FaultyNetwork, says: str) -> None:
    try:
        await network.until_idle()
    except TimeoutError as error:
        raise NotConformant(says) from error


async def _unconnected(network: FaultyNetwork, says: str) -> None:
    try:
        await network.until_unconnected()
    except TimeoutError as error:
        raise NotConformant(says) from error
