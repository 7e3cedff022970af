"""What a caller is told when the ledger's database fails, whichever it is."""

import psycopg
from sqlalchemy.exc import DBAPIError, OperationalError

from broker.errors import Problem
from broker.ledger import postgresql, sqlite


def _is_cut(error: BaseException) -> bool:
    """Whether the connection is lost: what was under way may have been done or not."""
    code = postgresql.code_of(error)
    operational = isinstance(error, OperationalError | psycopg.OperationalError)
    speechless = operational and not code and not sqlite.code_of(error)
    invalidated = isinstance(error, DBAPIError) and error.connection_invalidated
    return invalidated or speechless or code.startswith(("08", "57P"))


def _is_unkeepable(error: BaseException) -> bool:
    """Whether a text holds what PostgreSQL cannot: its driver says so before anything is sent."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(cause, psycopg.DataError) and "NUL" in str(cause)


def is_outage(error: BaseException) -> bool:
    """Whether the store failed, as opposed to the statement being wrong (a bug, which stays one)."""
    if _is_cut(error) or sqlite.code_of(error).startswith(sqlite.OUTAGES):
        return True
    return postgresql.code_of(error).startswith(postgresql.OUTAGES)


def told(error: BaseException, *, committing: bool = False) -> BaseException:
    """What a caller is told: a problem where the database itself refuses, else the error as it is.

    `committing`: the commit had been asked for. Who is cut off then does not know whether it was made.
    """
    if not is_outage(error) and not _is_unkeepable(error):
        return error
    if _is_unkeepable(error):
        problem = Problem("invalid", "a text holds the character U+0000: leave it out")
    elif sqlite.code_of(error) == sqlite.FULL or postgresql.code_of(error) == postgresql.FULL:
        problem = Problem(
            "storage_full", "the ledger's disk is full: nothing was changed; free space and try again"
        )
    elif committing and _is_cut(error):
        problem = Problem(
            "ledger_unavailable",
            "the ledger was cut off while it committed: whether the change was made is not known; look before you "
            "try again",
            retry_after_s=5,
        )
    else:
        problem = Problem(
            "ledger_unavailable", "the ledger did not answer: nothing was changed; try again", retry_after_s=5
        )
    problem.__cause__ = error
    return problem
