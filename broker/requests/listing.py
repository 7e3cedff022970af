"""Which requests a caller is shown, and in which order."""

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, literal, or_, select

from broker.ledger import tables
from broker.requests.models import Filter, Request
from broker.requests.states import ItemState
from broker.requests.store import read_rows

NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
"""Stands for the deadline of what has none."""


def list_requests(connection: Connection, wanted: Filter) -> list[Request]:
    """Newest first, or what waits for the owner's decision by how much it presses; one more than the limit, so that the
    caller knows whether more follow."""
    requests, items = tables.requests, tables.request_items

    def has_item(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
        return exists().where(items.c.request_id == requests.c.id, *conditions)

    seen: list[ColumnElement[bool]] = []
    if wanted.view_requester is not None:
        seen.append(requests.c.officer_id == wanted.view_requester)
    if wanted.view_owner is not None and not wanted.mine:
        seen.append(has_item(items.c.owner == wanted.view_owner))
    query = select(requests)
    if wanted.mine or not wanted.to_decide:  # what waits for the owner is the owner's to see
        query = query.where(or_(*seen) if seen else requests.c.id.is_(None))
    if wanted.state is not None:
        query = query.where(requests.c.state == wanted.state.value)
    if wanted.case_ref is not None:
        query = query.where(requests.c.case_ref == wanted.case_ref)
    if wanted.owner is not None:
        # an owner's custodian learns nothing of the other owners' items, not even that there are some
        query = query.where(
            has_item(
                items.c.owner == wanted.owner,
                or_(requests.c.officer_id == wanted.view_requester, items.c.owner == wanted.view_owner),
            )
        )
    if wanted.to_decide:
        query = _by_pressing(query, wanted)
    else:
        if wanted.before is not None:
            query = query.where(requests.c.id < wanted.before)
        query = query.order_by(requests.c.id.desc())
    query = query.limit(wanted.limit + 1)
    return read_rows(connection, list(connection.execute(query).mappings()))


def _by_pressing(query: Select[Any], wanted: Filter) -> Select[Any]:
    """Those with items that wait for the owner, the most pressing first."""
    requests, items = tables.requests, tables.request_items
    press_at = func.coalesce(items.c.press_at, literal(NEVER, items.c.press_at.type))
    pressing = (
        select(items.c.request_id, func.min(press_at).label("at"))
        .where(items.c.owner == wanted.view_owner, items.c.state == ItemState.PENDING.value)
        .group_by(items.c.request_id)
        .subquery()
    )
    query = query.join(pressing, pressing.c.request_id == requests.c.id)
    if wanted.after is not None:
        at, request_id = wanted.after
        later = and_(pressing.c.at == at, requests.c.id > request_id)
        query = query.where(or_(pressing.c.at > at, later))
    return query.order_by(pressing.c.at, requests.c.id)


def pressing_key(request: Request, owner: str | None) -> tuple[datetime, str]:
    """Where a request stands among those that wait for the owner."""
    waiting = (i for i in request.items if i.camera.agency == owner and i.state is ItemState.PENDING)
    return min((item.press_at or NEVER for item in waiting), default=NEVER), request.id
