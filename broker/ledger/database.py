"""Which database a ledger is in, by where it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine

from broker.ledger.outages import told
from broker.ledger.postgresql import DatabaseUrl, postgresql_engine
from broker.ledger.sqlite import sqlite_engine

Place = Path | DatabaseUrl


def engine_of(place: Place, *, read_only: bool) -> Engine:
    """A file is SQLite's."""
    if isinstance(place, DatabaseUrl):
        return postgresql_engine(place, read_only=read_only)
    return sqlite_engine(place, read_only=read_only)


@contextmanager
def committing(engine: Engine) -> Iterator[Connection]:
    """A transaction that is durable once the block has ended; a failing store is told as a `Problem`, which never
    says that nothing was changed where that is not known."""
    asked = False
    try:
        with engine.begin() as connection:
            yield connection
            asked = True
    except Exception as error:
        failure = told(error, committing=asked)
        if failure is error:
            raise
        raise failure from error
