"""The ledger's services of one process on a file, and a second process on the same file."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from broker.agencies.agreements import Agreements
from broker.agencies.authority import Authority
from broker.agencies.models import Action, Caller, NewOfficer, PolicyBook, Role
from broker.agencies.officers import Officers
from broker.agencies.policy import action_masks
from broker.audit.models import Entry, NewEntry, Operation
from broker.audit.service import AuditLog
from broker.ledger import tables
from broker.ledger.database import Place
from broker.ledger.engine import Ledger
from broker.ledger.migrate import migrate
from broker.settings.sections import DEFAULT_PURPOSES
from tests.broker.agencies.rights import Camera, columns
from tests.world import NumberedIdentifiers, StandingClock

PURPOSE = "judicial_inquiry"
RAIL_CAMERA = Camera("rail", "rail-cctv", "fixed", 48.88, 2.35, frozenset())


@dataclass(frozen=True)
class Office:
    """What one process decides with."""

    ledger: Ledger
    clock: StandingClock
    authority: Authority
    officers: Officers
    agreements: Agreements
    audit: AuditLog

    async def sign_in(self, agency: str, *roles: Role, until: datetime | None = None) -> Caller:
        """A caller with a purpose."""
        return await self.authority.authenticate(
            await self.token(agency, *roles, until=until), PURPOSE, "PV-1"
        )

    async def token(self, agency: str, *roles: Role, until: datetime | None = None) -> str:
        new = NewOfficer(
            agency=agency,
            name=f"Test {agency}",
            service="Tests",
            personnel_number=f"T-{agency}",
            roles=frozenset(roles),
            designated_by="tests",
            until=until,
        )
        return (await self.officers.add_officer(new))[1].token

    async def locates(self, caller: Caller, camera: Camera = RAIL_CAMERA) -> bool:
        """Whether the caller may locate the camera, as a search decides it."""

        def decide(book: PolicyBook) -> tuple[bool, NewEntry]:
            at = self.clock.now()
            masks = action_masks(caller.officer, caller.purpose, columns([camera]), book.agreements, at)
            entry = self.authority.entry(caller, Operation.CONSULTATION, "search")
            return masks.allows(Action.LOCATE, 0), entry

        return await self.authority.decide_and_log(decide)

    async def log(self) -> tuple[Entry, ...]:
        """Everything that was written."""
        return (await self.audit.page(None, None, 0, None, 10_000, None)).entries

    async def actions(self) -> list[tuple[str, str]]:
        """What was written, as action and verdict."""
        return [(entry.action, entry.decision.value) for entry in await self.log()]

    async def policy_version(self) -> int:
        query = select(tables.policy_version.c.version)
        return await self.ledger.read(lambda c: int(c.execute(query).scalar_one()))


@contextmanager
def open_office(place: Place, clock: StandingClock, identifiers: NumberedIdentifiers) -> Iterator[Office]:
    """One process."""
    migrate(place)
    ledger = Ledger(place)
    authority = Authority(ledger, clock, DEFAULT_PURPOSES)
    yield Office(
        ledger=ledger,
        clock=clock,
        authority=authority,
        officers=Officers(ledger, clock, identifiers, authority),
        agreements=Agreements(ledger, clock, authority),
        audit=AuditLog(ledger, clock),
    )
    ledger.close()
