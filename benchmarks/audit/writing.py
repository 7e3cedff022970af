"""Durable entries a second: callers that each wait for their entry's commit before they write the next one."""

import asyncio
import itertools
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from benchmarks.audit.entries import search_entry
from broker.audit import store as audit
from broker.audit.notes import KeyKind, new_key
from broker.audit.tree.sequencer import Sequencer
from broker.clock import SystemClock
from broker.ledger.engine import Ledger
from broker.ledger.migrate import migrate
from broker.ledger.sqlite import sqlite_engine

WRITERS: Final = 64
ROUNDS: Final = 3
POSTGRES: Final = "PostgreSQL, synchronous_commit=on: this ledger runs on SQLite alone"


def measure(seconds: float) -> dict[str, object]:
    """Rounds take turns; the median counts. The log's tree grows meanwhile, as it does in a broker."""
    shared, alone = [], []
    for _ in range(ROUNDS):
        shared.append(asyncio.run(_on_new_ledger(seconds / ROUNDS, _shared)))
        alone.append(asyncio.run(_on_new_ledger(seconds / ROUNDS, _alone)))
    ours, peer = statistics.median(shared), statistics.median(alone)
    return {
        "case": f"durable entries of 50 cameras, SQLite synchronous=FULL, {WRITERS} writers",
        "ours": round(ours),
        "unit": "entries/s",
        "peers": {"a commit for each entry": round(peer)},
        "ratio": round(peer / ours, 3),
        "rounds": [round(one) for one in shared],
        "absent": [POSTGRES],
    }


async def _on_new_ledger(seconds: float, write: Callable[[Path, float], Awaitable[int]]) -> float:
    with tempfile.TemporaryDirectory(prefix="benchmark-audit-") as folder:
        file = Path(folder) / "ledger.sqlite"
        migrate(file)
        began = time.perf_counter()
        written = await write(file, began + seconds)
        return written / (time.perf_counter() - began)


async def _shared(file: Path, until: float) -> int:
    """As a broker writes: one process, one writer thread."""
    ledger, numbers, done = Ledger(file), itertools.count(), 0

    async def writer() -> int:
        written = 0
        while time.perf_counter() < until:
            await ledger.write_together(audit.append_together, search_entry(next(numbers)))
            written += 1
        return written

    sequencer = Sequencer(ledger, SystemClock(), new_key("benchmark/log", KeyKind.NOTE))
    growing = asyncio.create_task(sequencer.run())
    try:
        done = sum(await asyncio.gather(*(writer() for _ in range(WRITERS))))
    finally:
        growing.cancel()
        await asyncio.gather(growing, return_exceptions=True)
        ledger.close()
    return done


async def _alone(file: Path, until: float) -> int:
    """One after the other, whoever writes: SQLite has one writer at a time."""
    engine, numbers, written = sqlite_engine(file, read_only=False), itertools.count(), 0

    def append(connection: Connection) -> None:
        audit.append_together(connection, [search_entry(next(numbers))])

    while time.perf_counter() < until:
        with engine.begin() as connection:
            append(connection)
        written += 1
    engine.dispose()
    return written
