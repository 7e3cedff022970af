"""Rounds in the ledger: which is due, who has it, when it comes again."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, insert, select, update

from broker.ledger import leases, round_tables
from broker.ledger.leases import Lease

ROUNDS: Final = round_tables.rounds


def find_due(connection: Connection, at: datetime, every: Mapping[str, timedelta]) -> str | None:
    """The name of a round that nobody works on and that is due; one that was never there is. A clock that was put back
    does not put off for longer than a round takes to come again."""
    rows = {row["name"]: row for row in connection.execute(select(ROUNDS)).mappings()}
    for name, pause in every.items():
        row = rows.get(name)
        if row is None:
            return name
        is_free = row["lease_until"] is None or row["lease_until"] <= at
        if is_free and not at < row["due_at"] <= at + pause:
            return name
    return None


def claim(connection: Connection, lease: Lease, at: datetime, every: Mapping[str, timedelta]) -> str | None:
    """The same, leased to the caller."""
    name = find_due(connection, at, every)
    if name is None:
        return None
    if connection.execute(select(ROUNDS.c.name).where(ROUNDS.c.name == name)).first() is None:
        connection.execute(insert(ROUNDS).values(name=name, due_at=at, attempts=0))
    connection.execute(update(ROUNDS).where(ROUNDS.c.name == name).values(leases.taken(ROUNDS, lease)))
    return name


def renew(connection: Connection, name: str, lease: Lease) -> bool:
    return leases.renew(connection, ROUNDS, ROUNDS.c.name == name, lease)


def attempts_of(connection: Connection, name: str) -> int:
    query = select(ROUNDS.c.attempts).where(ROUNDS.c.name == name)
    return int(connection.execute(query).scalar_one())


def end(connection: Connection, name: str, owner: str, at: datetime, due_at: datetime) -> None:
    """It went through; whoever has it by now is left alone."""
    values = {"ended_at": at, "attempts": 0, **leases.let_go(due_at)}
    connection.execute(update(ROUNDS).where(_is_of(name, owner)).values(values))


def put_off(connection: Connection, name: str, owner: str, due_at: datetime) -> None:
    connection.execute(update(ROUNDS).where(_is_of(name, owner)).values(leases.let_go(due_at)))


def _is_of(name: str, owner: str) -> ColumnElement[bool]:
    return and_(ROUNDS.c.name == name, ROUNDS.c.lease_owner == owner)
