"""Messages in the ledger, and how far each subscriber was told. Plain functions of a connection."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, delete, exists, insert, select, update

from broker.ledger import leases, tables
from broker.ledger.leases import Lease, LeaseLost
from broker.ledger.round_tables import messages, subscribers
from broker.notify.messages.models import Message, MessageState, NewMessage
from broker.pages import Cut, Page

PENDING: Final = messages.c.state == MessageState.PENDING.value


def told_up_to(connection: Connection) -> dict[str, int]:
    """Subscriber → the last entry of the log that it has messages of."""
    return {row.id: row.sequence for row in connection.execute(select(subscribers))}


def set_told(connection: Connection, subscriber: str, sequence: int, *, is_new: bool) -> None:
    if is_new:
        connection.execute(insert(subscribers).values(id=subscriber, sequence=sequence))
        return
    mine = subscribers.c.id == subscriber
    connection.execute(update(subscribers).where(mine).values(sequence=sequence))


def has_unspread_notices(connection: Connection) -> bool:
    notices = tables.notices
    return connection.execute(select(exists().where(notices.c.is_spread.is_(False)))).scalar_one()


def take_notices(connection: Connection, limit: int) -> Sequence[RowMapping]:
    """Notices that nobody outside was told of yet; they count as told with the caller's transaction."""
    notices = tables.notices
    query = select(notices).where(notices.c.is_spread.is_(False)).order_by(notices.c.id).limit(limit)
    rows = connection.execute(query).mappings().all()
    ids = [row["id"] for row in rows]
    if ids:
        connection.execute(update(notices).where(notices.c.id.in_(ids)).values(is_spread=True))
    return rows


def add(connection: Connection, new: Iterable[NewMessage], at: datetime) -> None:
    rows = [
        message.model_dump() | {"state": MessageState.PENDING.value, "due_at": at, "attempts": 0}
        for message in new
    ]
    if rows:
        connection.execute(insert(messages), rows)


def _message(row: RowMapping) -> Message:
    return Message.model_validate({name: row[name] for name in Message.model_fields})


def find(connection: Connection, message_id: str) -> Message | None:
    row = connection.execute(select(messages).where(messages.c.id == message_id)).mappings().one_or_none()
    return None if row is None else _message(row)


def list_of(connection: Connection, agency: str, state: MessageState | None, page: Page) -> Cut[Message]:
    """An agency's messages, newest first."""
    query = select(messages).where(messages.c.agency == agency).order_by(messages.c.id.desc())
    if state is not None:
        query = query.where(messages.c.state == state.value)
    if page.after is not None:
        query = query.where(messages.c.id < page.after)
    rows = connection.execute(query.limit(page.limit + 1)).mappings()
    return page.ended([_message(row) for row in rows], lambda message: message.id)


def _is_due(at: datetime) -> ColumnElement[bool]:
    """Pending and free; of one subscriber one at a time, so that they arrive in order while all goes well."""
    others = messages.alias()
    is_busy = exists().where(others.c.subscriber == messages.c.subscriber, others.c.lease_until > at)
    return and_(PENDING, leases.is_free(messages, at), ~is_busy)


def is_due(connection: Connection, at: datetime) -> bool:
    return connection.execute(select(messages.c.id).where(_is_due(at)).limit(1)).first() is not None


def claim(connection: Connection, lease: Lease, at: datetime) -> Message | None:
    """The message that has waited longest, leased to the caller."""
    query = select(messages.c.id).where(_is_due(at)).order_by(messages.c.due_at, messages.c.id).limit(1)
    found = connection.execute(query.with_for_update(skip_locked=True, of=messages)).scalar_one_or_none()
    if found is None:
        return None
    connection.execute(update(messages).where(messages.c.id == found).values(leases.taken(messages, lease)))
    return find(connection, found)


def renew(connection: Connection, message_id: str, lease: Lease) -> bool:
    return leases.renew(connection, messages, messages.c.id == message_id, lease)


def settle(connection: Connection, message_id: str, owner: str, values: dict[str, Any]) -> None:
    """Writes down what a try came to; `LeaseLost` where the message is another's by now."""
    mine = (messages.c.id == message_id, messages.c.lease_owner == owner)
    if connection.execute(update(messages).where(*mine).values(values)).rowcount != 1:
        raise LeaseLost


def retry(connection: Connection, message_id: str, at: datetime) -> bool:
    """Sends a dead one again; False where it is not dead."""
    dead = (messages.c.id == message_id, messages.c.state == MessageState.DEAD.value)
    values = {"state": MessageState.PENDING.value, "ended_at": None, **leases.let_go(at), "attempts": 0}
    return connection.execute(update(messages).where(*dead).values(values)).rowcount == 1


def forget(connection: Connection, before: datetime) -> int:
    """Removes what ended before then; how many those were."""
    return connection.execute(delete(messages).where(messages.c.ended_at < before)).rowcount
