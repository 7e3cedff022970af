"""One filmed world for the tests of this folder, and a simulated Frigate over it for each."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.adapters.frigate.network import Running, running
from tests.servers.filmed import film


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("frigate-recordings")
    film(folder)
    return folder


@pytest.fixture
async def server(recordings: Path, tmp_path: Path) -> AsyncIterator[Running]:
    async with running(recordings, tmp_path / "exports") as started:
        yield started
