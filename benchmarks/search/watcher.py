"""One process that follows a catalog, for `benchmarks.search.changes`. `… SOCKET NETWORKS`.

Prints `ready`, then for each numbered change one line: the number, and when a search here first showed it, in seconds
of the machine's monotonic clock. Ends with its standard input.
"""

import asyncio
import re
import sys
import time
from pathlib import Path
from typing import Final

import uvloop

from broker.catalog.connection import client_of_socket
from broker.catalog.index.following import CatalogFollower
from broker.catalog.index.memory import CatalogIndex
from broker.catalog.store import CatalogStore
from broker.clock import SystemClock
from broker.identifiers import RandomIdentifiers

LOOK_S: Final = 0.001
NUMBER: Final = re.compile(rb"change (\d+)")


async def main() -> None:
    index = CatalogIndex()
    async with client_of_socket(Path(sys.argv[1])) as redis:
        identifiers = RandomIdentifiers()
        networks = sys.argv[2].split(",")
        follower = CatalogFollower(
            index, CatalogStore(redis), networks, SystemClock(), lambda: identifiers.new("catalog")
        )
        following = asyncio.create_task(follower.run())
        await follower.wait_until_loaded(600)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), ended.set)
        version = index.table.version
        while not ended.is_set():
            changed = index.table.changed_since(version)
            version = index.table.version
            at = time.monotonic()
            for slot in [] if changed is None else changed.tolist():
                if number := NUMBER.search(index.table.display(slot)):
                    sys.stdout.write(f"{int(number.group(1))} {at}\n")
            sys.stdout.flush()
            await asyncio.sleep(LOOK_S)
        following.cancel()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
