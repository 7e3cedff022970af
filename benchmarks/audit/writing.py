"""Durable entries a second: callers that each wait for their entry's commit before they write the next one."""

import asyncio
import itertools
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from benchmarks.audit.entries import search_entry
from broker.audit import store as audit
from broker.audit.tree.sequencer import Sequencer
from broker.clock import SystemClock
from broker.ledger.database import Place, engine_of
from broker.ledger.engine import Ledger
from broker.ledger.migrate import migrate
from broker.ledger.postgresql import DatabaseUrl
from broker.transparency.notes import KeyKind, SigningKey, new_key

WRITERS: Final = 64
ROUNDS: Final = 3
DATABASE: Final = "PostgreSQL, synchronous_commit=on: give an empty database by --database-url"


def measure(seconds: float, database_url: str | None) -> Iterator[dict[str, object]]:
    """A row for SQLite, and one for the database where there is one."""
    with tempfile.TemporaryDirectory(prefix="benchmark-audit-") as folder:
        files = (Path(folder) / f"{n}.sqlite" for n in itertools.count())
        yield _row("SQLite synchronous=FULL", seconds, files, () if database_url else (DATABASE,))
    if database_url:
        places = itertools.repeat(DatabaseUrl.parsed(database_url))
        yield _row("PostgreSQL synchronous_commit=on", seconds, places, ())


def _row(name: str, seconds: float, places: Iterator[Place], absent: Sequence[str]) -> dict[str, object]:
    """Rounds take turns; the median counts. The log's tree grows meanwhile, as it does in a broker."""
    key, shared, alone = new_key("benchmark/log", KeyKind.NOTE), list[float](), list[float]()
    for _ in range(ROUNDS):
        shared.append(asyncio.run(_measured(next(places), seconds / ROUNDS, partial(_shared, key))))
        alone.append(asyncio.run(_measured(next(places), seconds / ROUNDS, _alone)))
    ours, peer = statistics.median(shared), statistics.median(alone)
    return {
        "case": f"durable entries of 50 cameras, {name}, {WRITERS} writers",
        "ours": round(ours),
        "unit": "entries/s",
        "peers": {"a commit for each entry": round(peer)},
        "ratio": round(peer / ours, 3),
        "rounds": [round(one) for one in shared],
        "absent": list(absent),
    }


async def _measured(place: Place, seconds: float, write: Callable[[Place, float], Awaitable[int]]) -> float:
    migrate(place)
    began = time.perf_counter()
    written = await write(place, began + seconds)
    return written / (time.perf_counter() - began)


async def _shared(key: SigningKey, place: Place, until: float) -> int:
    """As a broker writes: one process, one writer thread."""
    ledger, numbers, done = Ledger(place), itertools.count(), 0

    async def writer() -> int:
        written = 0
        while time.perf_counter() < until:
            await ledger.write_together(audit.append_together, search_entry(next(numbers)))
            written += 1
        return written

    sequencer = Sequencer(ledger, SystemClock(), key)
    growing = asyncio.create_task(sequencer.run())
    try:
        done = sum(await asyncio.gather(*(writer() for _ in range(WRITERS))))
    finally:
        growing.cancel()
        await asyncio.gather(growing, return_exceptions=True)
        ledger.close()
    return done


async def _alone(place: Place, until: float) -> int:
    """One after the other, whoever writes: a ledger has one writer at a time."""
    engine, numbers, written = engine_of(place, read_only=False), itertools.count(), 0

    def append(connection: Connection) -> None:
        audit.append_together(connection, [search_entry(next(numbers))])

    while time.perf_counter() < until:
        with engine.begin() as connection:
            append(connection)
        written += 1
    engine.dispose()
    return written
