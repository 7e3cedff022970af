"""One port on loopback that misbehaves: who is connected, how often it was asked, and which fault is played."""

import asyncio
import ssl
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Final, cast

from adapters.conformance.faults.elsewhere import Elsewhere
from adapters.conformance.faults.models import Exchange, Fault

DRIP_S: Final = 0.02
PATIENCE_S: Final = 10.0


class FaultyServer(ABC):
    """One address before one recorder. Subclasses hold the conversation in the recorder's protocol."""

    schemes: tuple[str, str]
    """Without TLS and with it."""

    def __init__(self, upstream: str, elsewhere: Elsewhere, tls: ssl.SSLContext | None) -> None:
        self.asked: list[Exchange] = []
        self.addresses_replaced = 0
        self.open_connections = 0
        self.answering = 0
        self.requests = 0
        self.elsewhere = elsewhere
        self._upstream = upstream
        self._tls = tls
        self._fault = Fault.NONE
        self._port = 0
        self._listening: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Condition()

    @property
    def address(self) -> str:
        return f"{self.schemes[self._tls is not None]}://127.0.0.1:{self._port}"

    async def use(self, fault: Fault) -> None:
        """From now on, also for connections that are open."""
        self._fault = fault
        if fault is Fault.OUTAGE:
            await self._stop()
        elif self._listening is None:
            await self.start()

    async def start(self) -> None:
        self._listening = await asyncio.start_server(self._connected, "127.0.0.1", self._port, ssl=self._tls)
        self._port = self._listening.sockets[0].getsockname()[1]

    async def aclose(self) -> None:
        await self._stop()

    async def until_asked(self, requests: int = 1) -> None:
        """Until so many requests have come in; TimeoutError where they do not."""
        await self._until(lambda: self.requests >= requests)

    async def until_idle(self) -> None:
        """Until no request is being answered, because it is done or its client has gone; TimeoutError otherwise."""
        await self._until(lambda: self.answering == 0)

    async def until_unconnected(self) -> None:
        """Until no connection is open; TimeoutError where one stays."""
        await self._until(lambda: self.open_connections == 0)

    async def _until(self, so: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(so)

    async def _note(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _stop(self) -> None:
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        ending = list(self._connections)
        for connection in ending:
            connection.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # asyncio runs this in a task of its own
        connection = cast("asyncio.Task[None]", asyncio.current_task())
        self._connections.add(connection)
        self.open_connections += 1
        await self._note()
        try:
            await self._converse(reader, writer)
        except ConnectionError:
            pass
        except asyncio.CancelledError:
            writer.transport.abort()  # a client that does not let go would hold up the end of TLS
        finally:
            writer.close()
            with suppress(ConnectionError, ssl.SSLError, asyncio.CancelledError):
                await writer.wait_closed()
            self._connections.discard(connection)
            self.open_connections -= 1
            await self._note()

    async def _come_in(self) -> None:
        """Notes that one more request has come in."""
        self.requests += 1
        await self._note()

    async def _answered(self, work: Awaitable[bool], reader: asyncio.StreamReader) -> tuple[bool, bytes]:
        """Does the work of one answer, as `unless_gone` has it, and counts it meanwhile."""
        self.answering += 1
        try:
            return await unless_gone(work, reader)
        finally:
            self.answering -= 1
            await self._note()

    @abstractmethod
    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """All of one connection."""


async def unless_gone(answering: Awaitable[bool], reader: asyncio.StreamReader) -> tuple[bool, bytes]:
    """Does the work, and stops when the client hangs up. Whether the connection goes on, and the first byte of the
    next request where it came already."""
    work, coming = asyncio.ensure_future(answering), asyncio.ensure_future(reader.read(1))
    try:
        await asyncio.wait((work, coming), return_when=asyncio.FIRST_COMPLETED)
        if not work.done() and coming.result():
            await asyncio.wait((work,))  # it asks on before it is answered
    finally:
        for task in (work, coming):
            task.cancel()
        await asyncio.wait((work, coming))
    if work.cancelled():
        return False, b""
    ahead = None if coming.cancelled() else coming.result()
    return work.result() and ahead != b"", ahead or b""


async def blanks(total: int) -> AsyncIterator[bytes]:
    """White space, which every text format allows: nothing but its size is wrong."""
    block = b" " * 65_536
    for _ in range(total // len(block)):
        yield block


async def drops() -> AsyncIterator[bytes]:
    while True:
        yield b" "
        await asyncio.sleep(DRIP_S)
