"""One filmed world and one simulated MediaMTX over it for the tests of this folder."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.adapters.mediamtx.network import Running, running
from tests.servers.filmed import film


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mediamtx-recordings")
    film(folder)
    return folder


@pytest.fixture(scope="session")
async def server(recordings: Path) -> AsyncIterator[Running]:
    async with running(recordings) as started:
        yield started
