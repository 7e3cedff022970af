"""Designates officers, issues and revokes their tokens, and keeps the purpose of a session."""

from datetime import datetime

from sqlalchemy import Connection

from broker.agencies import store
from broker.agencies.authority import Authority
from broker.agencies.credentials import store as credentials
from broker.agencies.models import (
    Agency,
    AgencyAction,
    Caller,
    IssuedToken,
    NewOfficer,
    NewToken,
    Officer,
    Role,
)
from broker.audit import store as audit
from broker.audit.models import NewEntry, Operation
from broker.clock import Clock
from broker.errors import Problem
from broker.identifiers import Identifiers, token_hash
from broker.keyed_calls import KeyedCall
from broker.ledger.engine import Ledger
from broker.ledger.idempotency import create_once
from broker.pages import Cut, Page


class Officers:
    """`by` None stands for the host's own command."""

    def __init__(self, ledger: Ledger, clock: Clock, identifiers: Identifiers, authority: Authority) -> None:
        self._ledger = ledger
        self._clock = clock
        self._identifiers = identifiers
        self._authority = authority

    async def set_purpose(self, caller: Caller, purpose: str | None, case_ref: str | None) -> None:
        if purpose is not None:
            self._authority.check_purpose(purpose)
        entry = self._authority.entry(caller, Operation.ALTERATION, "set_purpose").model_copy(
            update={"purpose": purpose, "case_ref": case_ref}
        )

        def work(connection: Connection) -> None:
            credentials.set_purpose(connection, caller.token_id, caller.is_session, purpose, case_ref)
            audit.append(connection, entry, self._clock.now())

        await self._ledger.write(work)

    async def add_officer(self, new: NewOfficer) -> tuple[Officer, IssuedToken]:
        """Designates a person and issues their first token, by the host."""
        officer, issued, _ = await self._add(new, None, None)
        return officer, issued

    async def add_first_administrator(self, new: NewOfficer) -> tuple[Officer, IssuedToken]:
        """The same for the one who designates all others: refused where there is an administrator whose designation
        is not over."""
        officer, issued, _ = await self._add(new, None, None, first=True)
        return officer, issued

    async def designate(
        self, new: NewOfficer, by: Caller, call: KeyedCall | None
    ) -> tuple[Officer, IssuedToken | None]:
        """The same by an administrator of the agency: one of another agency could make themselves its custodian.

        The same keyed call again finds the officer and no token: only its hash was kept.
        """
        await self._authority.require(by, AgencyAction.ADMINISTER, "add_officer", new.agency)
        officer, issued, is_new = await self._add(new, by, call)
        return officer, issued if is_new else None

    async def _add(
        self, new: NewOfficer, by: Caller | None, call: KeyedCall | None, *, first: bool = False
    ) -> tuple[Officer, IssuedToken, bool]:
        at = self._clock.now()
        officer_id, designation_id = self._identifiers.new("off"), self._identifiers.new("des")
        issued = IssuedToken(id=self._identifiers.new("tok"), token=self._identifiers.secret())
        entry = self._alteration(by, "add_officer", officer_id, new.agency)

        def create(connection: Connection) -> None:
            if new.until is not None and new.until <= at:
                raise Problem("invalid", "the designation would end before it begins: name a later date")
            if new.agency not in {agency.id for agency in store.list_agencies(connection)}:
                raise Problem("invalid", f"there is no agency {new.agency!r}: see `entrevue agency list`")
            if first and any(_administers(officer, at) for officer in store.list_officers(connection)):
                raise Problem(
                    "state_conflict",
                    "there is an administrator already: they designate others by /v1/officers",
                )
            store.add_officer(connection, officer_id, designation_id, new, at)
            credentials.add_token(
                connection, issued.id, officer_id, token_hash(issued.token), NewToken(until=new.until), at
            )
            audit.append(connection, entry, at)

        def work(connection: Connection) -> Officer:
            caller_id = by.officer.id if by else audit.HOST
            (added,) = create_once(connection, caller_id, call, (officer_id,), at, create)
            officer = store.find_officer(connection, added)
            if officer is None:
                raise RuntimeError("the officer just added is not there")
            return officer

        officer = await self._ledger.write(work)
        return officer, issued, officer.id == officer_id

    async def revoke_tokens(self, officer_id: str, by: Caller | None = None) -> int:
        """Ends every session of an officer at once."""
        if by is not None:
            await self._authority.require(by, AgencyAction.ADMINISTER, "revoke_tokens")
        at = self._clock.now()

        def work(connection: Connection) -> int:
            officer = store.find_officer(connection, officer_id)
            if officer is None or (by is not None and officer.agency != by.officer.agency):
                raise Problem("not_found", f"there is no officer {officer_id}")
            entry = self._alteration(by, "revoke_tokens", officer_id, officer.agency)
            audit.append(connection, entry, at)
            return credentials.revoke_tokens(connection, officer_id, at)

        return await self._ledger.write(work)

    def _alteration(self, by: Caller | None, action: str, officer_id: str, agency: str) -> NewEntry:
        entry = self._authority.entry_by(by, Operation.ALTERATION, action)
        return entry.model_copy(update={"objects": (officer_id,), "owners": (agency,)})

    async def list_agencies(self) -> list[Agency]:
        return await self._ledger.read(store.list_agencies)

    async def list_officers(self) -> list[Officer]:
        """All of them, for the host."""
        return await self._ledger.read(store.list_officers)

    async def find_officers(self, caller: Caller, page: Page) -> Cut[Officer]:
        """The same for an administrator, a page at a time. Logged."""
        await self._authority.require(caller, AgencyAction.ADMINISTER, "list_officers")
        cut = page.cut(await self.list_officers(), lambda officer: officer.id)
        entry = self._authority.entry(caller, Operation.CONSULTATION, "list_officers").model_copy(
            update={
                "objects": tuple(o.id for o in cut.rows),
                "owners": tuple(sorted({o.agency for o in cut.rows})),
                "whose": {o.id: (o.agency,) for o in cut.rows},
            }
        )
        await self._ledger.write(lambda connection: audit.append(connection, entry, self._clock.now()))
        return cut


def _administers(officer: Officer, at: datetime) -> bool:
    """Whether the officer is an administrator now or will be."""
    lasting = (each.valid_until is None or at < each.valid_until for each in officer.designations)
    return Role.ADMINISTRATOR in officer.roles and any(lasting)


def roles_of(names: str) -> frozenset[Role]:
    """Roles from `operator,investigator`; `Problem` names the one that does not exist."""
    roles = set()
    for name in names.split(","):
        try:
            roles.add(Role(name.strip()))
        except ValueError as error:
            known = ", ".join(role.value for role in Role)
            raise Problem("invalid", f"there is no role {name.strip()!r}; known: {known}") from error
    return frozenset(roles)


def read_agencies(connection: Connection) -> list[Agency]:
    """Every agency, inside another domain's transaction."""
    return store.list_agencies(connection)


def read_officer(connection: Connection, officer_id: str) -> Officer | None:
    """The officer with their current designations, inside another domain's transaction."""
    return store.find_officer(connection, officer_id)
