"""Reads a ledger that no broker of ours has opened: migrates nothing, makes no file where there is none."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from broker.errors import SetupProblem
from broker.ledger.database import Place, engine_of

T = TypeVar("T")


def inspect(place: Place, work: Callable[[Connection], T]) -> T:
    """Runs the work on one view of the ledger as it is now, whether or not a broker writes into it; nothing changes.

    `SetupProblem` where the place cannot be read as a ledger.
    """
    if isinstance(place, Path) and not place.is_file():
        raise SetupProblem(f"there is no ledger {place}: nothing was checked")
    engine = engine_of(place, read_only=True)
    try:
        with engine.connect() as connection:
            return work(connection)
    except DBAPIError as error:
        raise SetupProblem(
            f"the ledger {place} cannot be read: {error.orig}; an older one is brought up to date by a broker "
            "that starts on it"
        ) from error
    finally:
        engine.dispose()
