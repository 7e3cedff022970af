"""Minds the deadlines of items that wait for a decision: a job of the worker that reminds, and that ends items.

What is due is found anew each time and looked at again in the transaction that acts on it, so that it needs no lease.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from broker.agencies.authority import Authority
from broker.agencies.models import Agreement, PolicyBook, Role
from broker.agencies.notices.service import Addressee, Notices
from broker.audit import store as audit
from broker.clock import Clock
from broker.holds import orders
from broker.ledger.engine import Ledger
from broker.ledger.leases import Lease
from broker.requests import queue, store
from broker.requests.deadlines import why_expired
from broker.requests.decisions import grace_of
from broker.requests.models import Item, Request
from broker.requests.service import host_entry
from broker.requests.states import ItemState
from broker.settings.sections import BrokerSettings

DUE: Final = "decision_due"
OVERDUE: Final = "decisions_overdue"
EXPIRED: Final = "request_expired"

SETTLES: Final = timedelta(minutes=1)
"""Until then a hold that is being placed is no reason to remind anybody of what is overwritten soon."""

REMINDED, ESCALATED = 1, 2
"""What `reminders` of an item counts to."""


@dataclass(frozen=True)
class Warnings:
    """How long before a decision presses its owner's custodians, and then who may designate others, are told."""

    remind: timedelta
    escalate: timedelta

    @classmethod
    def of(cls, settings: BrokerSettings) -> "Warnings":
        return cls(timedelta(hours=settings.remind_before_h), timedelta(hours=settings.escalate_before_h))


class MindDeadlines:
    """One request at a time: its items that are due are reminded of, or expire."""

    name = "mind deadlines"
    lanes = 1

    def __init__(
        self, ledger: Ledger, authority: Authority, notices: Notices, clock: Clock, warnings: Warnings
    ) -> None:
        self._ledger = ledger
        self._authority = authority
        self._notices = notices
        self._clock = clock
        self._warnings = warnings

    async def claim(self, lease: Lease) -> str | None:
        at, warnings = self._clock.now(), self._warnings
        return await self._ledger.read(
            lambda c: queue.find_pressing(
                c,
                at,
                settled=at - SETTLES,
                remind_until=at + warnings.remind,
                escalate_until=at + warnings.escalate,
            )
        )

    async def renew(self, claimed: str, lease: Lease) -> bool:
        return True

    async def carry_out(self, claimed: str, owner: str) -> None:
        def decide(book: PolicyBook) -> "_Minding":
            return _Minding(claimed, book.agreements, self._notices, self._clock.now(), self._warnings)

        await self._authority.decide(decide)

    async def fail(self, claimed: str, owner: str) -> None:
        """It is due still; the lane waits a little before it looks."""

    async def clear_up(self, claimed: str) -> None:
        """Nothing is left of it."""


@dataclass(frozen=True)
class _Minding:
    """What is done about one request, in one transaction."""

    request_id: str
    agreements: Sequence[Agreement]
    notices: Notices
    at: datetime
    warnings: Warnings

    def __call__(self, connection: Connection) -> None:
        request = store.find(connection, self.request_id)
        if request is None:
            return
        stages: dict[str, int] = {}
        for item in request.items:
            if item.state is not ItemState.PENDING or item.decide_by is None:
                continue
            if item.decide_by <= self.at:
                self._expire(connection, request, item)
                continue
            stage = self._stage(item) if request.submitted_at <= self.at - SETTLES else 0
            if item.reminders < stage:
                store.note_reminder(connection, item, stage)
                owner = item.camera.agency
                stages[owner] = max(stage, stages.get(owner, 0))
        for owner, stage in stages.items():
            self._warn(connection, owner, stage)

    def _stage(self, item: Item) -> int:
        left = datetime.max.replace(tzinfo=UTC) if item.press_at is None else item.press_at
        if left <= self.at + self.warnings.escalate:
            return ESCALATED
        return REMINDED if left <= self.at + self.warnings.remind else 0

    def _warn(self, connection: Connection, owner: str, stage: int) -> None:
        """An administrator, who may designate a substitute, learns that decisions wait, and of no request."""
        self.notices.tell_once(connection, [Addressee(owner, Role.CUSTODIAN)], DUE, self.request_id, self.at)
        if stage == ESCALATED:
            self.notices.tell(connection, [Addressee(owner, Role.ADMINISTRATOR)], OVERDUE, owner, self.at)

    def _expire(self, connection: Connection, request: Request, item: Item) -> None:
        if item.decide_by_limit is None:
            raise ValueError(f"item {item.n} of {request.id} has a deadline of nobody's")
        approvals = sum(1 for word in item.decisions if word.verdict is ItemState.APPROVED)
        reason = why_expired(item.decide_by_limit, approvals, item.approvals_needed)
        store.move_item(connection, item, ItemState.EXPIRED, self.at, reason=reason)
        orders.let_go(connection, item.hold, self.at + grace_of(item, self.agreements))
        audit.append(connection, host_entry(request, item, "item_expired"), self.at)
        told = [
            Addressee(request.agency, officer_id=request.requester.officer_id),
            Addressee(item.camera.agency, Role.CUSTODIAN),
        ]
        self.notices.tell_once(connection, told, EXPIRED, request.id, self.at)
