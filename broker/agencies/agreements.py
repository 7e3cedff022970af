"""Keeps agreements: seeded from the configuration, proposed, activated by the owner, ended by either side."""

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
from broker.ledger.engine import Ledger
from broker.settings import Settings


class Agreements:
    """`by` None stands for the host's own command."""

    def __init__(self, ledger: Ledger, clock: Clock, authority: Authority) -> None:
        self._ledger = ledger
        self._clock = clock
        self._authority = authority

    async def seed(self, settings: Settings) -> None:
        """Brings the configuration's agencies into the ledger, and its agreements once, at first start."""
        at = self._clock.now()
        agencies = [Agency(id=agency.id, name=agency.name) for agency in settings.agency]
        terms = {a.id: terms_of(a, settings.base_dir) for a in settings.agreement}

        def work(connection: Connection) -> None:
            store.put_agencies(connection, agencies)
            if store.list_agreements(connection):
                return
            for agreement_id, term in terms.items():
                agreement = store.propose_agreement(connection, agreement_id, term, at, audit.HOST)
                store.activate_agreement(connection, agreement, at, audit.HOST)
                entry = NewEntry(
                    operation=Operation.ALTERATION,
                    action="seed_agreement",
                    officer_id=audit.HOST,
                    objects=(f"{agreement_id}@{agreement.version}",),
                    owners=(term.owner, *term.partners),
                )
                audit.append(connection, entry, at)

        await self._ledger.write(work)

    async def list_agreements(self, caller: Caller | None) -> list[Agreement]:
        """Those that the caller's agency is party to; all of them for the host and an administrator."""
        agreements = await self._ledger.read(store.list_agreements)
        if caller is None or may(caller.officer, AgencyAction.ADMINISTER, self._clock.now()):
            return agreements
        agency = caller.officer.agency
        return [a for a in agreements if agency == a.terms.owner or agency in a.terms.partners]

    async def propose(self, agreement_id: str, terms: Terms, by: Caller | None) -> Agreement:
        """Adds a proposal; nothing changes until a custodian of the owner activates it."""
        if by is not None:
            await self._authority.require(by, AgencyAction.MANAGE_AGREEMENTS, "propose_agreement")
            if by.officer.agency not in (terms.owner, *terms.partners):
                raise Problem("action_denied", "only a party proposes an agreement")
        at = self._clock.now()

        def work(connection: Connection) -> Agreement:
            known = {agency.id for agency in store.list_agencies(connection)}
            unknown = {terms.owner, *terms.partners} - known
            if unknown:
                raise Problem("invalid", f"there is no agency {sorted(unknown)[0]!r}")
            latest = store.find_agreement(connection, agreement_id)
            if latest is not None and latest.terms.owner != terms.owner:
                raise Problem("state_conflict", f"agreement {agreement_id} belongs to {latest.terms.owner}")
            agreement = store.propose_agreement(connection, agreement_id, terms, at, _officer_id(by))
            audit.append(connection, self._agreement_entry(by, "propose_agreement", agreement), at)
            return agreement

        return await self._ledger.write(work)

    async def activate(self, agreement_id: str, by: Caller) -> Agreement:
        """Puts the latest proposal in force: a custodian of the owner's decision alone."""
        return await self._change_agreement(agreement_id, by, "activate_agreement", owner_only=True)

    async def end(self, agreement_id: str, by: Caller) -> Agreement:
        """Ends what is in force: either side's custodian may."""
        return await self._change_agreement(agreement_id, by, "end_agreement", owner_only=False)

    async def _change_agreement(
        self, agreement_id: str, by: Caller, action: str, *, owner_only: bool
    ) -> Agreement:
        await self._authority.require(by, AgencyAction.MANAGE_AGREEMENTS, action)
        at = self._clock.now()

        def work(connection: Connection) -> Agreement:
            agreement = store.find_agreement(connection, agreement_id)
            parties = () if agreement is None else (agreement.terms.owner, *agreement.terms.partners)
            if agreement is None or by.officer.agency not in parties:
                raise Problem("not_found", f"there is no agreement {agreement_id}")
            if owner_only and by.officer.agency != agreement.terms.owner:
                raise Problem("action_denied", f"only a custodian of {agreement.terms.owner} activates this")
            wanted = AgreementState.PROPOSED if owner_only else AgreementState.ACTIVE
            if not owner_only and agreement.state is AgreementState.PROPOSED:
                previous = [
                    a
                    for a in store.list_agreements(connection)
                    if a.id == agreement_id and a.state is AgreementState.ACTIVE
                ]
                agreement = previous[-1] if previous else agreement
            if agreement.state is not wanted:
                raise Problem("state_conflict", f"agreement {agreement_id} is {agreement.state.value}")
            change = store.activate_agreement if owner_only else store.end_agreement
            change(connection, agreement, at, by.officer.id)
            audit.append(connection, self._agreement_entry(by, action, agreement), at)
            changed = store.find_agreement(connection, agreement_id, agreement.version)
            if changed is None:
                raise RuntimeError("the agreement just changed is not there")
            return changed

        return await self._ledger.write(work)

    def _agreement_entry(self, by: Caller | None, action: str, agreement: Agreement) -> NewEntry:
        entry = (
            self._authority.entry(by, Operation.ALTERATION, action)
            if by is not None
            else NewEntry(operation=Operation.ALTERATION, action=action, officer_id=audit.HOST)
        )
        parties = (agreement.terms.owner, *agreement.terms.partners)
        return entry.model_copy(
            update={"objects": (f"{agreement.id}@{agreement.version}",), "owners": parties}
        )


def _officer_id(caller: Caller | None) -> str:
    return caller.officer.id if caller is not None else audit.HOST
