"""The servers that pictures may be fetched from. Owns which client a listed address belongs to.

A list is written by somebody else and may name any address, this machine's own network included: only what the
configuration names is ever called.
"""

from collections.abc import Iterable
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

from adapters.camera_list.config import HostOptions
from adapters.contract.errors import Misconfigured
from adapters.contract.protocol import AdapterContext
from adapters.transport.answers import Answer
from adapters.transport.http import DEFAULT_PORTS, GuardedClient

Origin = tuple[str, str | None, int | None]


class Hosts:
    """One guarded client for each configured server; connections are opened when they are needed."""

    def __init__(self, options: Iterable[HostOptions], context: AdapterContext) -> None:
        self._clients = {_origin(each.url): GuardedClient(each, context) for each in options}

    async def fetch(self, native_id: str, address: str, max_bytes: int) -> Answer:
        """The answer of a listed address; `Misconfigured` where `hosts` does not name its server."""
        client = self._clients.get(_origin(address))
        if client is None:
            parts = urlsplit(address)
            host = f"{parts.scheme}://{parts.netloc}"
            raise Misconfigured(
                f"the picture of camera {native_id} is at {host}, which the option hosts does not name"
            )
        return await client.get(address, max_bytes=max_bytes)

    async def aclose(self) -> None:
        async with AsyncExitStack() as closing:
            for client in self._clients.values():
                closing.push_async_callback(client.aclose)


def _origin(address: str) -> Origin:
    parts = urlsplit(address)
    return parts.scheme, parts.hostname, parts.port or DEFAULT_PORTS.get(parts.scheme)
