"""Starts, ends and reviews emergencies. Whoever is concerned is told in the same transaction; the right itself is read
by the policy function and ends by the clock."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from broker.agencies import store as agencies
from broker.agencies.authority import Authority
from broker.agencies.emergencies import store
from broker.agencies.models import (
    AgencyAction,
    Caller,
    Circle,
    Emergency,
    Officer,
    PolicyBook,
    Review,
    ReviewVerdict,
    Role,
)
from broker.agencies.notices.service import Addressee, Notices
from broker.agencies.policy import may_know, may_review, parties_of
from broker.audit import store as audit
from broker.audit.models import Operation
from broker.clock import Clock
from broker.errors import Problem
from broker.identifiers import Identifiers
from broker.keyed_calls import KeyedCall
from broker.ledger.engine import Ledger
from broker.ledger.idempotency import create_once
from broker.pages import Cut, Page
from broker.settings.sections import BrokerSettings

STARTED: Final = "emergency_started"
ENDED: Final = "emergency_ended"
REVIEWED: Final = "emergency_reviewed"


@dataclass(frozen=True)
class Danger:
    """What an officer states: in whose cameras' reach, None for every owner's, and where, None for everywhere."""

    reason: str
    agency: str | None
    area: Circle | None


class Emergencies:
    """The service of emergencies."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        identifiers: Identifiers,
        authority: Authority,
        notices: Notices,
        settings: BrokerSettings,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._identifiers = identifiers
        self._authority = authority
        self._notices = notices
        self._settings = settings

    async def start(self, caller: Caller, danger: Danger, call: KeyedCall | None = None) -> Emergency:
        """By an operator, towards owners that their agency has an agreement with; `emergency_unreviewed` while an
        earlier one of theirs waits for its review for too long."""
        action = "start_emergency"
        purpose = await self._authority.require_purpose(caller)
        await self._authority.require(caller, AgencyAction.START_EMERGENCY, action)
        longest_m = self._settings.emergency_radius_m
        if danger.area is not None and danger.area.radius_m > longest_m:
            raise Problem("invalid", f"the area of an emergency reaches {longest_m:g} m at most")
        at = self._clock.now()
        officer = caller.officer
        emergency_id = self._identifiers.new("emg")

        def proposed(book: PolicyBook) -> Emergency:
            owners = parties_of(officer.agency, book.agreements, at)
            if danger.agency is not None:
                owners &= {danger.agency}
            if not owners:
                raise Problem(
                    "action_denied", "your agency has no agreement that is in force with that owner"
                )
            return Emergency(
                id=emergency_id,
                officer_id=officer.id,
                agency=officer.agency,
                person=officer.person,
                purpose=purpose,
                case_ref=caller.case_ref,
                reason=danger.reason,
                owners=tuple(sorted(owners)),
                area=danger.area,
                started_at=at,
                ends_at=at + timedelta(minutes=self._settings.emergency_min),
                ended_at=None,
                ended_by=None,
            )

        def create(connection: Connection, new: Emergency) -> None:
            waiting = self._waiting(store.list_all(connection), officer, at)
            if waiting is not None:
                raise Problem(
                    "emergency_unreviewed",
                    f"emergency {waiting.id} of {waiting.started_at:%Y-%m-%d %H:%M} UTC waits for its review: ask a "
                    f"custodian of {', '.join(waiting.unreviewed)}",
                )
            store.add(connection, new)
            agencies.bump_policy_version(connection)
            self._tell(connection, new, STARTED, at)
            self._log(connection, caller, action, new, at)

        def decide(book: PolicyBook) -> Callable[[Connection], Emergency]:
            new = proposed(book)

            def work(connection: Connection) -> Emergency:
                (found,) = create_once(connection, officer.id, call, (new.id,), at, lambda c: create(c, new))
                return _found(connection, found)

            return work

        try:
            return await self._authority.decide(decide)
        except Problem as problem:
            if problem.code in ("action_denied", "emergency_unreviewed"):
                await self._authority.deny(caller, action)
            raise

    def _waiting(self, earlier: list[Emergency], officer: Officer, at: datetime) -> Emergency | None:
        """One of the same person that is over for longer than its review may take."""
        patience = timedelta(hours=self._settings.emergency_review_h)
        return next(
            (
                each
                for each in earlier
                if _is_of(each, officer) and each.closed_at is None and at >= each.over_at + patience
            ),
            None,
        )

    async def end(self, caller: Caller, emergency_id: str) -> Emergency:
        """By its officer, or by a custodian of an owner, before the clock does."""
        action, at = "end_emergency", self._clock.now()
        emergency = await self._visible(caller, emergency_id, action)
        is_own = emergency.officer_id == caller.officer.id
        if not is_own and not may_review(caller.officer, emergency, at):
            await self._deny(caller, action, emergency)
            raise Problem("role_denied", "its officer ends an emergency, or a custodian of an owner")

        def work(connection: Connection) -> Emergency:
            current = _found(connection, emergency_id)
            if not current.runs(at):
                raise Problem("state_conflict", f"emergency {emergency_id} is over already")
            store.end(connection, emergency_id, at, caller.officer.id)
            agencies.bump_policy_version(connection)
            self._tell(connection, current, ENDED, at)
            self._log(connection, caller, action, current, at)
            return _found(connection, emergency_id)

        return await self._ledger.write(work)

    async def review(
        self, caller: Caller, emergency_id: str, verdict: ReviewVerdict, reason: str
    ) -> Emergency:
        """By a custodian of an owner, once it is over; closed when each owner has. Nobody reviews their own."""
        action, at = "review_emergency", self._clock.now()
        emergency = await self._visible(caller, emergency_id, action)
        if not may_review(caller.officer, emergency, at):
            await self._deny(caller, action, emergency)
            raise Problem("role_denied", "only a custodian of an owner reviews an emergency")
        review = Review(
            owner=caller.officer.agency,
            officer_id=caller.officer.id,
            verdict=verdict,
            reason=reason,
            reviewed_at=at,
        )

        def work(connection: Connection) -> Emergency:
            current = _found(connection, emergency_id)
            if current.runs(at):
                raise Problem("state_conflict", f"emergency {emergency_id} is not over: end it first")
            if review.owner not in current.unreviewed:
                raise Problem("state_conflict", f"{review.owner} has reviewed emergency {emergency_id}")
            is_last = current.unreviewed == (review.owner,)
            store.add_review(connection, emergency_id, review, at if is_last else None)
            self._tell(connection, current, REVIEWED, at)
            self._log(connection, caller, action, current, at)
            return _found(connection, emergency_id)

        return await self._ledger.write(work)

    async def find(self, caller: Caller, page: Page) -> Cut[Emergency]:
        """Those that the caller may know of. Logged."""
        await self._authority.require_purpose(caller)
        await self._authority.require(caller, AgencyAction.READ_EMERGENCIES, "list_emergencies")
        at, known = self._clock.now(), await self._ledger.read(store.list_all)
        cut = page.cut((e for e in known if may_know(caller.officer, e, at)), lambda emergency: emergency.id)
        owners = {owner for emergency in cut.rows for owner in emergency.owners}
        entry = self._authority.entry(caller, Operation.CONSULTATION, "list_emergencies").model_copy(
            update={
                "objects": tuple(e.id for e in cut.rows),
                "owners": tuple(sorted(owners)),
                "whose": {e.id: e.parties for e in cut.rows},
            }
        )
        await self._ledger.write(lambda connection: audit.append(connection, entry, self._clock.now()))
        return cut

    async def show(self, caller: Caller, emergency_id: str) -> Emergency:
        """`not_found` for whoever is not concerned. Logged."""
        found = await self._visible(caller, emergency_id, "show_emergency")
        entry = self._authority.entry(caller, Operation.CONSULTATION, "show_emergency").model_copy(
            update={
                "objects": (emergency_id,),
                "owners": found.owners,
                "whose": {emergency_id: found.parties},
            }
        )
        await self._ledger.write(lambda connection: audit.append(connection, entry, self._clock.now()))
        return found

    async def _visible(self, caller: Caller, emergency_id: str, action: str) -> Emergency:
        await self._authority.require_purpose(caller)
        await self._authority.require(caller, AgencyAction.READ_EMERGENCIES, action)
        found = await self._ledger.read(lambda connection: store.find(connection, emergency_id))
        if found is None or not may_know(caller.officer, found, self._clock.now()):
            if found is None:
                await self._authority.deny(caller, action, (emergency_id,))
            else:
                await self._deny(caller, action, found)
            raise Problem("not_found", f"there is no emergency {emergency_id}")
        return found

    async def _deny(self, caller: Caller, action: str, emergency: Emergency) -> None:
        """Refused to somebody, which the owners' auditors read."""
        whose = {emergency.id: emergency.parties}
        await self._authority.deny(caller, action, (emergency.id,), emergency.owners, whose)

    def _tell(self, connection: Connection, emergency: Emergency, kind: str, at: datetime) -> None:
        self._notices.tell(connection, _concerned(emergency), kind, emergency.id, at)

    def _log(
        self, connection: Connection, caller: Caller, action: str, emergency: Emergency, at: datetime
    ) -> None:
        entry = self._authority.entry(caller, Operation.ALTERATION, action).model_copy(
            update={
                "objects": (emergency.id,),
                "owners": emergency.parties,
                "whose": {emergency.id: emergency.parties},
            }
        )
        audit.append(connection, entry, at)


def _concerned(emergency: Emergency) -> Iterator[Addressee]:
    """The owners' custodians and auditors, and the auditors of the officer's own agency."""
    for owner in emergency.owners:
        yield Addressee(owner, Role.CUSTODIAN)
        yield Addressee(owner, Role.AUDITOR)
    yield Addressee(emergency.agency, Role.AUDITOR)


def _is_of(emergency: Emergency, officer: Officer) -> bool:
    """Also under a second designation: a personnel number is one person of a service."""
    then, now = emergency.person, officer.person
    same_number = (then.service, then.personnel_number) == (now.service, now.personnel_number)
    return emergency.officer_id == officer.id or (emergency.agency == officer.agency and same_number)


def _found(connection: Connection, emergency_id: str) -> Emergency:
    found = store.find(connection, emergency_id)
    if found is None:
        raise Problem("not_found", f"there is no emergency {emergency_id}")
    return found
