"""Custodians name who stands in for them, so that a decision does not wait for one who is away."""

from datetime import datetime

from sqlalchemy import Connection

from broker.agencies import store as agencies
from broker.agencies.authority import Authority
from broker.agencies.models import AgencyAction, Caller, Role
from broker.agencies.substitutes import store
from broker.agencies.substitutes.models import Substitution
from broker.audit import store as audit
from broker.audit.models import NewEntry, Operation
from broker.clock import Clock
from broker.errors import Problem
from broker.hours import Hours
from broker.identifiers import Identifiers
from broker.keyed_calls import KeyedCall
from broker.ledger.engine import Ledger
from broker.ledger.idempotency import create_once


class Substitutes:
    """The service of substitutes."""

    def __init__(self, ledger: Ledger, clock: Clock, identifiers: Identifiers, authority: Authority) -> None:
        self._ledger = ledger
        self._clock = clock
        self._identifiers = identifiers
        self._authority = authority

    async def name(
        self,
        caller: Caller,
        substitute_id: str,
        start: datetime | None,
        until: datetime,
        hours: Hours | None,
        reason: str,
        call: KeyedCall | None = None,
    ) -> Substitution:
        """By a custodian in their own right: who stands in names nobody else. The substitute is another officer of the
        same agency; they act while they are designated themselves."""
        await self._authority.require_purpose(caller)
        await self._authority.require(caller, AgencyAction.DECIDE, "name_substitute")
        at, substitution_id = self._clock.now(), self._identifiers.new("sub")
        begins = at if start is None else start

        def work(connection: Connection) -> Substitution:
            def create(connection: Connection) -> None:
                self._check(connection, caller, substitute_id, begins, until, at)
                row = {
                    "id": substitution_id,
                    "agency": caller.officer.agency,
                    "principal_id": caller.officer.id,
                    "substitute_id": substitute_id,
                    "valid_from": begins,
                    "valid_until": until,
                    "hours": None if hours is None else hours.model_dump(mode="json"),
                    "reason": reason,
                }
                store.add(connection, row)
                agencies.bump_policy_version(connection)
                entry = self._entry(caller, Operation.ALTERATION, "name_substitute", substitution_id)
                told = {"objects": (substitution_id, substitute_id)}
                audit.append(connection, entry.model_copy(update=told), at)

            (made,) = create_once(connection, caller.officer.id, call, (substitution_id,), at, create)
            return _found(connection, made)

        return await self._ledger.write(work)

    def _check(
        self,
        connection: Connection,
        caller: Caller,
        substitute_id: str,
        begins: datetime,
        until: datetime,
        at: datetime,
    ) -> None:
        own, substitute = (
            agencies.find_officer(connection, name) for name in (caller.officer.id, substitute_id)
        )
        if own is None or Role.CUSTODIAN not in own.roles:
            raise Problem("role_denied", "who stands in for a custodian names no other substitute")
        if substitute is None or substitute.agency != caller.officer.agency:
            raise Problem("not_found", f"there is no officer {substitute_id}")
        if substitute.personnel_number == own.personnel_number:
            raise Problem("invalid", "nobody stands in for themselves: name another person")
        if begins < at or until <= begins:
            raise Problem("invalid", "a substitution begins now or later, and ends after it begins")

    async def list_substitutions(self, caller: Caller) -> list[Substitution]:
        """Of the caller's agency, for its custodians and administrators. Logged."""
        await self._authority.require_purpose(caller)
        await self._require_either(caller, "list_substitutes")

        def work(connection: Connection) -> list[Substitution]:
            found = store.of_agency(connection, caller.officer.agency)
            entry = self._entry(caller, Operation.CONSULTATION, "list_substitutes")
            told = {"objects": tuple(each.id for each in found)}
            audit.append(connection, entry.model_copy(update=told), self._clock.now())
            return found

        return await self._ledger.write(work)

    async def end(self, caller: Caller, substitution_id: str) -> Substitution:
        """Ends it now; by any custodian or administrator of the agency. What was decided under it stands."""
        await self._authority.require_purpose(caller)
        await self._require_either(caller, "end_substitute")
        at = self._clock.now()

        def work(connection: Connection) -> Substitution:
            found = store.find(connection, substitution_id)
            if found is None or found.agency != caller.officer.agency:
                raise Problem("not_found", f"there is no substitution {substitution_id}")
            if found.valid_until <= at:
                raise Problem("state_conflict", f"substitution {substitution_id} is over already")
            store.end(connection, substitution_id, max(at, found.valid_from), caller.officer.id)
            agencies.bump_policy_version(connection)
            entry = self._entry(caller, Operation.ALTERATION, "end_substitute", substitution_id)
            audit.append(connection, entry, at)
            return _found(connection, substitution_id)

        return await self._ledger.write(work)

    async def _require_either(self, caller: Caller, attempted: str) -> None:
        is_administrator = Role.ADMINISTRATOR in caller.officer.roles
        action = AgencyAction.ADMINISTER if is_administrator else AgencyAction.DECIDE
        await self._authority.require(caller, action, attempted)

    def _entry(self, caller: Caller, operation: Operation, action: str, *objects: str) -> NewEntry:
        entry = self._authority.entry(caller, operation, action)
        return entry.model_copy(update={"objects": objects, "owners": (caller.officer.agency,)})


def _found(connection: Connection, substitution_id: str) -> Substitution:
    found = store.find(connection, substitution_id)
    if found is None:
        raise Problem("not_found", f"there is no substitution {substitution_id}")
    return found
