"""Decides and ends items: the owner approves or denies, the requester withdraws, the recorder has nothing."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from adapters.contract.models import Interval
from broker.agencies.models import AgencyAction, Agreement, Caller, PolicyBook, Role
from broker.agencies.notices.service import Addressee, Notices
from broker.agencies.officers import read_officer
from broker.agencies.policy import RequestView, may
from broker.audit import store as audit
from broker.audit.models import Operation
from broker.errors import Problem
from broker.holds import orders
from broker.holds.models import Finding, Hold
from broker.holds.orders import OrderDesk
from broker.requests import store
from broker.requests.deadlines import Deadline, presses_at, without_hold
from broker.requests.models import DecidedItem, Decision, Item, Request, Word
from broker.requests.service import Requests, found, host_entry, signatory
from broker.requests.states import FINAL_ITEMS, ItemState
from broker.requests.versions import check_version

NOT_HELD: Final = "footage_not_held"


class Decisions:
    """What moves items on by people's word."""

    def __init__(self, requests: Requests, desk: OrderDesk, notices: Notices) -> None:
        self._requests = requests
        self._notices = notices
        self._ledger = desk.ledger
        self._authority = desk.authority
        self._clock = desk.clock
        self._identifiers = desk.identifiers
        self._bell = desk.bell

    async def decide(
        self, caller: Caller, request_id: str, verdict: ItemState, word: Word
    ) -> tuple[Request, RequestView]:
        """Approves or denies items of the caller's own agency; all that are pending where none is named."""
        request, view = await self._requests.visible(caller, request_id)
        caller = caller.model_copy(update={"purpose": request.purpose, "case_ref": request.case_ref})
        at, action = self._clock.now(), f"decide_{verdict.value}"
        if view.as_owner is None or not may(caller.officer, AgencyAction.DECIDE, at, view.as_owner):
            await self._authority.deny(caller, action, (request_id,), request.owners, request.whose)
            raise Problem("role_denied", "only a custodian of the camera's owner decides")
        if request.requester.is_same_person(signatory(caller)):
            await self._authority.deny(caller, action, (request_id,), request.owners, request.whose)
            raise Problem("own_request", "another custodian has to decide on your request")
        owned = RequestView(as_requester=False, as_owner=view.as_owner)

        def decide(book: PolicyBook) -> Callable[[Connection], Request]:
            def work(connection: Connection) -> Request:
                current = found(connection, request_id)
                check_version(current, view, word.version)
                named = _named_items(current, caller.officer.agency, word.named)
                has_document = any(each.is_for(caller.officer.agency) for each in current.documents)
                for item, part in named:
                    self._decide_item(
                        connection, caller, item, verdict, word.reason, part, book, has_document=has_document
                    )
                entry = self._requests.about(caller, current, owned, action, Operation.ALTERATION)
                concerned = {
                    "owners": tuple(dict.fromkeys((*entry.owners, current.agency))),
                    "query": {"items": [item.n for item, _ in named]},
                }
                audit.append(connection, entry.model_copy(update=concerned), at)
                return found(connection, request_id)

            return work

        decided = await self._authority.decide(decide)
        await self._bell.ring()
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
        *,
        has_document: bool,
    ) -> None:
        at = self._clock.now()
        if item.state is not ItemState.PENDING:
            raise Problem("state_conflict", f"item {item.n} is {item.state.value}, no longer pending")
        if verdict is ItemState.APPROVED and item.needs_document and not has_document:
            raise Problem(
                "document_missing",
                f"the agreement on item {item.n} wants a document: its requester has attached none yet",
            )
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
            orders.let_go(connection, item.hold, at + grace_of(item, book.agreements))
            return
        counting = [d for d in item.decisions if _still_decides(connection, d, item.camera.agency, at)]
        granted: Interval | None = item.requested
        for interval in (*(d.interval for d in counting), part):
            if interval is not None and granted is not None:
                granted = granted.intersect(interval)
        if granted is None:
            raise Problem("interval_outside", f"the approvals of item {item.n} have no common interval")
        if len(counting) + 1 >= item.approvals_needed:
            store.move_item(connection, item, ItemState.APPROVED, at, reason=reason, approved=granted)

    async def cancel(self, caller: Caller, request_id: str, word: Word) -> tuple[Request, RequestView]:
        """The requester withdraws items that are not finished; their holds are let go."""
        request, view = await self._requests.visible(caller, request_id)
        caller = caller.model_copy(update={"purpose": request.purpose, "case_ref": request.case_ref})
        if not view.as_requester:
            await self._authority.deny(caller, "cancel_request", (request_id,), request.owners, request.whose)
            raise Problem("role_denied", "only the requester withdraws a request; an owner denies it")

        def work(connection: Connection) -> Request:
            current, at = found(connection, request_id), self._clock.now()
            check_version(current, view, word.version)
            numbers = {item.n for item in word.named}
            _refuse_unknown(current, numbers)
            open_items = [
                item
                for item in current.items
                if item.state not in FINAL_ITEMS and (not numbers or item.n in numbers)
            ]
            if not open_items:
                raise Problem("state_conflict", f"request {request_id} is {current.state.value} already")
            for item in open_items:
                store.move_item(connection, item, ItemState.CANCELLED, at, reason=word.reason)
                orders.let_go(connection, item.hold, at, by_requester=True)
            entry = self._requests.about(caller, current, view, "cancel_request", Operation.ALTERATION)
            audit.append(connection, entry, at)
            return found(connection, request_id)

        cancelled = await self._ledger.write(work)
        await self._bell.ring()
        return cancelled, view

    def note_hold(self, connection: Connection, hold: Hold, finding: Finding) -> None:
        """A hold is settled: its item learns what there is. Without any footage it ends here."""
        if hold.request_id is None:
            return
        request = found(connection, hold.request_id)
        item = request.item(hold.n or 0)
        if item is None or item.state in FINAL_ITEMS:
            return
        store.note_footage(connection, item, finding.available, finding.overwrite_at, finding.clock_offset_ms)
        self._press(connection, request, item, finding)
        if finding.available:
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

    def _press(self, connection: Connection, request: Request, item: Item, finding: Finding) -> None:
        """Footage that nobody keeps presses: its deadline may be earlier, and its owner is told at once."""
        if item.state is not ItemState.PENDING or item.decide_by is None or item.decide_by_limit is None:
            return
        due = Deadline(item.decide_by, item.decide_by_limit)
        if not finding.kept:
            due = without_hold(due, finding.gone_at)
        press_at = presses_at(due.at, finding.overwrite_at, is_kept=finding.kept)
        store.set_deadline(connection, item, due, press_at)
        if not finding.kept and finding.available:
            told = [Addressee(item.camera.agency, Role.CUSTODIAN)]
            self._notices.tell_once(connection, told, NOT_HELD, request.id, self._clock.now())


def _still_decides(connection: Connection, decision: Decision, owner: str, at: datetime) -> bool:
    """An approval counts while its custodian is one, or stood in for one when it was given: a withdrawn designation
    takes it along."""
    custodian = read_officer(connection, decision.by.officer_id)
    return custodian is not None and may(custodian.acting(decision.at), AgencyAction.DECIDE, at, owner)


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


def grace_of(item: Item, agreements: Sequence[Agreement]) -> timedelta:
    """How long the footage of an item that is over stays held, by its agreement."""
    days = next((a.terms.grace_days for a in agreements if a.id == item.agreement_id), 0.0)
    return timedelta(days=days)
