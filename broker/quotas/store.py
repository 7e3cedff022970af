"""Counts calls by the minute: in Redis for all processes together, in this process's memory while Redis is away."""

import asyncio
from typing import Final

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

from broker import redis_keys

ANSWER_S: Final = 0.5
AWAY_S: Final = 5.0
"""Once Redis did not answer, nobody waits for it for so long."""


class Counts:
    """Of things that are named by a sort and an id. Shares the connections of the catalog."""

    def __init__(self, connections: ConnectionPool) -> None:
        shared = RedisStorage(
            "async+redis://",
            implementation="redispy",
            key_prefix=redis_keys.CALLS,
            connection_pool=connections,  # type: ignore[arg-type]  # handed on to redis-py
        )
        self._shared = FixedWindowRateLimiter(shared)
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
