"""Holds in the ledger; their rows are the queue of what to place and release."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    bindparam,
    case,
    func,
    insert,
    literal,
    not_,
    or_,
    select,
    update,
)

from broker.catalog.models import Camera
from broker.holds.models import KEPT, TRANSITIONS, Ending, Hold, HoldInterval, HoldPart, HoldState, NewHold
from broker.ledger import leases, tables
from broker.ledger.leases import Lease
from broker.pages import Cut, Page

PARTS = TypeAdapter(tuple[HoldPart, ...])
MOST_IDS: Final = 1000

RELEASABLE = (HoldState.ORDERED.value, HoldState.HELD.value, HoldState.PARTIAL.value)
_KEPT: Final = tuple(state.value for state in KEPT)


class HoldTask(StrEnum):
    """What there is to do on holds, each a job's."""

    PLACE = "place"
    COPY = "copy"
    RELEASE = "release"


@dataclass(frozen=True)
class Room:
    """So many of one network at most, of which so many are under way."""

    most: int
    busy: Mapping[str, int]


def order(connection: Connection, orders: Iterable[NewHold], at: datetime) -> None:
    """Makes hold orders durable with the caller's transaction."""
    rows: list[dict[str, Any]] = [
        {
            "id": new.id,
            "request_id": new.request_id,
            "n": new.n,
            "camera_id": new.camera.id,
            "camera": new.camera.model_dump(mode="json"),
            "network": new.camera.network,
            "owner": new.camera.agency,
            "agency": new.agency,
            "officer_id": new.officer_id,
            "purpose": new.purpose,
            "case_ref": new.case_ref,
            "judicial": new.judicial,
            "reason": new.reason,
            "interval_start": new.interval.start,
            "interval_end": new.interval.end,
            "grows_until": new.grows_until,
            "is_growing": new.interval.end is None,
            "ordered_at": at,
            "order_id": new.order_id,
            "remind_at": new.remind_at,
            "until": new.until,
            "state": HoldState.ORDERED.value,
            "parts": [],
            "due_at": at,
        }
        for new in orders
    ]
    if rows:
        connection.execute(insert(tables.holds), rows)


def of_row(row: RowMapping) -> Hold:
    return Hold(
        id=row["id"],
        camera=Camera.model_validate(row["camera"]),
        interval=HoldInterval(start=row["interval_start"], end=row["interval_end"]),
        grows_until=row["grows_until"],
        reason=row["reason"],
        agency=row["agency"],
        officer_id=row["officer_id"],
        purpose=row["purpose"],
        case_ref=row["case_ref"],
        judicial=row["judicial"],
        order_id=row["order_id"],
        remind_at=row["remind_at"],
        until=row["until"],
        request_id=row["request_id"],
        n=row["n"],
        ordered_at=row["ordered_at"],
        state=HoldState(row["state"]),
        state_reason=row["state_reason"],
        parts=PARTS.validate_python(row["parts"]),
        is_growing=row["is_growing"],
        is_copied=row["is_copied"],
        release_at=row["release_at"],
        released_at=row["released_at"],
        attempts=row["attempts"],
    )


def find(connection: Connection, hold_id: str) -> Hold | None:
    query = select(tables.holds).where(tables.holds.c.id == hold_id)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else of_row(row)


def find_all(connection: Connection, hold_ids: Sequence[str]) -> list[Hold]:
    """Those that there are, in the order of the ids."""
    found: dict[str, Hold] = {}
    for start in range(0, len(hold_ids), MOST_IDS):
        query = select(tables.holds).where(tables.holds.c.id.in_(hold_ids[start : start + MOST_IDS]))
        found |= {row["id"]: of_row(row) for row in connection.execute(query).mappings()}
    return [found[hold_id] for hold_id in hold_ids if hold_id in found]


def of_requests(connection: Connection, request_ids: list[str]) -> dict[tuple[str, int], Hold]:
    """Request and item number → hold."""
    query = select(tables.holds).where(tables.holds.c.request_id.in_(request_ids))
    return {(row["request_id"], row["n"]): of_row(row) for row in connection.execute(query).mappings()}


def list_for(
    connection: Connection, *, officer_id: str, owner: str | None, order_id: str | None, page: Page
) -> Cut[Hold]:
    """Holds that the officer ordered, or on the owner's cameras; of one order where it is given; newest first."""
    holds = tables.holds
    conditions: list[ColumnElement[bool]] = [holds.c.officer_id == officer_id]
    if owner is not None:
        conditions.append(holds.c.owner == owner)
    query = select(holds).where(or_(*conditions))
    if order_id is not None:
        query = query.where(holds.c.order_id == order_id)
    query = query.order_by(holds.c.id.desc()).limit(page.limit + 1)
    if page.after is not None:
        query = query.where(holds.c.id < page.after)
    rows = connection.execute(query).mappings()
    return page.ended([of_row(row) for row in rows], lambda hold: hold.id)


def end_interval(connection: Connection, hold_id: str, at: datetime) -> bool:
    """Ends an open interval, never later than it may grow; whether it was open and not over."""
    holds = tables.holds
    is_open = and_(
        holds.c.id == hold_id,
        holds.c.interval_end.is_(None),
        holds.c.state.in_((HoldState.PLACING.value, *RELEASABLE)),
        not_(_is_over(at)),
    )
    end = case((holds.c.grows_until < at, holds.c.grows_until), else_=literal(at, holds.c.grows_until.type))
    changed = connection.execute(update(holds).where(is_open).values(interval_end=end, due_at=at))
    return changed.rowcount == 1


def adopt(connection: Connection, order: NewHold, at: datetime) -> bool:
    """Puts a hold under the terms of a request's; whether it was free for that. Whoever works on it loses it, so that
    another turn tells the request what there is."""
    holds = tables.holds
    free = and_(
        holds.c.id == order.id,
        holds.c.request_id.is_(None),
        holds.c.state.in_((HoldState.PLACING.value, *RELEASABLE)),
        holds.c.release_at.is_(None),
        not_(_is_over(at)),
    )
    values = {
        "request_id": order.request_id,
        "n": order.n,
        "officer_id": order.officer_id,
        "agency": order.agency,
        "purpose": order.purpose,
        "case_ref": order.case_ref,
        "judicial": order.judicial,
        "reason": order.reason,
        "interval_end": func.coalesce(
            holds.c.interval_end, literal(order.interval.end, holds.c.interval_end.type)
        ),
        "until": order.until,
        "is_growing": True,
        "remind_at": None,
        **leases.let_go(at),
    }
    return connection.execute(update(holds).where(free).values(values)).rowcount == 1


def schedule_release(connection: Connection, hold_id: str, release_at: datetime) -> None:
    """Lets the hold go from then on; an earlier schedule stands."""
    holds = tables.holds
    connection.execute(
        update(holds)
        .where(holds.c.id == hold_id, or_(holds.c.release_at.is_(None), holds.c.release_at > release_at))
        .values(release_at=release_at, remind_at=None)
    )


def _is_over(at: datetime) -> ColumnElement[bool]:
    """Let go of, or past its longest time."""
    holds = tables.holds
    return or_(
        and_(holds.c.release_at.is_not(None), holds.c.release_at <= at),
        and_(holds.c.until.is_not(None), holds.c.until <= at),
    )


def _to_keep(at: datetime, *, copied: bool) -> ColumnElement[bool]:
    """Orders that still hold, what grows, and what a worker has begun: only the recorder knows whether it keeps
    that."""
    holds = tables.holds
    ordered = and_(holds.c.state == HoldState.ORDERED.value, not_(_is_over(at)))
    grows = and_(holds.c.state.in_(_KEPT), holds.c.is_growing, not_(_is_over(at)))
    wanted = or_(ordered, grows, holds.c.state == HoldState.PLACING.value)
    return and_(wanted, holds.c.is_copied == copied, leases.is_free(holds, at))


def _to_release(at: datetime) -> ColumnElement[bool]:
    """Whatever is over: kept, or not even begun. What grows is due when it grows, and over when it is over."""
    holds = tables.holds
    unleased = or_(holds.c.lease_until.is_(None), holds.c.lease_until <= at)
    due = and_(or_(holds.c.due_at <= at, holds.c.is_growing), unleased)
    return and_(holds.c.state.in_(RELEASABLE), _is_over(at), due)


def _due(task: HoldTask, at: datetime) -> ColumnElement[bool]:
    if task is HoldTask.RELEASE:
        return _to_release(at)
    return _to_keep(at, copied=task is HoldTask.COPY)


def is_due(connection: Connection, at: datetime, task: HoldTask) -> bool:
    return connection.execute(select(tables.holds.c.id).where(_due(task, at)).limit(1)).first() is not None


def claim(connection: Connection, lease: Lease, at: datetime, task: HoldTask, room: Room) -> list[Hold]:
    """Holds of one network to work on, leased to the caller: of the one whose turn it is, as many as there is room
    for; a network that is full is passed over."""
    holds = tables.holds
    condition = _due(task, at)
    if full := [name for name, count in room.busy.items() if count >= room.most]:
        condition = and_(condition, holds.c.network.not_in(full))
    network = connection.execute(
        select(holds.c.network).where(condition).order_by(holds.c.due_at).limit(1)
    ).scalar_one_or_none()
    if network is None:
        return []
    chosen = connection.execute(
        select(holds.c.id)
        .where(condition, holds.c.network == network)
        .order_by(holds.c.due_at)
        .limit(room.most - room.busy.get(network, 0))
        .with_for_update(skip_locked=True)
    ).scalars()
    mine = holds.c.id.in_(list(chosen))
    values: dict[str, Any] = leases.taken(holds, lease)
    if task is not HoldTask.RELEASE:
        begun = literal(HoldState.PLACING.value)
        values["state"] = case((holds.c.state == HoldState.ORDERED.value, begun), else_=holds.c.state)
    connection.execute(update(holds).where(mine).values(values))
    rows = connection.execute(select(holds).where(mine).order_by(holds.c.due_at)).mappings()
    return [of_row(row) for row in rows]


def save_parts(connection: Connection, hold_id: str, parts: Sequence[HoldPart]) -> None:
    """What is kept so far, while it is being worked on."""
    holds = tables.holds
    connection.execute(
        update(holds).where(holds.c.id == hold_id).values(parts=PARTS.dump_python(tuple(parts), mode="json"))
    )


def ending(connection: Connection, by: datetime) -> list[Hold]:
    """Kept holds that are let go by then."""
    holds = tables.holds
    query = select(holds).where(holds.c.state.in_(_KEPT), _is_over(by)).order_by(holds.c.id)
    return [of_row(row) for row in connection.execute(query).mappings()]


def find_reminder(connection: Connection, at: datetime, hold_id: str | None = None) -> str | None:
    """An urgent hold whose author is to be reminded, or whether the one named is such."""
    holds = tables.holds
    query = select(holds.c.id).where(holds.c.remind_at <= at).order_by(holds.c.remind_at).limit(1)
    if hold_id is not None:
        query = query.where(holds.c.id == hold_id)
    return connection.execute(query).scalar_one_or_none()


def note_reminder(connection: Connection, hold_id: str) -> None:
    connection.execute(update(tables.holds).where(tables.holds.c.id == hold_id).values(remind_at=None))


def renew(connection: Connection, hold_ids: Collection[str], lease: Lease) -> bool:
    """Extends the lease of those that are still this owner's; whether there was one."""
    holds = tables.holds
    mine = and_(holds.c.id.in_(hold_ids), holds.c.lease_owner == lease.owner)
    return connection.execute(update(holds).where(mine).values(lease_until=lease.until)).rowcount > 0


def leased(connection: Connection, hold_ids: Collection[str]) -> dict[str, str | None]:
    """Whose the holds are."""
    query = select(tables.holds.c.id, tables.holds.c.lease_owner).where(tables.holds.c.id.in_(hold_ids))
    return {row.id: row.lease_owner for row in connection.execute(query)}


def put_off(connection: Connection, hold_id: str, reason: str, let_go: dict[str, Any]) -> None:
    """Leaves the work for later and says why; `let_go` comes from `leases.let_go` or `leases.put_off`."""
    holds = tables.holds
    connection.execute(update(holds).where(holds.c.id == hold_id).values(state_reason=reason, **let_go))


def finish(connection: Connection, endings: Sequence[Ending], at: datetime) -> None:
    """Moves holds on, by the table of transitions, and ends their leases."""
    for each in endings:
        if each.state not in TRANSITIONS[each.hold.state]:
            raise ValueError(f"a hold does not go from {each.hold.state} to {each.state}")
    over = [each for each in endings if each.state in (HoldState.RELEASED, HoldState.EXPIRED)]
    if over:
        connection.execute(_MOVED.values(released_at=at, **leases.let_go(at)), [_row(each) for each in over])
    placed = [each for each in endings if each.state not in (HoldState.RELEASED, HoldState.EXPIRED)]
    if placed:
        named = ("parts", "is_growing", "due_at", "interval_end")
        kept: dict[str, Any] = {
            name: bindparam(f"was_{name}", type_=tables.holds.c[name].type) for name in named
        }
        rows = [
            {
                **_row(each),
                "was_parts": PARTS.dump_python(each.parts, mode="json"),
                "was_is_growing": each.is_growing,
                "was_due_at": each.due_at if each.is_growing and each.due_at else at,
                "was_interval_end": each.end,
            }
            for each in placed
        ]
        # who stopped it meanwhile set the end; then there is another turn
        kept["interval_end"] = func.coalesce(tables.holds.c.interval_end, kept["interval_end"])
        connection.execute(_MOVED.values(**{**leases.let_go(at), **kept, "attempts": 0}), rows)


_MOVED: Final = (
    update(tables.holds)
    .where(tables.holds.c.id == bindparam("the_id"))
    .values(state=bindparam("was_state"), state_reason=bindparam("was_reason"))
)


def _row(ending: Ending) -> dict[str, Any]:
    return {"the_id": ending.hold.id, "was_state": ending.state.value, "was_reason": ending.reason}
