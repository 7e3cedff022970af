"""Counts calls by the minute: in Redis for all processes together, in this process's memory while Redis is away."""

import asyncio
from typing import Any, Final

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisClusterStorage, RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster
from redis.exceptions import RedisError

from broker import redis_keys

ANSWER_S: Final = 0.5
AWAY_S: Final = 5.0
"""Once Redis did not answer, nobody waits for it for so long."""


class Counts:
    """Of things that are named by a sort and an id. Shares the connections of the catalog."""

    def __init__(self, client: Redis | RedisCluster) -> None:
        self._shared = FixedWindowRateLimiter(_storage(client))
        self._own = FixedWindowRateLimiter(MemoryStorage())
        self._away_until = 0.0

    async def count(self, sort: str, name: str, most: int) -> bool:
        """Counts one; whether it is among the first `most` of its minute."""
        item, loop = RateLimitItemPerMinute(most, namespace=sort), asyncio.get_running_loop()
        if loop.time() >= self._away_until:
            try:
                async with asyncio.timeout(ANSWER_S):
                    return await self._shared.hit(item, name)
            except (RedisError, OSError, TimeoutError):
                self._away_until = loop.time() + AWAY_S
        return await self._own.hit(item, name)


def _storage(client: Redis | RedisCluster) -> RedisStorage:
    if isinstance(client, RedisCluster):
        cluster = RedisClusterStorage(
            "async+redis+cluster://127.0.0.1:6379", implementation="redispy", key_prefix=redis_keys.CALLS
        )
        bridge: Any = (
            cluster.bridge
        )  # takes addresses only: a client of its own would be a second one for each process
        bridge.storage, bridge.connection_getter = client, lambda _readonly: client
        bridge.register_scripts()
        return cluster
    return RedisStorage(
        "async+redis://",
        implementation="redispy",
        key_prefix=redis_keys.CALLS,
        connection_pool=client.connection_pool,  # type: ignore[arg-type]  # handed on to redis-py
    )
