"""Fixtures of the whole suite: a real embedded Valkey a worker, emptied for each test, and a broker on it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from broker.catalog.connection import client_of_socket
from broker.catalog.embedded import EmbeddedValkey
from tests.world import TestBroker, open_test_broker


@pytest.fixture(scope="session")
async def valkey_socket(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    """The socket of a Valkey server of this test process's own."""
    server = EmbeddedValkey(tmp_path_factory.mktemp("valkey"))
    yield await server.start()
    await server.stop()


@pytest.fixture
async def redis(valkey_socket: Path) -> AsyncIterator[Redis]:
    """A client of an empty server."""
    client = client_of_socket(valkey_socket)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture
async def broker(tmp_path: Path, redis: Redis) -> AsyncIterator[TestBroker]:
    """A whole broker with its recorders' cameras in the catalog."""
    async with open_test_broker(tmp_path / "data", redis) as opened:
        await opened.synchronise()
        yield opened
