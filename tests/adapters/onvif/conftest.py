from pathlib import Path

import pytest

from tests.adapters.onvif.recorders import film


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("profile-g"))
