"""Which networks share a recorder's host, so that it is not asked by all of them at once."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from broker.settings.sections import NetworkSettings

NAMING: Final = ("host", "address", "hostname", "server")
"""Options that name a host without a scheme."""


def host_of(network: NetworkSettings) -> str:
    """The host that the network says or that its options name first; its own id where there is none, as what has no
    host is shared with nobody."""
    return network.host or _host_among(network.options) or f"network {network.id}"


def _host_among(options: Mapping[str, Any]) -> str | None:
    for name, value in options.items():
        if not isinstance(value, str):
            continue
        if "://" in value:
            try:
                host = urlsplit(value).hostname
            except ValueError:
                continue
            if host:
                return host
        elif name in NAMING and value:
            return value.casefold()
    return None


class Hosts:
    """Lets so many networks of one host be read at a time."""

    def __init__(self, networks: tuple[NetworkSettings, ...], at_a_time: int) -> None:
        self._host = {network.id: host_of(network) for network in networks}
        self._lanes = {host: asyncio.Semaphore(at_a_time) for host in self._host.values()}

    def lane(self, network_id: str) -> asyncio.Semaphore:
        """What a round of the network waits for."""
        return self._lanes[self._host[network_id]]
