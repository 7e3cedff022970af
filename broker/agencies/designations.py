"""Designates officers again, ends a designation early, and lists them: who, by whom, from when until when."""

from datetime import datetime

from sqlalchemy import Connection

from broker.agencies import store
from broker.agencies.authority import Authority
from broker.agencies.models import AgencyAction, Caller, KeptDesignation, NewOfficer, Officer, Role
from broker.audit import store as audit
from broker.audit.models import NewEntry, Operation
from broker.clock import Clock
from broker.errors import Problem
from broker.identifiers import Identifiers
from broker.keyed_calls import KeyedCall
from broker.ledger.engine import Ledger
from broker.ledger.idempotency import create_once


class Designations:
    """By an administrator of the officer's agency; `by` None stands for the host's own command."""

    def __init__(self, ledger: Ledger, clock: Clock, identifiers: Identifiers, authority: Authority) -> None:
        self._ledger = ledger
        self._clock = clock
        self._identifiers = identifiers
        self._authority = authority

    async def list(self, officer_id: str, by: Caller | None) -> list[KeptDesignation]:
        """All of them, also those that are over. Logged."""
        await self._require(by, "list_designations")

        def work(connection: Connection) -> list[KeptDesignation]:
            officer = _officer(connection, officer_id, by)
            entry = self._entry(by, Operation.CONSULTATION, "list_designations", officer_id, officer)
            audit.append(connection, entry, self._clock.now())
            return store.list_designations(connection, officer_id)

        return await self._ledger.write(work)

    async def add(
        self,
        officer_id: str,
        start: datetime | None,
        until: datetime | None,
        by: Caller | None,
        call: KeyedCall | None = None,
    ) -> KeptDesignation:
        """A further one, from now on where no later start is named. The same keyed call again finds it."""
        await self._require(by, "designate")
        at, designation_id = self._clock.now(), self._identifiers.new("des")
        begins = at if start is None else start

        def work(connection: Connection) -> KeptDesignation:
            officer = _officer(connection, officer_id, by)
            caller_id = audit.HOST if by is None else by.officer.id

            def create(connection: Connection) -> None:
                if begins < at:
                    raise Problem(
                        "invalid", "a designation begins now or later: nobody is designated for the past"
                    )
                if until is not None and until <= begins:
                    raise Problem("invalid", "the designation would end before it begins: name a later end")
                store.add_designation(connection, designation_id, officer_id, caller_id, begins, until)
                entry = self._entry(by, Operation.ALTERATION, "designate", designation_id, officer)
                audit.append(connection, entry, at)

            (added,) = create_once(connection, caller_id, call, (designation_id,), at, create)
            return _find(connection, officer_id, added)

        return await self._ledger.write(work)

    async def end(self, officer_id: str, designation_id: str, by: Caller | None) -> KeptDesignation:
        """Ends it now; one that has not begun never will."""
        await self._require(by, "end_designation")
        at = self._clock.now()

        def work(connection: Connection) -> KeptDesignation:
            officer = _officer(connection, officer_id, by)
            found = _find(connection, officer_id, designation_id)
            if found.valid_until is not None and found.valid_until <= at:
                raise Problem("state_conflict", f"the designation {designation_id} is over already")
            ended_by = audit.HOST if by is None else by.officer.id
            store.move_designation_end(connection, designation_id, max(at, found.valid_from), ended_by)
            audit.append(
                connection,
                self._entry(by, Operation.ALTERATION, "end_designation", designation_id, officer),
                at,
            )
            return _find(connection, officer_id, designation_id)

        return await self._ledger.write(work)

    async def _require(self, by: Caller | None, attempted: str) -> None:
        if by is not None:
            await self._authority.require(by, AgencyAction.ADMINISTER, attempted)

    def _entry(
        self, by: Caller | None, operation: Operation, action: str, name: str, officer: Officer
    ) -> NewEntry:
        return self._authority.entry_by(by, operation, action).model_copy(
            update={"objects": tuple(dict.fromkeys((name, officer.id))), "owners": (officer.agency,)}
        )


def _officer(connection: Connection, officer_id: str, by: Caller | None) -> Officer:
    """The officer; for an administrator those of other agencies are not there."""
    officer = store.find_officer(connection, officer_id)
    if officer is None or (by is not None and officer.agency != by.officer.agency):
        raise Problem("not_found", f"there is no officer {officer_id}")
    return officer


def _find(connection: Connection, officer_id: str, designation_id: str) -> KeptDesignation:
    for designation in store.list_designations(connection, officer_id):
        if designation.id == designation_id:
            return designation
    raise Problem("not_found", f"there is no designation {designation_id}")


def admit(
    connection: Connection, officer_id: str, designation_id: str, new: NewOfficer, at: datetime
) -> None:
    """Adds an officer with their first designation, inside another domain's transaction. No token is issued."""
    store.add_officer(connection, officer_id, designation_id, new, at)


def renew(
    connection: Connection,
    officer: Officer,
    roles: frozenset[Role],
    designated_by: str,
    designation_id: str,
    until: datetime,
    at: datetime,
) -> None:
    """Brings roles and the designation by `designated_by` up to date, inside another domain's transaction."""
    if officer.roles != roles:
        store.set_roles(connection, officer.id, roles)
    current = _current(connection, officer.id, designated_by, at)
    if current is None:
        store.add_designation(connection, designation_id, officer.id, designated_by, at, until)
    elif current.valid_until is not None and current.valid_until < until:
        store.move_designation_end(connection, current.id, until)


def withdraw(connection: Connection, officer_id: str, designated_by: str, at: datetime) -> None:
    """Ends what `designated_by` designated, inside another domain's transaction."""
    current = _current(connection, officer_id, designated_by, at)
    if current is not None:
        store.move_designation_end(connection, current.id, at, designated_by)


def _current(
    connection: Connection, officer_id: str, designated_by: str, at: datetime
) -> KeptDesignation | None:
    for designation in store.list_designations(connection, officer_id):
        if designation.designated_by == designated_by and designation.covers(at):
            return designation
    return None
