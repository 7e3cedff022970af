"""A process that owns a data folder and its Valkey server, prints both process ids, and waits to be killed."""

import asyncio
import sys
from pathlib import Path

from broker.catalog.embedded import EmbeddedValkey, OwnedData


async def main(data: Path) -> None:
    owned = OwnedData(data)
    owned.take()
    server = EmbeddedValkey(data)
    await server.start()
    sys.stdout.write(f"{server.process_id}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


asyncio.run(main(Path(sys.argv[1])))
