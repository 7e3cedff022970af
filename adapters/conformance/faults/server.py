"""Puts a faulty server before a recorder: of HTTP or of RTSP, by the recorder's address.

Before a recorder of any kind, so that one mechanism shows every adapter the same faults. It counts connections, so
that a check can see them closed, and remembers what was asked.
"""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from adapters.conformance.faults.certificate import self_signed
from adapters.conformance.faults.elsewhere import elsewhere_server
from adapters.conformance.faults.http import FaultyHttpServer
from adapters.conformance.faults.listener import FaultyServer
from adapters.conformance.faults.rtsp import FaultyRtspServer

SERVERS: Final[dict[str, type[FaultyServer]]] = {"http": FaultyHttpServer, "rtsp": FaultyRtspServer}
"""By the scheme of the recorder behind it, which speaks without TLS."""


@asynccontextmanager
async def faulty_server(upstream: str, tls: ssl.SSLContext | None = None) -> AsyncIterator[FaultyServer]:
    """A server before the recorder at `upstream` (`http://127.0.0.1:port` or `rtsp://…`, without a path)."""
    async with elsewhere_server() as elsewhere:
        server = SERVERS[upstream.partition("://")[0]](upstream, elsewhere, tls)
        await server.start()
        try:
            yield server
        finally:
            await server.aclose()


@asynccontextmanager
async def tls_server(upstream: str, folder: Path) -> AsyncIterator[tuple[FaultyServer, Path]]:
    """The same over TLS, with a certificate that nobody trusts but who is given the file beside it."""
    context, trusted = self_signed(folder)
    async with faulty_server(upstream, context) as server:
        yield server, trusted
