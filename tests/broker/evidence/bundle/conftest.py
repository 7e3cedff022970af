"""Bundles that several tests read and none changes."""

from pathlib import Path

import pytest

from tests.broker.evidence.bundle.sealed import Sealed, seal, tiny_mp4


@pytest.fixture(scope="session")
def two_owners(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    folder: Path = tmp_path_factory.mktemp("two_owners")
    return seal(folder, {"rail": [tiny_mp4("a" * 300), tiny_mp4("b" * 300)], "metro": [tiny_mp4("c" * 300)]})
