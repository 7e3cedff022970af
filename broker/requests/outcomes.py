"""Closes finished requests: the requester says what came of the footage."""

from sqlalchemy import Connection

from broker.agencies.models import Caller
from broker.agencies.policy import RequestView
from broker.audit import store as audit
from broker.audit.models import Operation
from broker.errors import Problem
from broker.holds.orders import OrderDesk
from broker.requests import store
from broker.requests.models import Closing, Outcome, Request
from broker.requests.service import Requests, found
from broker.requests.states import FINAL_REQUESTS, ItemState

SEEN_ONLY = frozenset({Outcome.IDENTIFIED, Outcome.EXCLUDED, Outcome.USEFUL, Outcome.UNUSABLE})
"""What can be said of footage only."""


class Outcomes:
    """What came of requests. The latest word counts; the log keeps them all."""

    def __init__(self, requests: Requests, desk: OrderDesk) -> None:
        self._requests = requests
        self._ledger = desk.ledger
        self._authority = desk.authority
        self._clock = desk.clock

    async def close(
        self, caller: Caller, request_id: str, outcome: Outcome, reason: str | None
    ) -> tuple[Request, RequestView]:
        """By the requester alone, once the request is finished: `not_ready` before. `state_conflict` where something is
        said of footage that was never delivered."""
        request, view = await self._requests.visible(caller, request_id)
        caller = caller.model_copy(update={"purpose": request.purpose, "case_ref": request.case_ref})
        if not view.as_requester:
            await self._authority.deny(caller, "close_request", (request_id,), request.owners, request.whose)
            raise Problem("role_denied", "only the requester says what came of the footage")

        def work(connection: Connection) -> Request:
            current, at = found(connection, request_id), self._clock.now()
            if current.state not in FINAL_REQUESTS:
                state = current.state.value
                raise Problem("not_ready", f"request {request_id} is {state}: it is closed at its end")
            if outcome in SEEN_ONLY and not any(i.state is ItemState.COMPLETED for i in current.items):
                raise Problem(
                    "state_conflict",
                    f"request {request_id} brought no footage: the only outcome it can have is not_viewed",
                )
            store.close(connection, request_id, Closing(outcome=outcome, reason=reason, at=at))
            entry = self._requests.about(caller, current, view, "close_request", Operation.ALTERATION)
            owned = {"owners": (), "query": {"outcome": outcome.value}}
            audit.append(connection, entry.model_copy(update=owned), at)
            return found(connection, request_id)

        return await self._ledger.write(work), view
