"""Explains a decision by the rules that it was made by. Whoever may not locate a camera is told what they are told of
one that is not there."""

from collections.abc import Sequence
from datetime import datetime

from broker.agencies.authority import Authority
from broker.agencies.models import Action, AgencyAction, Caller, Officer, PolicyBook
from broker.agencies.officers import read_officer
from broker.agencies.policy import Reasons, action_masks, reasons
from broker.audit import store as audit
from broker.audit.models import NewEntry, Operation, Verdict
from broker.catalog.columns import policy_columns
from broker.catalog.models import Camera, whose_of
from broker.catalog.service import Catalog
from broker.clock import Clock
from broker.errors import Problem
from broker.ledger.engine import Ledger
from broker.rights.models import ExplainedBasis, Explanation


class Explanations:
    """The service that says why."""

    def __init__(self, ledger: Ledger, authority: Authority, catalog: Catalog, clock: Clock) -> None:
        self._ledger = ledger
        self._authority = authority
        self._catalog = catalog
        self._clock = clock

    async def of_caller(self, caller: Caller, camera_id: str, action: Action) -> Explanation:
        """Why the caller may or may not; by their own agency, the agreements that it is party to, and their own
        emergencies."""
        await self._authority.require_purpose(caller)
        await self._authority.require(caller, AgencyAction.SEARCH, "explain_right")
        cameras = await self._catalog.cameras([camera_id])

        def decide(book: PolicyBook) -> tuple[Explanation | None, NewEntry]:
            officer, at = caller.officer, self._clock.now()
            known = PolicyBook(
                version=book.version,
                agreements=tuple(
                    a for a in book.agreements if officer.agency in (a.terms.owner, *a.terms.partners)
                ),
                emergencies=tuple(e for e in book.emergencies if e.officer_id == officer.id),
            )
            found = explain(officer, caller.purpose, camera_id, cameras, known, at, action)
            entry = self._authority.entry(caller, Operation.CONSULTATION, "explain_right").model_copy(
                update={
                    "objects": (camera_id,),
                    "owners": tuple(camera.agency for camera in cameras),
                    "whose": whose_of(cameras),
                }
            )
            if found is None or not found.located:
                return None, entry.model_copy(update={"decision": Verdict.DENIED})
            return found, entry

        found = await self._authority.decide_and_log(decide)
        if found is None:
            raise Problem("not_found", f"there is no camera {camera_id}")
        return found

    async def of_officer(
        self, officer_id: str, camera_id: str, action: Action, purpose: str, at: datetime | None = None
    ) -> Explanation:
        """The same for the host, of anybody at any time, by everything that is agreed now."""
        self._authority.check_purpose(purpose)
        officer = await self._ledger.read(lambda connection: read_officer(connection, officer_id))
        if officer is None:
            raise Problem("not_found", f"there is no officer {officer_id}")
        cameras, book = await self._catalog.stored([camera_id]), await self._authority.book()
        found = explain(officer, purpose, camera_id, cameras, book, at or self._clock.now(), action)
        if found is None:
            raise Problem("not_found", f"the catalog has no camera {camera_id}: does its broker run?")
        entry = NewEntry(
            operation=Operation.CONSULTATION,
            action="explain_right",
            officer_id=audit.HOST,
            objects=(camera_id, officer_id),
            owners=(cameras[0].agency, officer.agency),
            whose=whose_of(cameras) | {officer_id: (officer.agency,)},
            purpose=purpose,
        )
        await self._ledger.write(lambda connection: audit.append(connection, entry, self._clock.now()))
        return found


def explain(
    officer: Officer,
    purpose: str | None,
    camera_id: str,
    cameras: Sequence[Camera],
    book: PolicyBook,
    at: datetime,
    action: Action,
) -> Explanation | None:
    """None where the camera is not there. The verdict is the masks' own; the rules are those that they are made of."""
    if not cameras:
        return None
    columns = policy_columns(cameras)
    masks = action_masks(officer, purpose, columns, book.agreements, at, book.emergencies)
    why = reasons(officer, purpose, columns, book.agreements, at, action, book.emergencies)
    return Explanation(
        officer_id=officer.id,
        camera_id=camera_id,
        action=action,
        purpose=purpose,
        at=at,
        allowed=masks.allows(action, 0),
        located=masks.allows(Action.LOCATE, 0),
        bases=tuple(map(_explained, why)),
    )


def _explained(why: Reasons) -> ExplainedBasis:
    return ExplainedBasis(name=why.name, gives=why.given, rules=dict(why.rules))
