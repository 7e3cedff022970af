"""What an `Idempotency-Key` stands for: the same call again finds what the first one created.

The key is written in the transaction that creates, so that of two calls at once one creates and the other finds.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from broker.errors import Problem
from broker.ledger import tables


@dataclass(frozen=True)
class KeyedCall:
    """A call with its key. `fingerprint` is equal for equal calls only."""

    key: str
    fingerprint: str


def keyed_call(key: str | None, operation: str, body: str) -> KeyedCall | None:
    """The call as its sender wrote it, before anything that may change in between was looked up."""
    if key is None:
        return None
    return KeyedCall(key, hashlib.sha256(f"{operation}\n{body}".encode()).hexdigest())


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


def remember_created(
    connection: Connection, officer_id: str, call: KeyedCall, ids: tuple[str, ...], at: datetime
) -> None:
    """Ties what is being created to the call's key."""
    connection.execute(
        insert(tables.idempotency_keys).values(
            officer_id=officer_id,
            key=call.key,
            fingerprint=call.fingerprint,
            created={"ids": list(ids)},
            created_at=at,
        )
    )
