"""An adapter over a temporary folder of recordings."""

from pathlib import Path
from typing import Any

import pytest

from adapters.contract.protocol import AdapterContext
from adapters.folder.adapter import FolderAdapter, create
from tests.adapters.folder.network import NOW, Make


@pytest.fixture
def make(tmp_path: Path) -> Make:
    (tmp_path / "recordings").mkdir()

    def build(**options: Any) -> FolderAdapter:
        context = AdapterContext("net", tmp_path, tmp_path / "cache", lambda: NOW)
        return create({"recordings": "recordings", **options}, context)

    return build
