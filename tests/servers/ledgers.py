"""Which database the ledgers of a test run are in: a file each; with `ENTREVUE_TEST_LEDGER=postgresql` a database each.

The server is one of this process's own, started when the first ledger is asked for. Databases are copies of one that
was migrated, and are dropped when the broker that had them is closed.
"""

import os
import tempfile
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from broker.ledger.database import Place
from broker.ledger.migrate import migrate
from broker.ledger.postgresql import DatabaseUrl
from tests.servers.postgresql import PostgresqlServer

ENGINE: Final = os.environ.get("ENTREVUE_TEST_LEDGER", "sqlite")
TEMPLATE: Final = "migrated"


class TestLedgers:
    """The databases of one test process."""

    __test__ = False

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._server: PostgresqlServer | None = None

    def options(self) -> dict[str, str]:
        """What `[broker]` of a new set-up says of its ledger: nothing where it is a file."""
        if ENGINE == "sqlite":
            return {}
        return {"database_url": self._started().new_database(TEMPLATE).replace("postgres@", "")}

    def drop(self, place: Place) -> None:
        """The database of a ledger that is closed; a file stays where its test put it."""
        if self._server is not None and isinstance(place, DatabaseUrl):
            self._server.execute(f"DROP DATABASE {place.text.rpartition('/')[2]} WITH (FORCE)")

    def stop(self) -> None:
        if self._server is not None and self._folder is not None:
            self._server.stop()
            self._folder.cleanup()

    def _started(self) -> PostgresqlServer:
        if self._server is None:
            self._folder = tempfile.TemporaryDirectory(prefix="postgresql-")
            Path(self._folder.name).chmod(0o755)  # pytest's own folders are closed to others
            self._server = PostgresqlServer(Path(self._folder.name))
            os.environ["PGUSER"] = "postgres"
            self._server.execute(f"CREATE DATABASE {TEMPLATE}")
            migrate(DatabaseUrl.parsed(self._server.url(TEMPLATE)))
        return self._server


LEDGERS: Final = TestLedgers()


def refuse_entries(connection: Connection) -> None:
    """From now on nothing can be logged, as where the store fails at just that; `accept_entries` ends it."""
    if connection.dialect.name == "sqlite":
        body = "BEGIN SELECT RAISE(ABORT, 'refused'); END"
        connection.exec_driver_sql(f"CREATE TRIGGER refuse BEFORE INSERT ON audit_entries {body}")
        return
    body = "RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$"
    connection.exec_driver_sql(f"CREATE OR REPLACE FUNCTION refused() {body}")
    timing = "BEFORE INSERT ON audit_entries FOR EACH ROW EXECUTE FUNCTION refused()"
    connection.exec_driver_sql(f"CREATE TRIGGER refuse {timing}")


def accept_entries(connection: Connection) -> None:
    table = "" if connection.dialect.name == "sqlite" else " ON audit_entries"
    connection.exec_driver_sql(f"DROP TRIGGER refuse{table}")
