"""The ledger in PostgreSQL, where several processes and machines write.

Writers take turns, as SQLite's do: a transaction begins by a lock that ends with it. Who has the lock sees whatever
was committed before, so that the log's numbers have no gap and come in the order of commits.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from broker.errors import SetupProblem

READERS: Final = 8
LOCK_TIMEOUT_S: Final = 30
CONNECT_TIMEOUT_S: Final = 10
TURN: Final = 0x656E7472
"""The advisory lock's number: "entr"."""
FULL: Final = "53100"
OUTAGES: Final = ("08", "25006", "40001", "40P01", "53", "55P03", "57P", "58", "XX001", "XX002")
"""How codes begin when the store failed and not the statement
(https://www.postgresql.org/docs/current/errcodes-appendix.html)."""
OLDEST: Final = 15
DURABLE: Final = ("on", "remote_apply")


@dataclass(frozen=True)
class DatabaseUrl:
    """Where the database is. Its password is in it: it is shown to nobody."""

    text: str = field(repr=False)

    def __str__(self) -> str:
        """The address without who signs in."""
        url = make_url(self.text)
        return f"postgresql://{url.host or ''}{f':{url.port}' if url.port else ''}/{url.database or ''}"

    @classmethod
    def parsed(cls, text: str) -> "DatabaseUrl":
        """`SetupProblem` for what is no URL of PostgreSQL; the problem does not repeat it."""
        try:
            kind = make_url(text).drivername
        except (ArgumentError, ValueError):  # the cause repeats what was given, password and all
            kind = None
        if kind not in {"postgresql", "postgres"}:
            raise SetupProblem(
                "the ledger's database_url cannot be read: write postgresql://USER:PASSWORD@HOST:5432/DATABASE, with "
                "what is no letter or digit in the password percent-encoded"
            )
        return cls(text)


def code_of(error: BaseException) -> str:
    """The SQLSTATE, empty where there is none."""
    return getattr(error.orig if isinstance(error, DBAPIError) else error, "sqlstate", None) or ""


def postgresql_engine(url: DatabaseUrl, *, read_only: bool) -> Engine:
    """A reader sees one view a transaction and is refused a change; a writer waits for its turn at the beginning."""
    engine = create_engine(
        make_url(url.text).set(drivername="postgresql+psycopg"),
        connect_args={"connect_timeout": CONNECT_TIMEOUT_S},
        isolation_level="REPEATABLE READ" if read_only else "READ COMMITTED",
        pool_size=READERS if read_only else 1,
        pool_pre_ping=True,  # after a restart of the server nobody meets a connection that it cut
        hide_parameters=True,  # errors are logged, and what was bound may be a name or a case
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        (durable,) = connection.execute("SHOW synchronous_commit").fetchone()
        if durable not in DURABLE:
            connection.execute("SET synchronous_commit TO on")
        connection.execute(f"SET lock_timeout TO '{LOCK_TIMEOUT_S}s'")
        connection.commit()
        connection.read_only = read_only

    if not read_only:

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            # READ COMMITTED: each statement after this one sees what was committed before the turn came
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (TURN,))

    return engine


def refuse_unsuitable(connection: Connection, url: DatabaseUrl) -> None:
    """`SetupProblem` for a server or a database that would keep the ledger, and order it otherwise than SQLite does."""
    major = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one()) // 10_000
    if major < OLDEST:
        raise SetupProblem(f"the ledger {url} is on PostgreSQL {major}: it needs {OLDEST} or later")
    encoding, by_bytes = connection.exec_driver_sql(
        "SELECT pg_encoding_to_char(encoding), 'B' < 'a' AND 'a-b' < 'aa' AND 'z' < '~' "
        "FROM pg_database WHERE datname = current_database()"
    ).one()
    if encoding != "UTF8" or not by_bytes:
        raise SetupProblem(
            f"the ledger's database {url} does not keep UTF-8 in the order of its bytes: create it with "
            "CREATE DATABASE ... ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0"
        )
