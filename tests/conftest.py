"""Fixtures of the whole suite: a real embedded Valkey a worker, emptied for each test, and a broker on it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from broker.catalog.connection import Client, client_of_socket, client_of_url
from broker.catalog.embedded import EmbeddedValkey
from tests.servers.buckets import BUCKETS
from tests.servers.catalogs import CATALOGS
from tests.servers.ledgers import ENGINE, LEDGERS
from tests.world import TestBroker, open_test_broker


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With a ledger elsewhere, what is about the ledger in a file is left out."""
    if ENGINE == "sqlite":
        return
    left_out = [item for item in items if item.get_closest_marker("sqlite")]
    items[:] = [item for item in items if not item.get_closest_marker("sqlite")]
    config.hook.pytest_deselected(items=left_out)


@pytest.fixture(scope="session", autouse=True)
def stores() -> Iterator[None]:
    """What a run with `ENTREVUE_TEST_LEDGER` or `ENTREVUE_TEST_VAULT` kept elsewhere goes with its server."""
    yield
    LEDGERS.stop()
    BUCKETS.stop()
    CATALOGS.stop()


@pytest.fixture(scope="session")
async def valkey_socket(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    """The socket of a Valkey server of this test process's own."""
    server = EmbeddedValkey(tmp_path_factory.mktemp("valkey"))
    yield await server.start()
    await server.stop()


@pytest.fixture
async def redis(valkey_socket: Path) -> AsyncIterator[Client]:
    """A client of an empty server."""
    url = CATALOGS.url()
    client = client_of_socket(valkey_socket) if url is None else client_of_url(url)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture
async def broker(tmp_path: Path, redis: Client) -> AsyncIterator[TestBroker]:
    """A whole broker with its recorders' cameras in the catalog."""
    async with open_test_broker(tmp_path / "data", redis) as opened:
        await opened.synchronise()
        yield opened
