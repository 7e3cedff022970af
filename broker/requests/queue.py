"""The rows of items and requests as a queue: what is due, who has it, until when."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, case, not_, or_, select, union, union_all, update

from broker.holds import models as holds
from broker.holds.models import HoldState
from broker.ledger import exports, leases, tables
from broker.ledger.leases import Lease, LeaseLost
from broker.requests import store
from broker.requests.models import Item, Request
from broker.requests.states import FINAL_REQUESTS, ItemState

ITEMS, REQUESTS, HOLDS, AGENCIES = tables.request_items, tables.requests, tables.holds, tables.agencies
KEPT: Final = tuple(state.value for state in holds.KEPT)
PRESSING: Final = timedelta(hours=1)
"""Footage that nobody keeps and that is overwritten within this comes before anybody's turn."""


def _item_is_due(at: datetime) -> ColumnElement[bool]:
    """Approved items whose hold has been tried, and those that a dead worker left behind.

    A hold that waits for its recorder keeps nobody from footage that may still be had.
    """
    under_way = and_(HOLDS.c.state == HoldState.PLACING.value, HOLDS.c.lease_until.is_not(None))
    unsettled = select(HOLDS.c.id).where(
        HOLDS.c.id == ITEMS.c.hold_id, or_(HOLDS.c.state == HoldState.ORDERED.value, under_way)
    )
    return and_(
        ITEMS.c.state.in_((ItemState.APPROVED.value, ItemState.PROCESSING.value)),
        leases.is_free(ITEMS, at),
        not_(unsettled.exists()),
    )


def _request_is_due(at: datetime) -> ColumnElement[bool]:
    """Finished requests without a bundle."""
    return and_(
        REQUESTS.c.state.in_([state.value for state in FINAL_REQUESTS]),
        REQUESTS.c.sealed_at.is_(None),
        leases.is_free(REQUESTS, at),
    )


def has_due_item(connection: Connection, at: datetime) -> bool:
    return connection.execute(select(ITEMS.c.n).where(_item_is_due(at)).limit(1)).first() is not None


def has_due_request(connection: Connection, at: datetime) -> bool:
    return connection.execute(select(REQUESTS.c.id).where(_request_is_due(at)).limit(1)).first() is not None


def find_pressing(
    connection: Connection,
    at: datetime,
    *,
    settled: datetime,
    remind_until: datetime,
    escalate_until: datetime,
) -> str | None:
    """The request whose item presses most: past its deadline, or whose owner is to be reminded, once of each, where it
    was submitted before it is `settled` whether its footage is held."""
    reminding = or_(
        and_(ITEMS.c.press_at <= remind_until, ITEMS.c.reminders < 1),
        and_(ITEMS.c.press_at <= escalate_until, ITEMS.c.reminders < 2),
    )
    pressing = or_(ITEMS.c.decide_by <= at, and_(REQUESTS.c.submitted_at <= settled, reminding))
    query = (
        select(ITEMS.c.request_id)
        .join(REQUESTS, REQUESTS.c.id == ITEMS.c.request_id)
        .where(ITEMS.c.state == ItemState.PENDING.value, ITEMS.c.decide_by.is_not(None), pressing)
        .order_by(ITEMS.c.press_at)
        .limit(1)
    )
    return connection.execute(query).scalar_one_or_none()


def claim_item(
    connection: Connection, lease: Lease, at: datetime, exports_at_once: Mapping[str, int]
) -> tuple[Request, Item] | None:
    """The next item to make clips of, leased and in processing, from a recorder that has room for another export.

    What nobody keeps and is overwritten within the hour comes first. Otherwise agencies take turns: it is that one's
    whose turn was longest ago, with what is overwritten first.
    """
    full = exports.full_networks(connection, at, exports_at_once)
    kept = select(HOLDS.c.id).where(HOLDS.c.id == ITEMS.c.hold_id, HOLDS.c.state.in_(KEPT)).exists()
    presses = and_(ITEMS.c.overwrite_at <= at + PRESSING, not_(kept))
    chosen = connection.execute(
        select(ITEMS.c.request_id, ITEMS.c.n, REQUESTS.c.agency)
        .join(REQUESTS, REQUESTS.c.id == ITEMS.c.request_id)
        .join(AGENCIES, AGENCIES.c.id == REQUESTS.c.agency, isouter=True)
        .where(_item_is_due(at), ITEMS.c.network.not_in(full))
        .order_by(
            case((presses, 0), else_=1),
            case((presses, None), else_=AGENCIES.c.served_at).asc().nulls_first(),
            ITEMS.c.overwrite_at.asc().nulls_last(),
            ITEMS.c.due_at,
        )
        .limit(1)
        .with_for_update(skip_locked=True, of=ITEMS)
    ).one_or_none()
    if chosen is None:
        return None
    connection.execute(
        update(ITEMS)
        .where(ITEMS.c.request_id == chosen.request_id, ITEMS.c.n == chosen.n)
        .values(state=ItemState.PROCESSING.value, **leases.taken(ITEMS, lease))
    )
    connection.execute(update(AGENCIES).where(AGENCIES.c.id == chosen.agency).values(served_at=at))
    store.touch(connection, chosen.request_id, at)
    request = store.find(connection, chosen.request_id)
    item = None if request is None else request.item(chosen.n)
    return None if request is None or item is None else (request, item)


def claim_request(connection: Connection, lease: Lease, at: datetime) -> Request | None:
    """The next finished request to seal, leased."""
    chosen = connection.execute(
        select(REQUESTS.c.id)
        .where(_request_is_due(at))
        .order_by(REQUESTS.c.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).scalar_one_or_none()
    if chosen is None:
        return None
    connection.execute(update(REQUESTS).where(REQUESTS.c.id == chosen).values(leases.taken(REQUESTS, lease)))
    return store.find(connection, chosen)


def renew_item(connection: Connection, item: Item, lease: Lease) -> bool:
    row = and_(ITEMS.c.request_id == item.request_id, ITEMS.c.n == item.n)
    return leases.renew(connection, ITEMS, row, lease)


def renew_request(connection: Connection, request_id: str, lease: Lease) -> bool:
    return leases.renew(connection, REQUESTS, REQUESTS.c.id == request_id, lease)


def check_item_lease(connection: Connection, item: Item, owner: str) -> None:
    """`LeaseLost` where the item is no longer this owner's."""
    query = select(ITEMS.c.lease_owner).where(ITEMS.c.request_id == item.request_id, ITEMS.c.n == item.n)
    if connection.execute(query).scalar_one_or_none() != owner:
        raise LeaseLost


def put_off_request(
    connection: Connection, request_id: str, owner: str, reason: str, row: dict[str, Any]
) -> None:
    """Leaves the sealing for later and says why; `row` comes from `leases.let_go` or `leases.put_off`.
    `LeaseLost` where the request is no longer this owner's."""
    _write_request(connection, request_id, owner, {"state_reason": reason, **row})


def seal(
    connection: Connection, request_id: str, owner: str, bundle_key: str, at: datetime, erase_at: datetime
) -> None:
    """Writes down the bundle and until when it is kept; `LeaseLost` where the request is no longer this owner's."""
    done = {"sealed_at": at, "erase_at": erase_at, "bundle_key": bundle_key, "state_reason": None}
    done |= leases.let_go(at)
    _write_request(connection, request_id, owner, done)


def _write_request(connection: Connection, request_id: str, owner: str, values: dict[str, Any]) -> None:
    done = connection.execute(
        update(REQUESTS).where(REQUESTS.c.id == request_id, REQUESTS.c.lease_owner == owner).values(values)
    )
    if done.rowcount != 1:
        raise LeaseLost


def is_under_way(connection: Connection, request_id: str, at: datetime) -> bool:
    """Whether a worker makes a clip or the bundle of it."""
    made = select(ITEMS.c.request_id).where(ITEMS.c.request_id == request_id, ITEMS.c.lease_until > at)
    sealed = select(REQUESTS.c.id).where(REQUESTS.c.id == request_id, REQUESTS.c.lease_until > at)
    return connection.execute(union(made, sealed)).first() is not None


def named_keys(connection: Connection) -> list[tuple[str, str]]:
    """Request and key in the vault of all evidence that is kept."""
    parts = [
        select(table.c.request_id, table.c.vault_key).join(REQUESTS, REQUESTS.c.id == table.c.request_id)
        for table in (tables.clips, tables.documents)
    ]
    sealed = select(REQUESTS.c.id, REQUESTS.c.bundle_key).where(REQUESTS.c.bundle_key.is_not(None))
    kept = [query.where(REQUESTS.c.erased_at.is_(None)) for query in (*parts, sealed)]
    return [(row[0], row[1]) for row in connection.execute(union_all(*kept))]


def to_erase(connection: Connection, by: datetime) -> list[Request]:
    """Requests whose evidence goes by then, in the order in which it does."""
    due = and_(REQUESTS.c.erase_at <= by, REQUESTS.c.erased_at.is_(None))
    rows = connection.execute(select(REQUESTS).where(due).order_by(REQUESTS.c.erase_at)).mappings().all()
    return store.read_rows(connection, list(rows))


def note_erased(connection: Connection, request_id: str, at: datetime) -> bool:
    """False where another worker was first."""
    mine = (REQUESTS.c.id == request_id, REQUESTS.c.erased_at.is_(None))
    return connection.execute(update(REQUESTS).where(*mine).values(erased_at=at)).rowcount == 1
