"""Leases over rows that are work: one worker has a row until its lease ends, and proves it when it finishes.

A worker that dies loses its lease by time; whoever finishes late finds that the row is no longer its own.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Table, and_, or_, update

FIRST_RETRY_S: Final = 1.0
LONGEST_RETRY_S: Final = 300.0
LONGEST_TOLD_S: Final = 3600.0
"""A recorder may ask for longer; by then the footage may be overwritten."""
PATIENCE: Final = timedelta(days=1)
"""How long somebody else's outage is waited out; a recorder that is away longer is given up."""


class LeaseLost(Exception):
    """The row is no longer this owner's: it was taken over, or somebody ended the work. Nothing was written."""


@dataclass(frozen=True)
class Lease:
    """Who works, and until when unless it is renewed."""

    owner: str
    until: datetime


def is_free(table: Table, at: datetime) -> ColumnElement[bool]:
    """Rows that are due and that nobody works on."""
    return and_(table.c.due_at <= at, or_(table.c.lease_until.is_(None), table.c.lease_until <= at))


def taken(table: Table, lease: Lease) -> dict[str, Any]:
    """Values of a row that is being claimed; its attempt counts from the start, however it ends."""
    return {"lease_owner": lease.owner, "lease_until": lease.until, "attempts": table.c.attempts + 1}


def let_go(due_at: datetime) -> dict[str, Any]:
    """Values of a row that nobody works on any more; it may be claimed again from `due_at`."""
    return {"lease_owner": None, "lease_until": None, "due_at": due_at}


def put_off(due_at: datetime) -> dict[str, Any]:
    """Values of a row that waits for somebody else: the try is not one of those that failed inside."""
    return {**let_go(due_at), "attempts": 1}


def renew(connection: Connection, table: Table, row: ColumnElement[bool], lease: Lease) -> bool:
    """Extends a lease; False when the row is no longer this owner's."""
    done = connection.execute(
        update(table).where(row, table.c.lease_owner == lease.owner).values(lease_until=lease.until)
    )
    return done.rowcount == 1


def retry_at(attempts: int, at: datetime, jitter: random.Random) -> datetime:
    """When to try again after so many failures inside: doubling, with full jitter above a half."""
    wait_s = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2.0 ** (attempts - 1)) * jitter.uniform(0.5, 1.0)
    return at + timedelta(seconds=wait_s)


def ask_again_at(
    since: datetime, at: datetime, jitter: random.Random, after_s: float | None = None
) -> datetime:
    """When to ask again who did not answer: at half the time waited since then, with jitter, or as told."""
    waited_s = (at - since).total_seconds()
    wait_s = min(LONGEST_RETRY_S, max(FIRST_RETRY_S, waited_s / 2)) * jitter.uniform(0.5, 1.0)
    return at + timedelta(seconds=max(wait_s, min(after_s or 0.0, LONGEST_TOLD_S)))


def is_given_up(attempts: int, since: datetime, at: datetime) -> bool:
    """Whether an outage has lasted too long; never at the first try, which may come late."""
    return attempts > 1 and at - since >= PATIENCE
