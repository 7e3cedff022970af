"""One process that follows the catalog as each API process does, for `benchmarks.ingest.rounds`. `… SOCKET COUNT`.

Prints `ready`, and when it could search so many cameras, in seconds of the machine's monotonic clock, with the seconds
of a processor that it took. Ends with its standard input.
"""

import asyncio
import sys
import time
from pathlib import Path
from typing import Final

import uvloop

from benchmarks.ingest.runner import NETWORK
from broker.catalog.connection import client_of_socket
from broker.catalog.index.following import CatalogFollower
from broker.catalog.index.memory import CatalogIndex
from broker.catalog.store import CatalogStore
from broker.clock import SystemClock
from broker.garbage import collect_seldom
from broker.identifiers import RandomIdentifiers
from broker.logs import configure_logs

LOOK_S: Final = 0.01


async def main() -> None:
    configure_logs()
    collect_seldom()
    count, index, identifiers = int(sys.argv[2]), CatalogIndex(), RandomIdentifiers()
    async with client_of_socket(Path(sys.argv[1])) as redis:
        follower = CatalogFollower(
            index, CatalogStore(redis), [NETWORK], SystemClock(), lambda: identifiers.new("catalog")
        )
        following = asyncio.create_task(follower.run())
        await follower.wait_until_loaded(600)
        print("ready", flush=True)
        processor = time.process_time()
        while len(index) < count:
            await asyncio.sleep(LOOK_S)
        print(time.monotonic(), time.process_time() - processor, flush=True)
        await asyncio.to_thread(sys.stdin.read)
        following.cancel()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
