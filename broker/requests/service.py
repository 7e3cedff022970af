"""The life of a request as people drive it: submit and read. `broker.requests.decisions` moves it on."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection

from broker.agencies.models import AgencyAction, Caller, PolicyBook
from broker.agencies.policy import RequestView, may, request_view
from broker.audit import store as audit
from broker.audit.models import NewEntry, Operation
from broker.catalog.models import whose_of
from broker.errors import Problem
from broker.holds import orders
from broker.holds.models import HoldInterval, NewHold
from broker.holds.orders import OrderDesk
from broker.keyed_calls import KeyedCall
from broker.ledger.idempotency import create_once, find_created
from broker.requests import listing, store
from broker.requests.models import Filter, Item, NewItem, Request, Signatory, Submission
from broker.requests.submission import Checker, check_form

AS_REQUESTER = RequestView(as_requester=True, as_owner=None)
"""What a requester sees of their own request."""


def signatory(caller: Caller) -> Signatory:
    officer = caller.officer
    return Signatory(
        officer_id=officer.id,
        agency=officer.agency,
        service=officer.service,
        personnel_number=officer.personnel_number,
        name=officer.name,
    )


class Requests:
    """The service of this domain."""

    def __init__(self, desk: OrderDesk) -> None:
        self._desk = desk
        self._ledger = desk.ledger
        self._authority = desk.authority
        self._clock = desk.clock

    # submit

    async def submit(self, caller: Caller, submission: Submission, call: KeyedCall | None = None) -> Request:
        """Creates the request with its hold orders, durable on return; or finds what the same call created."""
        caller = caller.model_copy(update={"purpose": submission.purpose, "case_ref": submission.case_ref})
        await self._authority.require_purpose(caller)
        await self._authority.require(caller, AgencyAction.SUBMIT_REQUEST, "submit_request")
        at = self._clock.now()
        basis = check_form(submission, self._desk.settings, at)
        checker = Checker(caller, basis, self._desk.identifiers, at, self._desk.settings.decide_within_h)
        wanted = [item.camera_id for item in submission.items]
        cameras = await self._desk.catalog.cameras(sorted(set(wanted)))
        request_id = self._desk.identifiers.new("req")

        def decide(book: PolicyBook) -> Callable[[Connection], Request]:
            items = checker.items(submission, cameras, book)
            holds = [self._hold(caller, submission, request_id, item, basis.judicial) for item in items]

            def create(connection: Connection) -> None:
                store.insert_request(connection, request_id, signatory(caller), submission, items, at)
                new = [item.hold_id for item in items if not item.has_hold]
                orders.place(connection, [hold for hold in holds if hold.id in new], at)
                orders.adopt(connection, [hold for hold in holds if hold.id not in new], at)
                audit.append(connection, self._submitted(caller, submission, request_id, items), at)

            def work(connection: Connection) -> Request:
                ids = create_once(connection, caller.officer.id, call, (request_id,), at, create)
                return found(connection, ids[0])

            return work

        return await self._desk.take(caller, "submit_request", wanted, cameras, decide)

    async def earlier(self, caller: Caller, call: KeyedCall) -> Request | None:
        """What the same call created before; logged as a look at it."""
        await self._authority.require(caller, AgencyAction.SUBMIT_REQUEST, "submit_request")
        ids = await self._ledger.read(lambda c: find_created(c, caller.officer.id, call))
        if ids is None:
            return None
        earlier = await self._ledger.read(lambda c: found(c, ids[0]))
        entry = self.about(caller, earlier, AS_REQUESTER, "read_request")
        await self._ledger.write(lambda c: audit.append(c, entry, self._clock.now()))
        return earlier

    def _hold(
        self, caller: Caller, submission: Submission, request_id: str, item: NewItem, judicial: bool
    ) -> NewHold:
        return NewHold(
            id=item.hold_id,
            camera=item.camera,
            interval=HoldInterval.of(item.requested),
            reason=submission.reason,
            agency=caller.officer.agency,
            officer_id=caller.officer.id,
            purpose=submission.purpose,
            case_ref=submission.case_ref,
            judicial=judicial,
            until=item.hold_until,
            request_id=request_id,
            n=item.n,
        )

    def _submitted(
        self, caller: Caller, submission: Submission, request_id: str, items: Sequence[NewItem]
    ) -> NewEntry:
        bases = {item.agreement_id or "own": (item.camera.agency,) for item in items}
        owners = tuple(sorted({item.camera.agency for item in items}))
        return self._authority.entry(caller, Operation.ALTERATION, "submit_request").model_copy(
            update={
                "objects": (
                    request_id,
                    *(item.camera.id for item in items),
                    *(item.hold_id for item in items if item.has_hold),
                ),
                "owners": owners,
                "basis": tuple(sorted(bases)),
                "whose": bases | {request_id: owners} | whose_of(item.camera for item in items),
                "request_id": request_id,
                "query": {"items": [f"{i.camera.id} {i.requested}" for i in items]},
            }
        )

    # read

    async def show(self, caller: Caller, request_id: str) -> tuple[Request, RequestView]:
        """A request as far as the caller may see it; logged. `not_found` where nothing of it may be seen."""
        request, view = await self.visible(caller, request_id)
        entry = self.about(caller, request, view, "read_request")
        await self._ledger.write(lambda c: audit.append(c, entry, self._clock.now()))
        return request, view

    async def visible(self, caller: Caller, request_id: str) -> tuple[Request, RequestView]:
        """The request and what of it the caller may see. Refusals are logged here, reading by who reads."""
        await self._authority.require_scope(caller, (AgencyAction.READ_REQUESTS,), "read_request")
        request = await self._ledger.read(lambda c: store.find(c, request_id))
        if request is not None:
            view = request_view(
                caller.officer, request.requester.officer_id, request.owners, self._clock.now()
            )
            if not view.nothing:
                return request, view
        owners, whose = ((), {}) if request is None else (request.owners, request.whose)
        await self._authority.deny(caller, "read_request", (request_id,), owners, whose)
        raise Problem("not_found", f"there is no request {request_id}")

    def shown_of(self, connection: Connection, caller: Caller, request_ids: list[str]) -> list[str]:
        """Those of these of which the caller may see anything; not logged."""
        at, officer = self._clock.now(), caller.officer
        found = store.find_all(connection, request_ids)
        return [
            each.id
            for each in found
            if not request_view(officer, each.requester.officer_id, each.owners, at).nothing
        ]

    async def list_requests(
        self, caller: Caller, wanted: Filter
    ) -> tuple[list[tuple[Request, RequestView]], dict[str, Any] | None]:
        """The caller's own requests, and for a custodian those about their agency; where more follow, what the next
        list goes on from."""
        await self._authority.require_purpose(caller)
        await self._authority.require(caller, AgencyAction.READ_REQUESTS, "list_requests")
        at, officer = self._clock.now(), caller.officer
        wanted = wanted.model_copy(
            update={
                "view_requester": officer.id if may(officer, AgencyAction.FETCH_OWN, at) else None,
                "view_owner": officer.agency if may(officer, AgencyAction.DECIDE, at) else None,
            }
        )
        found = await self._ledger.read(lambda c: listing.list_requests(c, wanted))
        page = found[: wanted.limit]
        entry = self._authority.entry(caller, Operation.CONSULTATION, "list_requests").model_copy(
            update={"objects": tuple(r.id for r in page)}
        )
        await self._ledger.write(lambda c: audit.append(c, entry, at))
        views = [(r, request_view(officer, r.requester.officer_id, r.owners, at)) for r in page]
        if len(found) <= len(page):
            return views, None
        if wanted.to_decide:
            at, request_id = listing.pressing_key(page[-1], wanted.view_owner)
            return views, {"after": [at.isoformat(), request_id]}
        return views, {"before": page[-1].id}

    async def reread(self, request: Request) -> Request:
        """The request as it is now, for somebody who may see it already."""
        return await self._ledger.read(lambda c: found(c, request.id))

    def about(
        self,
        caller: Caller,
        request: Request,
        view: RequestView,
        action: str,
        operation: Operation = Operation.CONSULTATION,
    ) -> NewEntry:
        """An entry about a request, under the request's own purpose and case; for the owners of the items that the
        view shows, as what is done with the others' does not concern them."""
        return self._authority.entry(caller, operation, action).model_copy(
            update={
                "purpose": request.purpose,
                "case_ref": request.case_ref,
                "objects": (request.id,),
                "owners": tuple(owner for owner in request.owners if view.shows(owner)),
                "whose": request.whose,
                "request_id": request.id,
            }
        )


def found(connection: Connection, request_id: str) -> Request:
    request = store.find(connection, request_id)
    if request is None:
        raise Problem("not_found", f"there is no request {request_id}")
    return request


def find_requests(connection: Connection, request_ids: Sequence[str]) -> list[Request]:
    """Those that there are."""
    return store.find_all(connection, request_ids)


def host_entry(request: Request, item: Item, action: str, objects: tuple[str, ...] = ()) -> NewEntry:
    """An entry about what the host did with an item, for nobody's call."""
    return NewEntry(
        operation=Operation.COLLECTION,
        action=action,
        officer_id=audit.HOST,
        objects=(request.id, item.camera.id, *objects),
        owners=(item.camera.agency, request.agency),
        whose=request.whose | whose_of([item.camera]),
        purpose=request.purpose,
        case_ref=request.case_ref,
        request_id=request.id,
    )


def request_entry(
    request: Request, action: str, operation: Operation, objects: tuple[str, ...] = ()
) -> NewEntry:
    """An entry about what the host did with a request as a whole."""
    return NewEntry(
        operation=operation,
        action=action,
        officer_id=audit.HOST,
        objects=(request.id, *objects),
        owners=(*request.owners, request.agency),
        whose=request.whose,
        purpose=request.purpose,
        case_ref=request.case_ref,
        request_id=request.id,
    )
