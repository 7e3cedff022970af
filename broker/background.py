"""What one process does beside answering: it follows the catalog, grows the log's tree, ingests and works."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from broker.app import Broker


async def run_background(broker: Broker, *, ingest: bool, worker: bool) -> None:
    """Follows the catalog, grows the log's tree, ingests and works until cancelled."""
    async with asyncio.TaskGroup() as group:
        group.create_task(broker.follower.run(), name="catalog follower")
        group.create_task(broker.sequencer.run(), name="log tree")
        group.create_task(broker.feed.run(), name="events")
        if ingest:
            group.create_task(broker.schedule.run())
        if worker:
            group.create_task(broker.worker.run())


@asynccontextmanager
async def background(broker: Broker, *, ingest: bool, worker: bool) -> AsyncIterator[None]:
    """Follows the catalog, ingests and works for as long as the block runs.

    Where these fail the block is cancelled, and what failed is raised: a broker that answers and no longer works
    would let footage be overwritten.
    """
    block = asyncio.current_task()
    task = asyncio.create_task(run_background(broker, ingest=ingest, worker=worker))

    def ended(done: asyncio.Task[None]) -> None:
        if not done.cancelled() and done.exception() is not None and block is not None:
            block.cancel()

    task.add_done_callback(ended)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
