"""A client of the Valkey server that another process's broker runs on a data folder."""

import asyncio
from pathlib import Path
from typing import Any, Final

from redis.asyncio import ConnectionPool, Redis, UnixDomainSocketConnection
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import RedisError

from broker.catalog.connection import client_options
from broker.catalog.embedded import read_socket_path
from broker.errors import SetupProblem

ATTACH_S: Final = 3.0
"""How long a broker that is just starting is waited for."""

POLL_S: Final = 0.05


class _BrokersSocket(UnixDomainSocketConnection):
    """Looks for the socket at every connect: a broker that was started again has another one."""

    def __init__(self, *, data: Path, **options: Any) -> None:
        super().__init__(**options)
        self._data = data

    async def _connect(self) -> None:
        found = read_socket_path(self._data)
        if found is None:
            raise NotConnected(f"no broker runs on {self._data}")
        self.path = str(found)
        await super()._connect()  # type: ignore[no-untyped-call]  # redis-py leaves it untyped


async def attach(data: Path) -> Redis:
    """A client of the running broker's server; `SetupProblem` where none runs."""
    pool = ConnectionPool(
        connection_class=_BrokersSocket, data=data, max_connections=1000, **client_options()
    )
    client = Redis.from_pool(pool)
    try:
        async with asyncio.timeout(ATTACH_S):
            while not await _answers(client):
                await asyncio.sleep(POLL_S)
    except BaseException as error:
        await client.aclose()
        if isinstance(error, TimeoutError):
            raise SetupProblem(f"no broker runs on {data}: start `entrevue serve` there first") from error
        raise
    return client


async def _answers(client: Redis) -> bool:
    try:
        await client.ping()
    except (RedisError, OSError):
        return False
    return True
