"""How long `entrevue audit verify` reads a large log."""

import asyncio
import resource
import tempfile
import time
from pathlib import Path
from typing import Final

from benchmarks.audit.entries import search_entry
from broker.audit import store as audit
from broker.audit.tree.sequencer import Sequencer
from broker.audit.verification.service import Trusted, verify_log
from broker.clock import SystemClock
from broker.ledger.engine import Ledger
from broker.ledger.migrate import migrate
from broker.ledger.sqlite import sqlite_engine
from broker.transparency.notes import KeyKind, SigningKey, new_key

AT_ONCE: Final = 2_000


def measure(entries: int) -> dict[str, object]:
    """All of it, once, and nothing was found."""
    key = new_key("benchmark/log", KeyKind.NOTE)
    with tempfile.TemporaryDirectory(prefix="benchmark-audit-") as folder:
        file = Path(folder) / "ledger.sqlite"
        migrate(file)
        _fill(file, entries)
        asyncio.run(_sequence(file, key))
        engine = sqlite_engine(file, read_only=True)
        began = time.perf_counter()
        with engine.connect() as connection:
            found = verify_log(connection, Trusted(log=key.verifier))
        took_s = time.perf_counter() - began
        engine.dispose()
        size = file.stat().st_size
    if not found.ok or found.entries != entries or found.covered != entries:
        raise RuntimeError(f"the log that was written does not verify: {found.findings[:3]}")
    return {
        "case": f"verify {entries} entries",
        "ours": round(took_s, 1),
        "unit": "s",
        "peers": {},
        "bytes an entry": round(size / entries),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "absent": [],
    }


def _fill(file: Path, entries: int) -> None:
    engine = sqlite_engine(file, read_only=False)
    for first in range(0, entries, AT_ONCE):
        written = [search_entry(n) for n in range(first, min(first + AT_ONCE, entries))]
        with engine.begin() as connection:
            audit.append_together(connection, written)
    engine.dispose()


async def _sequence(file: Path, key: SigningKey) -> None:
    ledger = Ledger(file)
    try:
        await Sequencer(ledger, SystemClock(), key).catch_up()
    finally:
        ledger.close()
