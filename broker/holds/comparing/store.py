"""What comparing holds reads and writes: holds that are not over, and since when strangers are seen at recorders."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, update

from broker.holds.models import KEPT, Hold, HoldState
from broker.holds.store import PARTS, of_row
from broker.ledger import tables
from broker.ledger.round_tables import unnamed_holds

NOT_OVER: Final = (*(state.value for state in KEPT), HoldState.ORDERED.value, HoldState.PLACING.value)


def note_lost(connection: Connection, hold: Hold, lost: frozenset[int], at: datetime) -> None:
    """Marks these parts, by their index, as lost; what a recorder kept is placed anew."""
    parts = [
        part.model_copy(update={"is_lost": True}) if index in lost else part
        for index, part in enumerate(hold.parts)
    ]
    holds = tables.holds
    values: dict[str, Any] = {
        "parts": PARTS.dump_python(tuple(parts), mode="json"),
        "state": HoldState.PARTIAL.value,
        "state_reason": "a part of it is no longer where it was kept",
    }
    if any(hold.parts[index].handle is not None for index in lost):
        values |= {"is_growing": True, "due_at": at, "attempts": 0}
    connection.execute(update(holds).where(holds.c.id == hold.id).values(values))


def not_over(connection: Connection) -> list[Hold]:
    """Every hold that is not over."""
    query = select(tables.holds).where(tables.holds.c.state.in_(NOT_OVER))
    return [of_row(row) for row in connection.execute(query).mappings()]


def of_network(connection: Connection, network: str) -> list[Hold]:
    """Those of its holds that are not over."""
    holds = tables.holds
    query = select(holds).where(holds.c.network == network, holds.c.state.in_(NOT_OVER))
    return [of_row(row) for row in connection.execute(query).mappings()]


def copied(connection: Connection) -> list[Hold]:
    """Copied holds that are not over."""
    holds = tables.holds
    query = select(holds).where(holds.c.is_copied, holds.c.state.in_(NOT_OVER))
    return [of_row(row) for row in connection.execute(query).mappings()]


def is_leased(connection: Connection, hold_id: str, at: datetime) -> bool:
    holds = tables.holds
    query = select(holds.c.id).where(holds.c.id == hold_id, holds.c.lease_until > at)
    return connection.execute(query).first() is not None


def seen_since(connection: Connection, network: str) -> dict[str, datetime]:
    """Handle → when it was first seen."""
    query = select(unnamed_holds).where(unnamed_holds.c.network == network)
    return {row.handle: row.seen_at for row in connection.execute(query)}


def note(connection: Connection, network: str, handles: Iterable[str], at: datetime) -> None:
    rows = [{"network": network, "handle": handle, "seen_at": at} for handle in sorted(handles)]
    if rows:
        connection.execute(insert(unnamed_holds), rows)


def forget(connection: Connection, network: str, handles: Iterable[str]) -> None:
    for handle in handles:
        mine = (unnamed_holds.c.network == network, unnamed_holds.c.handle == handle)
        connection.execute(delete(unnamed_holds).where(*mine))
