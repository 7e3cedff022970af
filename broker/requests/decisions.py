"""Decides and ends items: the owner approves or denies, the requester withdraws, the recorder has nothing."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from sqlalchemy import Connection

from adapters.contract.models import Interval
from broker.agencies.authority import Authority
from broker.agencies.models import AgencyAction, Agreement, Caller, PolicyBook
from broker.agencies.policy import RequestView, may
from broker.audit import store as audit
from broker.audit.models import Operation
from broker.clock import Clock
from broker.errors import Problem
from broker.holds import store as holds
from broker.holds.models import Finding, Hold
from broker.identifiers import Identifiers
from broker.ledger.engine import Ledger
from broker.requests import store
from broker.requests.models import DecidedItem, Decision, Item, Request
from broker.requests.service import Requests, found, host_entry, signatory
from broker.requests.states import FINAL_ITEMS, ItemState


class Decisions:
    """What moves items on by people's word."""

    def __init__(
        self,
        requests: Requests,
        ledger: Ledger,
        authority: Authority,
        clock: Clock,
        identifiers: Identifiers,
    ) -> None:
        self._requests = requests
        self._ledger = ledger
        self._authority = authority
        self._clock = clock
        self._identifiers = identifiers

    async def decide(
        self,
        caller: Caller,
        request_id: str,
        verdict: ItemState,
        reason: str,
        named: Sequence[DecidedItem],
        if_match: int | None,
    ) -> tuple[Request, RequestView]:
        """Approves or denies items of the caller's own agency; all that are pending where none is named."""
        request, view = await self._requests.visible(caller, request_id)
        caller = caller.model_copy(update={"purpose": request.purpose, "case_ref": request.case_ref})
        at = self._clock.now()
        if view.as_owner is None or not may(caller.officer, AgencyAction.DECIDE, at, view.as_owner):
            await self._authority.deny(caller, f"decide_{verdict.value}", (request_id,), request.owners)
            raise Problem("role_denied", "only a custodian of the camera's owner decides")
        if request.requester.is_same_person(signatory(caller)):
            await self._authority.deny(caller, f"decide_{verdict.value}", (request_id,), request.owners)
            raise Problem("own_request", "another custodian has to decide on your request")

        def decide(book: PolicyBook) -> Callable[[Connection], Request]:
            def work(connection: Connection) -> Request:
                current = found(connection, request_id)
                _check_version(current, if_match)
                for item, part in _named_items(current, caller.officer.agency, named):
                    self._decide_item(connection, caller, item, verdict, reason, part, book)
                decided = found(connection, request_id)
                entry = self._requests.about(caller, decided, f"decide_{verdict.value}", Operation.ALTERATION)
                audit.append(connection, entry, at)
                return decided

            return work

        decided = await self._authority.decide(decide)
        await self._requests.wake()
        return decided, view

    def _decide_item(
        self,
        connection: Connection,
        caller: Caller,
        item: Item,
        verdict: ItemState,
        reason: str,
        part: Interval | None,
        book: PolicyBook,
    ) -> None:
        at = self._clock.now()
        if item.state is not ItemState.PENDING:
            raise Problem("state_conflict", f"item {item.n} is {item.state.value}, no longer pending")
        if part is not None and part.intersect(item.requested) != part:
            raise Problem("interval_outside", f"{part} is not inside {item.requested} of item {item.n}")
        if any(d.by.is_same_person(signatory(caller)) for d in item.decisions):
            raise Problem("state_conflict", f"you have approved item {item.n}; a second custodian is needed")
        decision = Decision(
            n=item.n, by=signatory(caller), verdict=verdict, reason=reason, interval=part, at=at
        )
        store.add_decision(connection, self._identifiers.new("dec"), item.request_id, decision)
        if verdict is ItemState.DENIED:
            store.move_item(connection, item, ItemState.DENIED, at, reason=reason)
            self._let_go(connection, item, _grace(item, book.agreements))
            return
        granted: Interval | None = item.requested
        for interval in (*(d.interval for d in item.decisions), part):
            if interval is not None and granted is not None:
                granted = granted.intersect(interval)
        if granted is None:
            raise Problem("interval_outside", f"the approvals of item {item.n} have no common interval")
        if len(item.decisions) + 1 >= item.approvals_needed:
            store.move_item(connection, item, ItemState.APPROVED, at, reason=reason, approved=granted)
        else:
            store.touch(connection, item.request_id, at)

    async def cancel(
        self, caller: Caller, request_id: str, reason: str, named: Sequence[DecidedItem], if_match: int | None
    ) -> tuple[Request, RequestView]:
        """The requester withdraws items that are not finished; their holds are let go."""
        request, view = await self._requests.visible(caller, request_id)
        caller = caller.model_copy(update={"purpose": request.purpose, "case_ref": request.case_ref})
        if not view.as_requester:
            await self._authority.deny(caller, "cancel_request", (request_id,), request.owners)
            raise Problem("role_denied", "only the requester withdraws a request; an owner denies it")

        def work(connection: Connection) -> Request:
            current = found(connection, request_id)
            _check_version(current, if_match)
            numbers = {item.n for item in named}
            _refuse_unknown(current, numbers)
            open_items = [
                item
                for item in current.items
                if item.state not in FINAL_ITEMS and (not numbers or item.n in numbers)
            ]
            if not open_items:
                raise Problem("state_conflict", f"request {request_id} is {current.state.value} already")
            for item in open_items:
                store.move_item(connection, item, ItemState.CANCELLED, self._clock.now(), reason=reason)
                self._let_go(connection, item, timedelta(), by_requester=True)
            cancelled = found(connection, request_id)
            entry = self._requests.about(caller, cancelled, "cancel_request", Operation.ALTERATION)
            audit.append(connection, entry, self._clock.now())
            return cancelled

        cancelled = await self._ledger.write(work)
        await self._requests.wake()
        return cancelled, view

    def _let_go(
        self, connection: Connection, item: Item, grace: timedelta, *, by_requester: bool = False
    ) -> None:
        """Schedules the release of an item's hold. Under a judicial basis only its requester releases it."""
        if item.hold is not None and (by_requester or not item.hold.judicial):
            holds.schedule_release(connection, item.hold.id, self._clock.now() + grace)

    def note_hold(self, connection: Connection, hold: Hold, finding: Finding) -> None:
        """A hold is settled: its item learns what there is. Without any footage it ends here."""
        if hold.request_id is None:
            return
        request = found(connection, hold.request_id)
        item = request.item(hold.n or 0)
        if item is None or item.state in FINAL_ITEMS:
            return
        store.note_footage(connection, item, finding.available, finding.overwrite_at, finding.clock_offset_ms)
        if finding.available:
            store.touch(connection, item.request_id, self._clock.now())
            return
        store.move_item(
            connection,
            item,
            ItemState.UNAVAILABLE,
            self._clock.now(),
            reason="the recorder has no footage of this interval",
        )
        entry = host_entry(request, item, "item_unavailable")
        audit.append(connection, entry, self._clock.now())


def _check_version(request: Request, if_match: int | None) -> None:
    if if_match is not None and request.version != if_match:
        raise Problem("version_conflict", f"request {request.id} changed since you read it: read it again")


def _refuse_unknown(request: Request, numbers: set[int]) -> None:
    missing = numbers - {item.n for item in request.items}
    if missing:
        raise Problem("not_found", f"request {request.id} has no item {min(missing)}")


def _named_items(
    request: Request, agency: str, named: Sequence[DecidedItem]
) -> list[tuple[Item, Interval | None]]:
    """The items to decide on; another owner's are as unknown as those that do not exist."""
    own = {item.n: item for item in request.items if item.camera.agency == agency}
    if not named:
        pending = [(item, None) for item in own.values() if item.state is ItemState.PENDING]
        if not pending:
            raise Problem("state_conflict", f"request {request.id} has no pending item of {agency}")
        return list(pending)
    if len({part.n for part in named}) != len(named):
        raise Problem("invalid", "an item is named twice")
    for part in named:
        if part.n not in own:
            raise Problem("not_found", f"request {request.id} has no item {part.n}")
    return [(own[part.n], part.interval) for part in named]


def _grace(item: Item, agreements: Sequence[Agreement]) -> timedelta:
    days = next((a.terms.grace_days for a in agreements if a.id == item.agreement_id), 0.0)
    return timedelta(days=days)
