"""Keeps agreements: seeded from the configuration, proposed, activated by the owner, ended by either side."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from broker.agencies import store
from broker.agencies.authority import Authority
from broker.agencies.models import (
    Agency,
    AgencyAction,
    Agreement,
    AgreementState,
    Caller,
    Terms,
)
from broker.agencies.policy import may
from broker.agencies.terms import terms_of
from broker.audit import store as audit
from broker.audit.models import NewEntry, Operation
from broker.clock import Clock
from broker.errors import Problem
from broker.keyed_calls import KeyedCall
from broker.ledger.engine import Ledger
from broker.ledger.idempotency import create_once
from broker.pages import Cut, Page
from broker.settings import Settings


class Agreements:
    """`by` None stands for the host's own command."""

    def __init__(self, ledger: Ledger, clock: Clock, authority: Authority) -> None:
        self._ledger = ledger
        self._clock = clock
        self._authority = authority

    async def seed(self, settings: Settings) -> None:
        """Brings the configuration's agencies into the ledger, and its agreements once, at first start: when
        the ledger knows no agency yet. What is written into the file later needs a custodian as any other."""
        at = self._clock.now()
        agencies = [Agency(id=agency.id, name=agency.name) for agency in settings.agency]
        seeded = bool(await self._ledger.read(store.list_agencies))
        terms = {} if seeded else {a.id: terms_of(a, settings.base_dir) for a in settings.agreement}

        def work(connection: Connection) -> None:
            first_start = not store.list_agencies(connection)
            store.put_agencies(connection, agencies)
            if not first_start:
                return
            for agreement_id, term in terms.items():
                agreement = store.propose_agreement(connection, agreement_id, term, at, audit.HOST)
                store.activate_agreement(connection, agreement, at, audit.HOST)
                audit.append(connection, self._agreement_entry(None, "seed_agreement", agreement), at)

        await self._ledger.write(work)

    async def list_agreements(self) -> list[Agreement]:
        """All of them, for the host."""
        return await self._ledger.read(store.list_agreements)

    async def find_agreements(self, caller: Caller, page: Page) -> Cut[Agreement]:
        """Those that the caller's agency is party to; all of them for an administrator. Logged."""
        await self._authority.require(caller, AgencyAction.READ_AGREEMENTS, "list_agreements")
        at = self._clock.now()
        known = [a for a in await self.list_agreements() if self._may_read(caller, a, at)]
        cut = page.cut(known, lambda a: f"{a.id}@{a.version:09}")
        await self._log_reading(caller, "list_agreements", cut.rows, at)
        return cut

    async def show(self, agreement_id: str, caller: Caller) -> Agreement:
        """The latest version that the caller may read, whose word goes with a decision. `not_found` where there is
        none."""
        await self._authority.require(caller, AgencyAction.READ_AGREEMENTS, "show_agreement")
        at = self._clock.now()
        found = await self._ledger.read(lambda c: self._latest_read(c, agreement_id, caller, at))
        if found is None:
            await self._authority.deny(caller, "show_agreement", (agreement_id,))
            raise Problem("not_found", f"there is no agreement {agreement_id}")
        await self._log_reading(caller, "show_agreement", [found], at)
        return found

    def _latest_read(
        self, connection: Connection, agreement_id: str, caller: Caller, at: datetime
    ) -> Agreement | None:
        """A version that was proposed for other partners changes nothing for those who are not told of it."""
        versions = store.list_agreements(connection, agreement_id)
        return next((a for a in reversed(versions) if self._may_read(caller, a, at)), None)

    def _may_read(self, caller: Caller, agreement: Agreement, at: datetime) -> bool:
        administers = may(caller.officer, AgencyAction.ADMINISTER, at)
        return administers or caller.officer.agency in agreement.terms.parties

    async def _log_reading(
        self, caller: Caller, action: str, agreements: Sequence[Agreement], at: datetime
    ) -> None:
        entry = self._authority.entry(caller, Operation.CONSULTATION, action).model_copy(
            update={
                "objects": tuple(a.name for a in agreements),
                "owners": tuple(sorted({agency for a in agreements for agency in a.terms.parties})),
                "whose": {a.name: a.terms.parties for a in agreements},
            }
        )
        await self._ledger.write(lambda connection: audit.append(connection, entry, at))

    async def propose(
        self, agreement_id: str, terms: Terms, by: Caller | None, call: KeyedCall | None = None
    ) -> Agreement:
        """Adds a proposal; nothing changes until a custodian of the owner activates it. The same keyed call again finds
        what it proposed."""
        if by is not None:
            await self._authority.require(by, AgencyAction.MANAGE_AGREEMENTS, "propose_agreement")
            if by.officer.agency not in (terms.owner, *terms.partners):
                await self._authority.deny(by, "propose_agreement", (agreement_id,))
                raise Problem("action_denied", "only a party proposes an agreement")
        at = self._clock.now()

        def work(connection: Connection) -> Agreement:
            latest = store.find_agreement(connection, agreement_id)
            version = 1 if latest is None else latest.version + 1
            (created,) = create_once(
                connection,
                _officer_id(by),
                call,
                (f"{agreement_id}@{version}",),
                at,
                lambda c: self._propose(c, agreement_id, terms, by, at),
            )
            proposed = store.find_agreement(connection, agreement_id, int(created.rpartition("@")[2]))
            if proposed is None:
                raise RuntimeError("the agreement just proposed is not there")
            return proposed

        return await self._ledger.write(work)

    async def propose_all(self, proposals: Mapping[str, Terms]) -> list[Agreement]:
        """Adds the host's proposals by their ids, all of them or none."""
        at = self._clock.now()

        def work(connection: Connection) -> list[Agreement]:
            for agreement_id, terms in proposals.items():
                self._propose(connection, agreement_id, terms, None, at)
            latest = (store.find_agreement(connection, agreement_id) for agreement_id in proposals)
            return [agreement for agreement in latest if agreement is not None]

        return await self._ledger.write(work)

    def _propose(
        self, connection: Connection, agreement_id: str, terms: Terms, by: Caller | None, at: datetime
    ) -> None:
        unknown = {terms.owner, *terms.partners} - {agency.id for agency in store.list_agencies(connection)}
        if unknown:
            raise Problem("invalid", f"there is no agency {sorted(unknown)[0]!r}")
        latest = store.find_agreement(connection, agreement_id)
        if latest is not None:
            if by is not None and by.officer.agency not in latest.terms.parties:
                raise Problem("state_conflict", f"the id {agreement_id} is taken: choose another")
            if latest.terms.owner != terms.owner:
                raise Problem("state_conflict", f"agreement {agreement_id} belongs to {latest.terms.owner}")
        agreement = store.propose_agreement(connection, agreement_id, terms, at, _officer_id(by))
        audit.append(connection, self._agreement_entry(by, "propose_agreement", agreement), at)

    async def activate(self, agreement_id: str, by: Caller, word: str | None = None) -> Agreement:
        """Puts the latest proposal in force: a custodian of the owner's decision alone. `word` is that of the
        agreement as they read it; another one has come since where it is not the same any more."""
        action = "activate_agreement"
        await self._authority.require(by, AgencyAction.MANAGE_AGREEMENTS, action)
        at = self._clock.now()

        def work(connection: Connection) -> Agreement:
            agreement = _known_to(by, agreement_id, store.find_agreement(connection, agreement_id))
            if by.officer.agency != agreement.terms.owner:
                raise Problem("action_denied", f"only a custodian of {agreement.terms.owner} activates this")
            _check_word(agreement, word)
            if agreement.state is not AgreementState.PROPOSED:
                raise Problem("state_conflict", f"agreement {agreement_id} is {agreement.state.value}")
            store.activate_agreement(connection, agreement, at, by.officer.id)
            return self._changed(connection, by, action, agreement, at)

        return await self._recording_denial(work, by, action, agreement_id)

    async def end(self, agreement_id: str, by: Caller, word: str | None = None) -> Agreement:
        """Ends what is in force: either side's custodian may."""
        action = "end_agreement"
        await self._authority.require(by, AgencyAction.MANAGE_AGREEMENTS, action)
        at = self._clock.now()

        def work(connection: Connection) -> Agreement:
            in_force = store.find_active_agreement(connection, agreement_id)
            latest = store.find_agreement(connection, agreement_id)
            agreement = _known_to(by, agreement_id, in_force or latest)
            _check_word(self._latest_read(connection, agreement_id, by, at), word)
            if agreement.state is not AgreementState.ACTIVE:
                raise Problem("state_conflict", f"agreement {agreement_id} is {agreement.state.value}")
            store.end_agreement(connection, agreement, at, by.officer.id)
            return self._changed(connection, by, action, agreement, at)

        return await self._recording_denial(work, by, action, agreement_id)

    async def _recording_denial(
        self, work: Callable[[Connection], Agreement], by: Caller, action: str, agreement_id: str
    ) -> Agreement:
        """Carries the change out; what the caller has no right to is recorded as refused."""
        try:
            return await self._ledger.write(work)
        except Problem as problem:
            if problem.code in ("not_found", "action_denied"):
                await self._authority.deny(by, action, (agreement_id,))
            raise

    def _changed(
        self, connection: Connection, by: Caller, action: str, agreement: Agreement, at: datetime
    ) -> Agreement:
        audit.append(connection, self._agreement_entry(by, action, agreement), at)
        changed = store.find_agreement(connection, agreement.id, agreement.version)
        if changed is None:
            raise RuntimeError("the agreement just changed is not there")
        return changed

    def _agreement_entry(self, by: Caller | None, action: str, agreement: Agreement) -> NewEntry:
        entry = (
            self._authority.entry(by, Operation.ALTERATION, action)
            if by is not None
            else NewEntry(operation=Operation.ALTERATION, action=action, officer_id=audit.HOST)
        )
        return entry.model_copy(
            update={
                "objects": (agreement.name,),
                "owners": agreement.terms.parties,
                "whose": {agreement.name: agreement.terms.parties},
            }
        )


def _known_to(caller: Caller, agreement_id: str, agreement: Agreement | None) -> Agreement:
    """The agreement, where the caller's agency is party to it; else it is as unknown as one that is not there."""
    if agreement is None or caller.officer.agency not in agreement.terms.parties:
        raise Problem("not_found", f"there is no agreement {agreement_id}")
    return agreement


def _officer_id(caller: Caller | None) -> str:
    return caller.officer.id if caller is not None else audit.HOST


def _check_word(agreement: Agreement | None, word: str | None) -> None:
    """Passes where the agreement is as it was read."""
    if word is not None and agreement is not None and word != agreement.word:
        raise Problem(
            "version_conflict", f"agreement {agreement.id} changed since it was read: read it again"
        )
