"""Reads a ledger that no broker of ours has opened: migrates nothing, makes no file where there is none."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from broker.errors import SetupProblem
from broker.ledger.database import Place, engine_of
from broker.ledger.postgresql import DatabaseUrl, refuse_unsuitable

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


def describe(place: Place) -> str:
    """What keeps the ledger, in a few words; `SetupProblem` where it cannot be reached or does not do."""
    if not isinstance(place, DatabaseUrl):
        return str(place)

    def look(connection: Connection) -> str:
        refuse_unsuitable(connection, place)
        return str(connection.exec_driver_sql("SHOW server_version").scalar_one())

    return f"{place}, PostgreSQL {inspect(place, look)}"
