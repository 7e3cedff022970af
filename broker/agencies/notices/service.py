"""Tells officers what happened, in the transaction in which it did, and hands it out to whom it is addressed."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from broker.agencies.authority import Authority
from broker.agencies.models import AgencyAction, Caller, Notice, Role
from broker.agencies.notices import store
from broker.agencies.policy import AGENCY_ACTIONS
from broker.audit import store as audit
from broker.audit.models import Operation
from broker.clock import Clock
from broker.identifiers import Identifiers
from broker.ledger.engine import Ledger
from broker.pages import Cut, Page


class Addressee(NamedTuple):
    """Every officer of a role of an agency, or one officer of it."""

    agency: str
    role: Role | None = None
    officer_id: str | None = None


class Notices:
    """The service of notices. Each says what kind of thing happened to what, and never more."""

    def __init__(self, ledger: Ledger, clock: Clock, identifiers: Identifiers, authority: Authority) -> None:
        self._ledger = ledger
        self._clock = clock
        self._identifiers = identifiers
        self._authority = authority

    def tell(
        self, connection: Connection, addressees: Iterable[Addressee], kind: str, subject: str, at: datetime
    ) -> None:
        """One notice for each; they are there with the caller's transaction."""
        store.add(
            connection,
            (
                Notice(
                    id=self._identifiers.new("ntc"),
                    agency=to.agency,
                    role=to.role,
                    officer_id=to.officer_id,
                    kind=kind,
                    subject=subject,
                    at=at,
                )
                for to in addressees
            ),
        )

    def tell_once(
        self, connection: Connection, addressees: Iterable[Addressee], kind: str, subject: str, at: datetime
    ) -> bool:
        """`tell` for those who were not told the same before; whether there were any."""
        new = [
            to
            for to in addressees
            if not store.is_told(connection, to.agency, to.role, to.officer_id, kind, subject)
        ]
        self.tell(connection, new, kind, subject, at)
        return bool(new)

    async def list_notices(self, caller: Caller, page: Page) -> Cut[Notice]:
        """What the caller and the caller's roles are to be told. Logged."""
        await self._authority.require_purpose(caller)
        await self._authority.require(caller, AgencyAction.READ_NOTICES, "list_notices")
        officer = caller.officer
        roles = officer.roles & AGENCY_ACTIONS[AgencyAction.READ_NOTICES]
        cut = await self._ledger.read(
            lambda c: store.list_for(c, officer.agency, sorted(roles), officer.id, page)
        )
        entry = self._authority.entry(caller, Operation.CONSULTATION, "list_notices").model_copy(
            update={"objects": tuple(notice.id for notice in cut.rows)}
        )
        await self._ledger.write(lambda connection: audit.append(connection, entry, self._clock.now()))
        return cut
