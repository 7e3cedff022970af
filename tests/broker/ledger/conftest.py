"""A migrated ledger on a temporary file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.ledger.engine import Ledger
from broker.ledger.migrate import migrate


@pytest.fixture
def ledger_file(tmp_path: Path) -> Path:
    file = tmp_path / "data" / "ledger.sqlite"
    migrate(file)
    return file


@pytest.fixture
def ledger(ledger_file: Path) -> Iterator[Ledger]:
    opened = Ledger(ledger_file)
    yield opened
    opened.close()
