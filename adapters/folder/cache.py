"""Verdicts on files, kept between runs. Owns one SQLite file in the adapter's cache folder.

A cache and nothing more: an entry counts only for the very same path, size and modification time; a damaged
file is thrown away and begun anew; where it cannot be written at all, work goes on without it. Several
processes may use it at once.
"""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from adapters.folder.probe import Footage, Probe, Unreadable

VERSION = 2
"""Of the verdicts: a newer version reads files that an older one refused."""
BUSY_TIMEOUT_S = 5.0
_PROBES: TypeAdapter[Footage | Unreadable] = TypeAdapter(Probe)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class FileVersion:
    """One state of a file; a different size or modification time is a different state."""

    path: str
    size: int
    mtime_ns: int

    @property
    def modified_at(self) -> datetime:
        """To the microsecond, without the rounding of floats."""
        return _EPOCH + timedelta(microseconds=self.mtime_ns // 1000)


class ProbeCache:
    """All methods block; each opens its own connection, so any thread may call."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / f"folder-probes-{VERSION}.sqlite3"

    def get(self, file: FileVersion) -> Footage | Unreadable | None:
        """The verdict on exactly this state of the file, or None."""
        query = "SELECT verdict FROM probe WHERE path = ? AND size = ? AND mtime_ns = ?"
        key = (os.fsencode(file.path), file.size, file.mtime_ns)
        row = self._run(lambda connection: connection.execute(query, key).fetchone())
        if row is None:
            return None
        try:
            return _PROBES.validate_json(row[0])
        except ValidationError:
            return None

    def put(self, file: FileVersion, verdict: Footage | Unreadable) -> None:
        """Remembers the verdict in place of one on an older state."""
        row = (os.fsencode(file.path), file.size, file.mtime_ns, verdict.model_dump_json())
        self._run(lambda connection: connection.execute("REPLACE INTO probe VALUES (?, ?, ?, ?)", row))

    def forget_missing(self) -> None:
        """Drops entries of files that are no longer there."""

        def prune(connection: sqlite3.Connection) -> None:
            stored = [path for (path,) in connection.execute("SELECT path FROM probe")]
            gone = [(path,) for path in stored if not Path(os.fsdecode(path)).exists()]
            connection.executemany("DELETE FROM probe WHERE path = ?", gone)

        self._run(prune)

    def _run(self, work: Callable[[sqlite3.Connection], Result]) -> Result | None:
        for _attempt in range(2):
            try:
                with closing(self._connect()) as connection, connection:
                    return work(connection)
            except sqlite3.OperationalError:
                # Busy, full or not writable: this time without the cache.
                return None
            except sqlite3.DatabaseError:
                self._discard()
        return None

    def _connect(self) -> sqlite3.Connection:
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._file, timeout=BUSY_TIMEOUT_S)
        try:
            # Losing the newest entries in a power cut costs a probe; waiting for the disc would cost each
            # time.
            connection.execute("PRAGMA synchronous = OFF")
            # Paths that are not valid UTF-8 exist on disc; SQLite's text would refuse them.
            connection.execute(
                "CREATE TABLE IF NOT EXISTS probe (path BLOB PRIMARY KEY, size INTEGER NOT NULL, "
                "mtime_ns INTEGER NOT NULL, verdict TEXT NOT NULL) WITHOUT ROWID"
            )
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _discard(self) -> None:
        for suffix in ("", "-journal"):
            with suppress(OSError):
                Path(f"{self._file}{suffix}").unlink(missing_ok=True)
