"""One log of some hundred entries, made once and copied for each test that tampers with it."""

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from broker.audit.verification.models import KeptNote, Verification
from broker.audit.verification.service import Trusted, verify_log
from tests.broker.audit.verification.logs import LOG_KEY, METRO_WITNESS, RAIL_WITNESS, WrittenLog

TRUSTED = Trusted(LOG_KEY.verifier, (RAIL_WITNESS.verifier, METRO_WITNESS.verifier))


def check(file: Path, kept: Sequence[KeptNote] = ()) -> Verification:
    engine = create_engine(f"sqlite:///{file}")
    try:
        with engine.connect() as connection:
            return verify_log(connection, TRUSTED, kept)
    finally:
        engine.dispose()


class Tampered:
    """A log's file in an attacker's hands; `notes` are what was signed, by size."""

    def __init__(self, file: Path, notes: dict[int, str]) -> None:
        self.file = file
        self.notes = notes
        self.db = sqlite3.connect(file, isolation_level=None)

    def do(self, statement: str, *values: object) -> None:
        assert self.db.execute(statement, values).rowcount != 0, "the test changed nothing"

    def check(self, *kept: KeptNote) -> Verification:
        return check(self.file, kept)

    def found(self, *kept: KeptNote) -> list[tuple[str, int | None, int | None]]:
        return [(each.fault.value, each.first, each.last) for each in self.check(*kept).findings]


@pytest.fixture(scope="session")
def _written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[int, str]]:
    """700 entries, 690 of them in the tree, with checkpoints at 100, 300, 600 and 690."""
    file = tmp_path_factory.mktemp("log") / "ledger.sqlite"
    log = WrittenLog(file)
    signed = {}
    for size in (100, 300, 600, 690):
        log.fill(size - len(log.leaves))
        signed[size] = log.seal(RAIL_WITNESS, METRO_WITNESS).text
    log.fill(10)
    log.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    log.db.close()
    return file, signed


@pytest.fixture
def tampered(_written: tuple[Path, dict[int, str]], tmp_path: Path) -> Iterator[Tampered]:
    file, signed = _written
    held = Tampered(Path(shutil.copy(file, tmp_path / "ledger.sqlite")), signed)
    yield held
    held.db.close()
