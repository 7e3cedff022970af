"""Urgent holds: an operator or investigator keeps footage without a request, for a short time."""

from collections.abc import Callable, Sequence

import structlog
from sqlalchemy import Connection

from adapters.contract.capabilities import Capability
from adapters.contract.models import Interval
from broker.agencies.authority import Authority
from broker.agencies.models import Action, AgencyAction, Caller, PolicyBook
from broker.agencies.policy import action_masks, may
from broker.audit import store as audit
from broker.audit.models import Operation
from broker.catalog.columns import policy_columns
from broker.catalog.models import Camera
from broker.catalog.store import CatalogStore
from broker.clock import Clock
from broker.errors import Problem
from broker.holds import store
from broker.holds.limits import check_interval, hold_until
from broker.holds.models import Hold, NewHold
from broker.identifiers import Identifiers
from broker.ledger.engine import Ledger
from broker.ledger.idempotency import KeyedCall, find_created, remember_created
from broker.settings import BrokerSettings


class Holds:
    """The service of this domain."""

    def __init__(
        self,
        ledger: Ledger,
        catalog: CatalogStore,
        authority: Authority,
        clock: Clock,
        identifiers: Identifiers,
        settings: BrokerSettings,
    ) -> None:
        self._ledger = ledger
        self._catalog = catalog
        self._authority = authority
        self._clock = clock
        self._identifiers = identifiers
        self._settings = settings
        self._log = structlog.get_logger("holds")

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
        cameras = await self._catalog.cameras(wanted)

        def decide(book: PolicyBook) -> Callable[[Connection], list[Hold]]:
            longest = self._check(caller, purpose, wanted, cameras, interval, book)
            orders = [
                NewHold(
                    id=self._identifiers.new("hold"),
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
            entry = self._authority.entry(caller, Operation.COLLECTION, "order_hold").model_copy(
                update={
                    "objects": (*(o.id for o in orders), *wanted),
                    "owners": tuple(sorted({camera.agency for camera in cameras})),
                    "query": {"interval": str(interval)},
                }
            )

            def work(connection: Connection) -> list[Hold]:
                if call is not None:
                    if (earlier := self._created(connection, caller, call)) is not None:
                        return earlier
                    ids = tuple(new.id for new in orders)
                    remember_created(connection, caller.officer.id, call, ids, at)
                for new in orders:
                    store.order(connection, new, at)
                audit.append(connection, entry, at)
                return _found(connection, [new.id for new in orders])

            return work

        try:
            ordered = await self._authority.decide(decide)
        except Problem as problem:
            if problem.code in ("camera_unknown", "action_denied"):
                owners = tuple(sorted({camera.agency for camera in cameras}))
                await self._authority.deny(caller, "order_hold", tuple(wanted), owners)
            raise
        await self._wake()
        return ordered

    async def earlier(self, caller: Caller, call: KeyedCall) -> list[Hold] | None:
        """What the same call ordered before; logged as a look at it."""
        await self._authority.require_purpose(caller)
        await self._authority.require(caller, AgencyAction.HOLD, "order_hold")
        found = await self._ledger.read(lambda c: self._created(c, caller, call))
        if found is not None:
            entry = self._authority.entry(caller, Operation.CONSULTATION, "show_hold").model_copy(
                update={
                    "objects": tuple(hold.id for hold in found),
                    "owners": tuple(sorted({hold.camera.agency for hold in found})),
                }
            )
            await self._ledger.write(lambda c: audit.append(c, entry, self._clock.now()))
        return found

    def _created(self, connection: Connection, caller: Caller, call: KeyedCall) -> list[Hold] | None:
        ids = find_created(connection, caller.officer.id, call)
        return None if ids is None else _found(connection, ids)

    def _check(
        self,
        caller: Caller,
        purpose: str,
        wanted: Sequence[str],
        cameras: Sequence[Camera],
        interval: Interval,
        book: PolicyBook,
    ) -> list[float | None]:
        """For each camera the days for which the agreement behind the hold lets it last, None without limit."""
        masks = action_masks(
            caller.officer, purpose, policy_columns(cameras), book.agreements, self._clock.now()
        )
        located = {camera.id for i, camera in enumerate(cameras) if masks.allows(Action.LOCATE, i)}
        unknown = sorted(set(wanted) - located)
        if unknown:
            raise Problem("camera_unknown", f"there is no camera {', '.join(unknown)}", cameras=unknown)
        longest: list[float | None] = []
        for i, camera in enumerate(cameras):
            if not masks.allows(Action.HOLD, i):
                raise Problem(
                    "action_denied",
                    f"no role and agreement of yours allows holding {camera.id}",
                    cameras=[camera.id],
                )
            if Capability.FOOTAGE not in camera.offers:
                raise Problem(
                    "footage_not_offered",
                    f"{camera.id} shares its location only: there is no footage to hold",
                    cameras=[camera.id],
                )
            grants = [grant for grant in masks.grants(Action.HOLD, i) if grant.allows_interval(interval)]
            if not grants:
                raise Problem(
                    "interval_too_long",
                    f"{interval} is longer than the agreement allows for {camera.id}: shorten it",
                    cameras=[camera.id],
                )
            agreement = grants[0].agreement
            longest.append(None if agreement is None else agreement.terms.hold_max_days)
        return longest

    async def list_holds(self, caller: Caller) -> list[Hold]:
        """The caller's own orders; for a custodian also all on their agency's cameras."""
        await self._authority.require_purpose(caller)
        await self._authority.require(caller, AgencyAction.HOLD, "list_holds")
        releases = may(caller.officer, AgencyAction.RELEASE_HOLD, self._clock.now())
        owner = caller.officer.agency if releases else None
        found = await self._ledger.read(
            lambda c: store.list_for(c, officer_id=caller.officer.id, owner=owner)
        )
        entry = self._authority.entry(caller, Operation.CONSULTATION, "list_holds").model_copy(
            update={"objects": tuple(hold.id for hold in found)}
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
            update={"objects": (hold_id, hold.camera.id), "owners": (hold.camera.agency, hold.agency)}
        )

        def work(connection: Connection) -> Hold:
            store.schedule_release(connection, hold_id, at)
            audit.append(connection, entry, at)
            changed = store.find(connection, hold_id)
            return hold if changed is None else changed

        released = await self._ledger.write(work)
        await self._wake()
        return released

    async def _visible(self, caller: Caller, hold_id: str) -> Hold:
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

    async def _wake(self) -> None:
        try:
            await self._catalog.wake_worker()
        except Problem as problem:
            # the ledger is the queue: without the wake-up a worker finds the row by polling
            self._log.warning("worker not woken", code=problem.code)


def _found(connection: Connection, ids: Sequence[str]) -> list[Hold]:
    return [hold for hold_id in ids if (hold := store.find(connection, hold_id)) is not None]
