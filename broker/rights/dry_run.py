"""Tells before an agreement is activated which cameras would be seen, and which no more, by whom and for what.

The one policy function is asked twice over the owner's cameras, with and without the proposal in the place of the
version that is in force, for an officer of each partner who has every role that an agreement can give anything to.
Weekly hours are left out of account: the answer is about the hours at which the agreements hold.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from broker.agencies.agreements import Agreements
from broker.agencies.authority import Authority
from broker.agencies.columns import CameraColumns
from broker.agencies.models import (
    Action,
    AgencyAction,
    Agreement,
    AgreementState,
    Caller,
    Designation,
    Officer,
    PolicyBook,
    Role,
)
from broker.agencies.policy import action_masks
from broker.audit.models import NewEntry, Operation
from broker.catalog.service import Catalog
from broker.clock import Clock
from broker.errors import Problem
from broker.pages import Cut, Page
from broker.rights.models import Change, ChangeCount, ChangedCamera, DryRun

Changes = NDArray[np.int8]
"""For each camera, action by action: 1 gained, -1 lost, 0 as it was."""


@dataclass(frozen=True)
class _For:
    """Whom a change is about."""

    agency: str
    purpose: str


class DryRuns:
    """The service that tells beforehand."""

    def __init__(self, authority: Authority, agreements: Agreements, catalog: Catalog, clock: Clock) -> None:
        self._authority = authority
        self._agreements = agreements
        self._catalog = catalog
        self._clock = clock

    async def of_proposal(self, caller: Caller, agreement_id: str, page: Page) -> tuple[DryRun, str | None]:
        """For a custodian of the owner, whose cameras they are; with the key at which the page of cameras ended.
        `state_conflict` where nothing is proposed."""
        action = "dry_run_agreement"
        await self._authority.require_purpose(caller)
        await self._authority.require(caller, AgencyAction.MANAGE_AGREEMENTS, action)
        proposal = await self._agreements.show(agreement_id, caller)
        if caller.officer.agency != proposal.terms.owner:
            await self._authority.deny(caller, action, (agreement_id,), (proposal.terms.owner,))
            raise Problem(
                "action_denied", f"only a custodian of {proposal.terms.owner} sees what would change"
            )
        if proposal.state is not AgreementState.PROPOSED:
            raise Problem("state_conflict", f"agreement {agreement_id} is {proposal.state.value}")
        at = max(self._clock.now(), proposal.terms.valid.start)
        ids, columns = await self._catalog.columns_of(proposal.terms.owner)
        book = await self._authority.book()
        found = await asyncio.to_thread(changes, columns, book, proposal, at)
        cut = _page(ids, found, page)
        result = DryRun(
            agreement_id=agreement_id,
            version=proposal.version,
            at=at,
            counts=tuple(_counts(found)),
            cameras=tuple(cut.rows),
        )

        def log(book: PolicyBook) -> tuple[None, NewEntry]:
            entry = self._authority.entry(caller, Operation.CONSULTATION, action)
            objects = (f"{agreement_id}@{proposal.version}",)
            return None, entry.model_copy(update={"objects": objects, "owners": (proposal.terms.owner,)})

        await self._authority.decide_and_log(log)
        return result, cut.last


def changes(
    columns: CameraColumns, book: PolicyBook, proposal: Agreement, at: datetime
) -> dict[_For, Changes]:
    """By agency and purpose what would change for each camera, one column an action; n × actions."""
    before = [_at_all_hours(each) for each in book.agreements]
    active = proposal.model_copy(update={"state": AgreementState.ACTIVE})
    after = [*(each for each in before if each.id != proposal.id), _at_all_hours(active)]
    replaced = [each for each in book.agreements if each.id == proposal.id]
    agencies = {partner for each in (*replaced, proposal) for partner in each.terms.partners}
    purposes = {purpose for each in (*replaced, proposal) for purpose in each.terms.purposes}
    found = {}
    for agency in sorted(agencies - {proposal.terms.owner}):
        officer = _anybody(agency, at)
        for purpose in sorted(purposes):
            now, then = (
                action_masks(officer, purpose, columns, agreements, at).actions
                for agreements in (before, after)
            )
            found[_For(agency, purpose)] = np.stack(
                [then[action].astype(np.int8) - now[action].astype(np.int8) for action in Action], axis=1
            )
    return found


def _at_all_hours(agreement: Agreement) -> Agreement:
    return agreement.model_copy(update={"terms": agreement.terms.model_copy(update={"hours": None})})


def _anybody(agency: str, at: datetime) -> Officer:
    always = Designation(designated_by="", valid_from=at - timedelta(days=1), valid_until=None)
    return Officer(
        id="",
        agency=agency,
        name="",
        service="",
        personnel_number="",
        roles=frozenset({Role.OPERATOR, Role.INVESTIGATOR}),
        designations=(always,),
    )


def _counts(found: dict[_For, Changes]) -> Iterator[ChangeCount]:
    for whom, change in found.items():
        for n, action in enumerate(Action):
            gained, lost = int((change[:, n] > 0).sum()), int((change[:, n] < 0).sum())
            if gained or lost:
                yield ChangeCount(
                    agency=whom.agency, purpose=whom.purpose, action=action, gained=gained, lost=lost
                )


def _page(ids: Sequence[str], found: dict[_For, Changes], page: Page) -> Cut[ChangedCamera]:
    """The cameras of the page for whom anything changes, by id."""
    changed = np.zeros(len(ids), bool)
    for change in found.values():
        changed |= change.any(axis=1)
    rows = {ids[row]: row for row in np.flatnonzero(changed).tolist()}
    cut = page.cut(rows, str)
    return Cut([_changed(name, rows[name], found) for name in cut.rows], cut.last)


def _changed(camera_id: str, row: int, found: dict[_For, Changes]) -> ChangedCamera:
    def chosen(change: Changes, holds: Callable[[int], bool]) -> tuple[Action, ...]:
        return tuple(action for n, action in enumerate(Action) if holds(int(change[row, n])))

    return ChangedCamera(
        camera_id=camera_id,
        changes=tuple(
            Change(
                agency=whom.agency,
                purpose=whom.purpose,
                gained=chosen(change, lambda each: each > 0),
                lost=chosen(change, lambda each: each < 0),
            )
            for whom, change in found.items()
            if change[row].any()
        ),
    )
