"""Remembers what a keyed call created: the same call again finds it.

The key is written in the transaction that creates, so that of two calls at once one creates and the other finds.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, insert, select

from broker.errors import Problem
from broker.keyed_calls import KeyedCall
from broker.ledger import tables


def find_created(connection: Connection, officer_id: str, call: KeyedCall) -> tuple[str, ...] | None:
    """Ids of what the call has created already; `idempotency_conflict` where its key meant another call."""
    table = tables.idempotency_keys
    row = connection.execute(
        select(table).where(table.c.officer_id == officer_id, table.c.key == call.key)
    ).one_or_none()
    if row is None:
        return None
    if row.fingerprint != call.fingerprint:
        raise Problem(
            "idempotency_conflict", "this idempotency key belongs to a different call: use a new one"
        )
    return tuple(row.created["ids"])


def create_once(
    connection: Connection,
    officer_id: str,
    call: KeyedCall | None,
    ids: tuple[str, ...],
    at: datetime,
    create: Callable[[Connection], None],
) -> tuple[str, ...]:
    """Creates what gets these ids and ties them to the call's key; the ids of before where the call was made
    already. A call without a key always creates."""
    if call is not None:
        earlier = find_created(connection, officer_id, call)
        if earlier is not None:
            return earlier
        connection.execute(
            insert(tables.idempotency_keys).values(
                officer_id=officer_id,
                key=call.key,
                fingerprint=call.fingerprint,
                created={"ids": list(ids)},
                created_at=at,
            )
        )
    create(connection)
    return ids
