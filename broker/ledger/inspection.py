"""Reads a ledger that no broker of ours has opened: migrates nothing, makes no file where there is none."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from broker.errors import SetupProblem
from broker.ledger.sqlite import sqlite_engine

T = TypeVar("T")


def inspect(file: Path, work: Callable[[Connection], T]) -> T:
    """Runs the work on one view of the ledger as it is now, whether or not a broker writes into it; nothing changes.

    `SetupProblem` where the file cannot be read as a ledger.
    """
    if not file.is_file():
        raise SetupProblem(f"there is no ledger {file}: nothing was checked")
    engine = sqlite_engine(file, read_only=True)
    try:
        with engine.connect() as connection:
            return work(connection)
    except DBAPIError as error:
        raise SetupProblem(
            f"the ledger {file} cannot be read: {error.orig}; an older one is brought up to date by a broker "
            "that starts on it"
        ) from error
    finally:
        engine.dispose()
