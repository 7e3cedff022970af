"""Urgent holds: an operator or investigator keeps footage without a request, for a short time."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from adapters.contract.models import Interval
from broker.agencies.models import Action, AgencyAction, Caller, PolicyBook
from broker.agencies.policy import Basis, action_masks, may
from broker.audit import store as audit
from broker.audit.models import Operation
from broker.catalog.columns import policy_columns
from broker.catalog.models import Camera, whose_of
from broker.errors import Problem
from broker.holds import orders, store
from broker.holds.limits import (
    check_interval,
    check_located,
    check_open,
    footage_grants,
    hold_until,
    longest_clip_s,
    longest_hold_days,
)
from broker.holds.models import Hold, HoldInterval, NewHold
from broker.holds.orders import OrderDesk
from broker.keyed_calls import KeyedCall
from broker.ledger.idempotency import create_once, find_created
from broker.pages import Cut, Page


class Holds:
    """The service of this domain."""

    def __init__(self, desk: OrderDesk) -> None:
        self._desk = desk
        self._ledger = desk.ledger
        self._authority = desk.authority
        self._clock = desk.clock
        self._settings = desk.settings

    async def order(
        self,
        caller: Caller,
        camera_ids: Sequence[str],
        interval: HoldInterval,
        reason: str,
        call: KeyedCall | None = None,
    ) -> list[Hold]:
        """One durable order a camera. One unknown or hidden camera refuses them all. One with an open end grows until
        it is stopped, or is as long as it may be."""
        purpose = await self._authority.require_purpose(caller)
        await self._authority.require(caller, AgencyAction.HOLD, "order_hold")
        at = self._clock.now()
        self._check_interval(interval, at)
        if len(camera_ids) > self._settings.max_items:
            raise Problem(
                "invalid", f"{len(camera_ids)} cameras, over the limit of {self._settings.max_items}"
            )
        wanted = sorted(set(camera_ids))
        cameras = await self._desk.catalog.cameras(wanted)

        order_id = self._desk.identifiers.new("order")

        def decide(book: PolicyBook) -> Callable[[Connection], list[Hold]]:
            bases = self._check(caller, purpose, wanted, cameras, interval, book)
            ends = [
                hold_until(at, self._settings.urgent_hold_h / 24, longest_hold_days(each)) for each in bases
            ]
            ordered = [
                NewHold(
                    id=self._desk.identifiers.new("hold"),
                    camera=camera,
                    interval=interval,
                    reason=reason,
                    agency=caller.officer.agency,
                    officer_id=caller.officer.id,
                    purpose=purpose,
                    case_ref=caller.case_ref,
                    judicial=False,
                    until=until,
                    remind_at=None if until is None else self._remind_at(at, until),
                    order_id=order_id,
                    grows_until=self._grows_until(interval, grants),
                )
                for camera, grants, until in zip(cameras, bases, ends, strict=True)
            ]
            ids = tuple(new.id for new in ordered)
            entry = self._authority.entry(caller, Operation.COLLECTION, "order_hold").model_copy(
                update={
                    "objects": (*ids, *wanted),
                    "owners": tuple(sorted({camera.agency for camera in cameras})),
                    "query": {"interval": str(interval)},
                    "whose": {new.id: (new.camera.agency,) for new in ordered} | whose_of(cameras),
                }
            )

            def create(connection: Connection) -> None:
                orders.place(connection, ordered, at)
                audit.append(connection, entry, at)

            return lambda c: store.find_all(c, create_once(c, caller.officer.id, call, ids, at, create))

        return await self._desk.take(caller, "order_hold", wanted, cameras, decide)

    async def earlier(self, caller: Caller, call: KeyedCall) -> list[Hold] | None:
        """What the same call ordered before; logged as a look at it."""
        await self._authority.require_purpose(caller)
        await self._authority.require(caller, AgencyAction.HOLD, "order_hold")
        ids = await self._ledger.read(lambda c: find_created(c, caller.officer.id, call))
        if ids is None:
            return None
        found = await self._ledger.read(lambda c: store.find_all(c, ids))
        entry = self._authority.entry(caller, Operation.CONSULTATION, "show_hold").model_copy(
            update={
                "objects": tuple(hold.id for hold in found),
                "owners": tuple(sorted({hold.camera.agency for hold in found})),
                "whose": {hold.id: (hold.camera.agency,) for hold in found},
            }
        )
        await self._ledger.write(lambda c: audit.append(c, entry, self._clock.now()))
        return found

    def _check(
        self,
        caller: Caller,
        purpose: str,
        wanted: Sequence[str],
        cameras: Sequence[Camera],
        interval: HoldInterval,
        book: PolicyBook,
    ) -> list[tuple[Basis, ...]]:
        """For each camera what allows holding so much of its footage."""
        masks = action_masks(
            caller.officer,
            purpose,
            policy_columns(cameras),
            book.agreements,
            self._clock.now(),
            book.emergencies,
        )
        check_located(masks, cameras, wanted)
        at = self._clock.now()
        passed = interval.until(at) or Interval(start=interval.start, end=at + timedelta(seconds=1))
        return [footage_grants(masks, Action.HOLD, camera, i, passed) for i, camera in enumerate(cameras)]

    def _check_interval(self, interval: HoldInterval, at: datetime) -> None:
        if interval.end is None:
            check_open(interval.start, at, self._settings.max_clip_s)
        else:
            closed = Interval(start=interval.start, end=interval.end)
            check_interval(closed, at, self._settings.max_clip_s)

    def _remind_at(self, at: datetime, until: datetime) -> datetime:
        """So long before its end as is configured; in the middle of one that lasts less than twice that."""
        return until - min(timedelta(hours=self._settings.remind_before_h), (until - at) / 2)

    def _grows_until(self, interval: HoldInterval, grants: Sequence[Basis]) -> datetime | None:
        """When an open interval is as long as the broker and the agreements allow."""
        if interval.end is not None:
            return None
        limits = (self._settings.max_clip_s, longest_clip_s(grants))
        return interval.start + timedelta(seconds=min(limit for limit in limits if limit is not None))

    async def list_holds(self, caller: Caller, page: Page, order_id: str | None = None) -> Cut[Hold]:
        """The caller's own; for a custodian also all on their agency's cameras. Of one order where it is given."""
        await self._authority.require_purpose(caller)
        await self._authority.require(caller, AgencyAction.HOLD, "list_holds")
        releases = may(caller.officer, AgencyAction.RELEASE_HOLD, self._clock.now())
        owner = caller.officer.agency if releases else None
        found = await self._ledger.read(
            lambda c: store.list_for(
                c, officer_id=caller.officer.id, owner=owner, order_id=order_id, page=page
            )
        )
        entry = self._authority.entry(caller, Operation.CONSULTATION, "list_holds").model_copy(
            update={"objects": tuple(hold.id for hold in found.rows)}
        )
        await self._ledger.write(lambda c: audit.append(c, entry, self._clock.now()))
        return found

    async def show(self, caller: Caller, hold_id: str) -> Hold:
        await self._authority.require_purpose(caller)
        hold = await self._visible(caller, hold_id)
        entry = self._authority.entry(caller, Operation.CONSULTATION, "show_hold").model_copy(
            update={"objects": (hold_id,), "owners": (hold.camera.agency,)}
        )
        await self._ledger.write(lambda c: audit.append(c, entry, self._clock.now()))
        return hold

    async def for_request(self, caller: Caller, hold_ids: Sequence[str]) -> list[tuple[Camera, Interval]]:
        """Camera and interval by now of urgent holds that are to become a request's: the caller's own, and those that
        others of the caller's agency ordered. `hold_unknown` names what is not there or is not theirs, in the same
        words. Nothing is changed yet."""
        at = self._clock.now()
        found = {hold.id: hold for hold in await self._ledger.read(lambda c: store.find_all(c, hold_ids))}
        theirs = {id_: hold for id_, hold in found.items() if hold.agency == caller.officer.agency}
        if unknown := sorted(set(hold_ids) - theirs.keys()):
            owners = tuple(sorted({hold.camera.agency for hold in found.values()}))
            await self._authority.deny(caller, "submit_request", tuple(unknown), owners)
            raise Problem("hold_unknown", f"there is no hold {', '.join(unknown)}")
        wanted = []
        for hold_id in hold_ids:
            hold = theirs[hold_id]
            passed = hold.interval.until(at)
            if passed is None:
                raise Problem("hold_unknown", f"hold {hold_id} has not begun: name its camera and interval")
            wanted.append((hold.camera, passed))
        return wanted

    async def stop(self, caller: Caller, hold_id: str) -> Hold:
        """Ends an open interval now: what is kept stays kept. By who ordered it, or by the owner's custodian."""
        await self._authority.require_purpose(caller)
        hold = await self._visible(caller, hold_id)
        at = self._clock.now()
        entry = self._authority.entry(caller, Operation.ALTERATION, "stop_hold").model_copy(
            update={
                "objects": (hold_id, hold.camera.id),
                "owners": (hold.camera.agency, hold.agency),
                "whose": hold.whose,
            }
        )

        def work(connection: Connection) -> Hold:
            if not store.end_interval(connection, hold_id, at):
                raise Problem(
                    "state_conflict", f"hold {hold_id} does not grow: its end is set, or it is over"
                )
            audit.append(connection, entry, at)
            changed = store.find(connection, hold_id)
            return hold if changed is None else changed

        stopped = await self._ledger.write(work)
        await self._desk.bell.ring()
        return stopped

    async def release(self, caller: Caller, hold_id: str) -> Hold:
        """By who ordered it, or by the owner's custodian unless a judicial basis holds it."""
        await self._authority.require_purpose(caller)
        hold = await self._visible(caller, hold_id)
        at = self._clock.now()
        mine = hold.officer_id == caller.officer.id
        if not mine and hold.judicial:
            await self._authority.deny(caller, "release_hold", (hold_id,), (hold.camera.agency,))
            raise Problem(
                "judicial_hold", f"only {hold.agency}, who asked under a judicial basis, releases it"
            )
        entry = self._authority.entry(caller, Operation.ALTERATION, "release_hold").model_copy(
            update={
                "objects": (hold_id, hold.camera.id),
                "owners": (hold.camera.agency, hold.agency),
                "whose": hold.whose,
            }
        )

        def work(connection: Connection) -> Hold:
            store.schedule_release(connection, hold_id, at)
            audit.append(connection, entry, at)
            changed = store.find(connection, hold_id)
            return hold if changed is None else changed

        released = await self._ledger.write(work)
        await self._desk.bell.ring()
        return released

    def shown_of(self, connection: Connection, caller: Caller, hold_ids: Sequence[str]) -> list[str]:
        """Those of these that the caller may see; not logged."""
        at = self._clock.now()
        return [hold.id for hold in store.find_all(connection, hold_ids) if _shows(hold, caller, at)]

    async def _visible(self, caller: Caller, hold_id: str) -> Hold:
        either = (AgencyAction.HOLD, AgencyAction.RELEASE_HOLD)
        await self._authority.require_scope(caller, either, "show_hold")
        hold = await self._ledger.read(lambda c: store.find(c, hold_id))
        if hold is not None and _shows(hold, caller, self._clock.now()):
            return hold
        owners = () if hold is None else (hold.camera.agency,)
        await self._authority.deny(caller, "show_hold", (hold_id,), owners)
        raise Problem("not_found", f"there is no hold {hold_id}")


def _shows(hold: Hold, caller: Caller, at: datetime) -> bool:
    """Who ordered it sees it, and who may release it."""
    officer = caller.officer
    if hold.officer_id == officer.id and may(officer, AgencyAction.HOLD, at):
        return True
    return may(officer, AgencyAction.RELEASE_HOLD, at, hold.camera.agency)
