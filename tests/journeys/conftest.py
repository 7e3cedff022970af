"""Machines on which journeys run; nothing is left running on them afterwards."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.processes import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path)
    yield made
    made.clear()
