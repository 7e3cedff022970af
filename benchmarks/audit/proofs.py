"""The first inclusion proof of a process, over a tree of many millions of entries that it finds on disk."""

import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from broker.audit.tree import merkle, store
from broker.audit.tree.models import StoredCheckpoint
from broker.audit.tree.store import StoredTiles
from broker.ledger.columns import EPOCH
from broker.ledger.migrate import migrate
from broker.ledger.sqlite import sqlite_engine
from broker.transparency.notes import Checkpoint, KeyKind, new_key, sign_note

AT_ONCE: Final = 65_536
RUNS: Final = 9


def measure(entries: int) -> dict[str, object]:
    """Each run is a new process, that opens the ledger and proves one entry; the slowest counts. The machine's own
    cache of the file is warm."""
    with tempfile.TemporaryDirectory(prefix="benchmark-audit-") as folder:
        file = Path(folder) / "ledger.sqlite"
        migrate(file)
        _fill(file, entries)
        met = [_first(file, (entries * run) // RUNS) for run in range(RUNS)]
    return {
        "case": f"first inclusion proof after a restart, tree of {entries}",
        "ours": round(max(one["proof_s"] for one in met), 5),
        "unit": "s",
        "peers": {},
        "with opening the ledger": round(max(one["opening_s"] + one["proof_s"] for one in met), 5),
        "absent": [],
    }


def _first(file: Path, index: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.audit.prover", str(file), str(index)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    times: dict[str, float] = json.loads(done.stdout)
    return times


def _fill(file: Path, entries: int) -> None:
    """The tree of so many leaves, and its checkpoint; a proof reads nothing else."""
    engine, size, root = sqlite_engine(file, read_only=False), 0, b""

    def grow(connection: Connection, leaves: list[bytes]) -> merkle.Growth:
        growth = merkle.grow(StoredTiles(connection), size, leaves)
        store.put_tiles(connection, growth.tiles)
        return growth

    while size < entries:
        leaves = [_leaf(n) for n in range(size, min(size + AT_ONCE, entries))]
        with engine.begin() as connection:
            growth = grow(connection, leaves)
        size, root = growth.size, growth.root
    key = new_key("benchmark/log", KeyKind.NOTE)
    note = sign_note(Checkpoint(key.name, size, root).body, [key]).text
    with engine.begin() as connection:
        store.put_checkpoint(connection, StoredCheckpoint(size, EPOCH, note))
    engine.dispose()


def _leaf(number: int) -> bytes:
    return hashlib.sha256(number.to_bytes(8, "big")).digest()
