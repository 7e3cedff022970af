"""A server that no adapter has any business with: it counts who comes anyway."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Elsewhere:
    """Accepts connections and says nothing, so that whoever came is seen and gets nothing."""

    def __init__(self) -> None:
        self.visits = 0
        self.address = ""

    async def visited(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def elsewhere_server() -> AsyncIterator[Elsewhere]:
    elsewhere = Elsewhere()
    listening = await asyncio.start_server(elsewhere.visited, "127.0.0.1", 0)
    elsewhere.address = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield elsewhere
    finally:
        listening.close()
