"""Urgent holds: an operator or investigator keeps footage without a request, for a short time."""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from adapters.contract.models import Interval
from broker.agencies.models import Action, AgencyAction, Caller, PolicyBook
from broker.agencies.policy import action_masks, may
from broker.audit import store as audit
from broker.audit.models import Operation
from broker.catalog.columns import policy_columns
from broker.catalog.models import Camera, whose_of
from broker.errors import Problem
from broker.holds import orders, store
from broker.holds.limits import check_interval, check_located, footage_grants, hold_until, longest_hold_days
from broker.holds.models import Hold, NewHold
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
        interval: Interval,
        reason: str,
        call: KeyedCall | None = None,
    ) -> list[Hold]:
        """One durable order a camera. One unknown or hidden camera refuses them all."""
        purpose = await self._authority.require_purpose(caller)
        await self._authority.require(caller, AgencyAction.HOLD, "order_hold")
        at = self._clock.now()
        check_interval(interval, at, self._settings.max_clip_s)
        if len(camera_ids) > self._settings.max_items:
            raise Problem(
                "invalid", f"{len(camera_ids)} cameras, over the limit of {self._settings.max_items}"
            )
        wanted = sorted(set(camera_ids))
        cameras = await self._desk.catalog.cameras(wanted)

        def decide(book: PolicyBook) -> Callable[[Connection], list[Hold]]:
            longest = self._check(caller, purpose, wanted, cameras, interval, book)
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
                    until=hold_until(at, self._settings.urgent_hold_h / 24, days),
                )
                for camera, days in zip(cameras, longest, strict=True)
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
        interval: Interval,
        book: PolicyBook,
    ) -> list[float | None]:
        """For each camera the days for which the agreements behind the hold let it last, None without limit."""
        masks = action_masks(
            caller.officer,
            purpose,
            policy_columns(cameras),
            book.agreements,
            self._clock.now(),
            book.emergencies,
        )
        check_located(masks, cameras, wanted)
        return [
            longest_hold_days(footage_grants(masks, Action.HOLD, camera, i, interval))
            for i, camera in enumerate(cameras)
        ]

    async def list_holds(self, caller: Caller, page: Page) -> Cut[Hold]:
        """The caller's own orders; for a custodian also all on their agency's cameras."""
        await self._authority.require_purpose(caller)
        await self._authority.require(caller, AgencyAction.HOLD, "list_holds")
        releases = may(caller.officer, AgencyAction.RELEASE_HOLD, self._clock.now())
        owner = caller.officer.agency if releases else None
        found = await self._ledger.read(
            lambda c: store.list_for(c, officer_id=caller.officer.id, owner=owner, page=page)
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

    async def _visible(self, caller: Caller, hold_id: str) -> Hold:
        either = (AgencyAction.HOLD, AgencyAction.RELEASE_HOLD)
        await self._authority.require_scope(caller, either, "show_hold")
        hold = await self._ledger.read(lambda c: store.find(c, hold_id))
        if hold is not None:
            at, officer = self._clock.now(), caller.officer
            if hold.officer_id == officer.id and may(officer, AgencyAction.HOLD, at):
                return hold
            if may(officer, AgencyAction.RELEASE_HOLD, at, hold.camera.agency):
                return hold
        owners = () if hold is None else (hold.camera.agency,)
        await self._authority.deny(caller, "show_hold", (hold_id,), owners)
        raise Problem("not_found", f"there is no hold {hold_id}")
