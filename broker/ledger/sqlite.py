"""The ledger in a file of its own: SQLite, for one machine."""

import sqlite3
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

READERS: Final = 8
BUSY_TIMEOUT_S: Final = 30
FULL: Final = "SQLITE_FULL"
OUTAGES: Final = (
    "SQLITE_BUSY",
    "SQLITE_LOCKED",
    FULL,
    "SQLITE_IOERR",
    "SQLITE_CANTOPEN",
    "SQLITE_READONLY",
    "SQLITE_CORRUPT",
    "SQLITE_NOTADB",
)
"""How SQLite's codes begin when the store failed and not the statement."""


def code_of(error: BaseException) -> str:
    """SQLite's own name of what went wrong, empty where it has none."""
    return getattr(error.orig if isinstance(error, DBAPIError) else error, "sqlite_errorname", "")


def sqlite_engine(file: Path, *, read_only: bool) -> Engine:
    """SQLite in WAL with `synchronous=FULL`; a writer begins IMMEDIATE, so that it never upgrades."""
    engine = create_engine(
        f"sqlite:///{file}",
        connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False},
        pool_size=1 if not read_only else READERS,
        hide_parameters=True,  # errors are logged, and what was bound may be a name or a case
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        if read_only:
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine
