"""How every process speaks to the catalog's server, wherever that is."""

from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff

RETRIES: Final = 2
PAUSE_S: Final = 0.1
CLUSTERS: Final = ("redis+cluster", "rediss+cluster")
"""Schemes of an address that is one node of a cluster; the others are found from there."""

Client = Redis | RedisCluster


def client_options() -> dict[str, Any]:
    """Options for a redis-py client or pool, with a retry of its own.

    A server that restarts is bridged; one that is away is said to be within a second, as a caller waits and can
    try again. redis-py's own default would take six seconds to say so.
    """
    return {"decode_responses": True, "protocol": 2, "retry": Retry(ConstantBackoff(PAUSE_S), RETRIES)}


def client_of_socket(path: Path) -> Redis:
    return Redis(unix_socket_path=str(path), **client_options())


def client_of_url(url: str) -> Client:
    scheme = urlsplit(url).scheme
    if scheme in CLUSTERS:
        one_node = url.replace("+cluster", "", 1)
        return RedisCluster.from_url(one_node, **client_options())
    return Redis.from_url(url, **client_options())
