"""Holds in the ledger; their rows are the queue of what to place and release."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    bindparam,
    insert,
    not_,
    or_,
    select,
    update,
)

from adapters.contract.models import Interval
from broker.catalog.models import Camera
from broker.holds.models import TRANSITIONS, Ending, Hold, HoldMethod, HoldState, NewHold
from broker.ledger import leases, tables
from broker.ledger.leases import Lease
from broker.pages import Cut, Page

INTERVALS = TypeAdapter(tuple[Interval, ...])
MOST_IDS: Final = 1000

RELEASABLE = (HoldState.ORDERED.value, HoldState.HELD.value, HoldState.PARTIAL.value)


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
            "ordered_at": at,
            "until": new.until,
            "state": HoldState.ORDERED.value,
            "held": [],
            "due_at": at,
        }
        for new in orders
    ]
    if rows:
        connection.execute(insert(tables.holds), rows)


def _hold(row: RowMapping) -> Hold:
    return Hold(
        id=row["id"],
        camera=Camera.model_validate(row["camera"]),
        interval=Interval(start=row["interval_start"], end=row["interval_end"]),
        reason=row["reason"],
        agency=row["agency"],
        officer_id=row["officer_id"],
        purpose=row["purpose"],
        case_ref=row["case_ref"],
        judicial=row["judicial"],
        until=row["until"],
        request_id=row["request_id"],
        n=row["n"],
        ordered_at=row["ordered_at"],
        state=HoldState(row["state"]),
        state_reason=row["state_reason"],
        how=HoldMethod(row["how"]) if row["how"] else None,
        handle=row["handle"],
        held=INTERVALS.validate_python(row["held"]),
        release_at=row["release_at"],
        released_at=row["released_at"],
        attempts=row["attempts"],
    )


def find(connection: Connection, hold_id: str) -> Hold | None:
    query = select(tables.holds).where(tables.holds.c.id == hold_id)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _hold(row)


def find_all(connection: Connection, hold_ids: Sequence[str]) -> list[Hold]:
    """Those that there are, in the order of the ids."""
    found: dict[str, Hold] = {}
    for start in range(0, len(hold_ids), MOST_IDS):
        query = select(tables.holds).where(tables.holds.c.id.in_(hold_ids[start : start + MOST_IDS]))
        found |= {row["id"]: _hold(row) for row in connection.execute(query).mappings()}
    return [found[hold_id] for hold_id in hold_ids if hold_id in found]


def of_requests(connection: Connection, request_ids: list[str]) -> dict[tuple[str, int], Hold]:
    """Request and item number → hold."""
    query = select(tables.holds).where(tables.holds.c.request_id.in_(request_ids))
    return {(row["request_id"], row["n"]): _hold(row) for row in connection.execute(query).mappings()}


def list_for(connection: Connection, *, officer_id: str, owner: str | None, page: Page) -> Cut[Hold]:
    """Holds that the officer ordered, or on the owner's cameras; newest first."""
    holds = tables.holds
    conditions: list[ColumnElement[bool]] = [holds.c.officer_id == officer_id]
    if owner is not None:
        conditions.append(holds.c.owner == owner)
    query = select(holds).where(or_(*conditions)).order_by(holds.c.id.desc()).limit(page.limit + 1)
    if page.after is not None:
        query = query.where(holds.c.id < page.after)
    rows = connection.execute(query).mappings()
    return page.ended([_hold(row) for row in rows], lambda hold: hold.id)


def schedule_release(connection: Connection, hold_id: str, release_at: datetime) -> None:
    """Lets the hold go from then on; an earlier schedule stands."""
    holds = tables.holds
    connection.execute(
        update(holds)
        .where(holds.c.id == hold_id, or_(holds.c.release_at.is_(None), holds.c.release_at > release_at))
        .values(release_at=release_at)
    )


def _is_over(at: datetime) -> ColumnElement[bool]:
    """Let go of, or past its longest time."""
    holds = tables.holds
    return or_(
        and_(holds.c.release_at.is_not(None), holds.c.release_at <= at),
        and_(holds.c.until.is_not(None), holds.c.until <= at),
    )


def _to_place(at: datetime) -> ColumnElement[bool]:
    """Orders that still hold, and what a worker has begun: only the recorder knows whether it keeps that."""
    holds = tables.holds
    ordered = and_(holds.c.state == HoldState.ORDERED.value, not_(_is_over(at)))
    return and_(or_(ordered, holds.c.state == HoldState.PLACING.value), leases.is_free(holds, at))


def _to_release(at: datetime) -> ColumnElement[bool]:
    """Whatever is over: kept, or not even begun."""
    holds = tables.holds
    return and_(holds.c.state.in_(RELEASABLE), _is_over(at), leases.is_free(holds, at))


def is_due(connection: Connection, at: datetime, *, releasing: bool) -> bool:
    condition = _to_release(at) if releasing else _to_place(at)
    return connection.execute(select(tables.holds.c.id).where(condition).limit(1)).first() is not None


def claim(
    connection: Connection,
    lease: Lease,
    at: datetime,
    *,
    releasing: bool,
    most: int = 1,
    busy: Mapping[str, int] = MappingProxyType({}),
) -> list[Hold]:
    """Holds of one network to place or release, leased to the caller: of the one whose turn it is, up to `most` with
    those that are `busy` there; a network that has so many is passed over."""
    holds = tables.holds
    condition = _to_release(at) if releasing else _to_place(at)
    if full := [name for name, count in busy.items() if count >= most]:
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
        .limit(most - busy.get(network, 0))
        .with_for_update(skip_locked=True)
    ).scalars()
    mine = holds.c.id.in_(list(chosen))
    values: dict[str, Any] = leases.taken(holds, lease)
    if not releasing:
        values["state"] = HoldState.PLACING.value
    connection.execute(update(holds).where(mine).values(values))
    rows = connection.execute(select(holds).where(mine).order_by(holds.c.due_at)).mappings()
    return [_hold(row) for row in rows]


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
        kept: dict[str, Any] = {name: bindparam(f"was_{name}") for name in ("how", "handle", "held")}
        rows = [
            {
                **_row(each),
                "was_how": each.how,
                "was_handle": each.handle,
                "was_held": INTERVALS.dump_python(each.held, mode="json"),
            }
            for each in placed
        ]
        connection.execute(_MOVED.values(attempts=0, **kept, **leases.let_go(at)), rows)


_MOVED: Final = (
    update(tables.holds)
    .where(tables.holds.c.id == bindparam("the_id"))
    .values(state=bindparam("was_state"), state_reason=bindparam("was_reason"))
)


def _row(ending: Ending) -> dict[str, Any]:
    return {"the_id": ending.hold.id, "was_state": ending.state.value, "was_reason": ending.reason}
