"""The one place where a right is decided: pure functions over camera columns. Denied unless granted here.

A single decision is a mask of length one. What is decided without a camera (reading the log, administering)
is `may`, over the same table of roles.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from adapters.contract.models import Interval
from broker.agencies.columns import BoolColumn, CameraColumns, Category
from broker.agencies.covering import Tests, covered, owned_by, reserved, tests_of, within_circle
from broker.agencies.models import (
    Action,
    AgencyAction,
    Agreement,
    AgreementState,
    Emergency,
    Officer,
    Role,
    Scope,
)
from broker.agencies.rules import Rule
from broker.agencies.scopes import SCOPE_ACTIONS, SCOPE_AGENCY_ACTIONS, in_scope

OPERATOR_ACTIONS: Final = frozenset({Action.LOCATE, Action.VIEW_SNAPSHOT, Action.VIEW_LIVE, Action.HOLD})
ROLE_ACTIONS: Final[dict[Role, frozenset[Action]]] = {
    Role.OPERATOR: OPERATOR_ACTIONS,
    Role.INVESTIGATOR: frozenset({Action.LOCATE, Action.VIEW_SNAPSHOT, Action.HOLD, Action.REQUEST_CLIP}),
    Role.CUSTODIAN: OPERATOR_ACTIONS,
    Role.AUDITOR: frozenset(),
    Role.DPO: frozenset(),
    Role.ADMINISTRATOR: frozenset(),
}
"""Actions that a role can ever have on a camera."""

OWN_ONLY: Final = frozenset({Role.CUSTODIAN})
"""Roles whose actions end at their own agency's cameras, whatever an agreement says."""

SEES_RESERVED: Final = frozenset({Role.CUSTODIAN})

EMERGENCY_ROLES: Final = frozenset({Role.OPERATOR})
EMERGENCY_ACTIONS: Final = OPERATOR_ACTIONS
"""What an emergency lets an operator do with cameras beyond the agreements; never to ask for a clip."""

AGENCY_ACTIONS: Final[dict[AgencyAction, frozenset[Role]]] = {
    AgencyAction.READ_LOG: frozenset({Role.AUDITOR, Role.DPO}),
    AgencyAction.ADMINISTER: frozenset({Role.ADMINISTRATOR}),
    AgencyAction.READ_AGREEMENTS: frozenset(Role),
    AgencyAction.MANAGE_AGREEMENTS: frozenset({Role.CUSTODIAN}),
    AgencyAction.SEARCH: frozenset({Role.OPERATOR, Role.INVESTIGATOR, Role.CUSTODIAN}),
    AgencyAction.SUBMIT_REQUEST: frozenset({Role.INVESTIGATOR}),
    AgencyAction.FETCH_OWN: frozenset({Role.INVESTIGATOR}),
    AgencyAction.HOLD: frozenset({Role.OPERATOR, Role.INVESTIGATOR, Role.CUSTODIAN}),
    AgencyAction.READ_REQUESTS: frozenset({Role.INVESTIGATOR, Role.CUSTODIAN}),
    AgencyAction.DECIDE: frozenset({Role.CUSTODIAN}),
    AgencyAction.RELEASE_HOLD: frozenset({Role.CUSTODIAN}),
    AgencyAction.START_EMERGENCY: frozenset({Role.OPERATOR}),
    AgencyAction.READ_EMERGENCIES: frozenset({Role.OPERATOR, Role.CUSTODIAN, Role.AUDITOR, Role.DPO}),
    AgencyAction.REVIEW_EMERGENCY: frozenset({Role.CUSTODIAN}),
    AgencyAction.READ_NOTICES: frozenset(Role),
    AgencyAction.READ_REGISTER: frozenset({Role.DPO, Role.CUSTODIAN}),
}

OWN_BASIS: Final = "own"


@dataclass(frozen=True)
class Basis:
    """Why a camera may be used: the caller's own agency, or an agreement. `mask` is over the cameras."""

    name: str
    mask: BoolColumn
    actions: frozenset[Action]
    agreement: Agreement | None

    def allows_interval(self, interval: Interval) -> bool:
        """Whether the agreement lets so long an interval be asked for; one's own agency sets no limit."""
        longest_s = None if self.agreement is None else self.agreement.terms.max_clip_s
        return longest_s is None or interval.duration.total_seconds() <= longest_s


@dataclass(frozen=True)
class ActionMasks:
    """Which action is allowed on which camera, and by what. Every mask is part of the mask of `locate`."""

    actions: dict[Action, BoolColumn]
    bases: tuple[Basis, ...]

    def allows(self, action: Action, index: int) -> bool:
        return bool(self.actions[action][index])

    def actions_of(self, index: int) -> tuple[Action, ...]:
        return tuple(action for action in Action if self.actions[action][index])

    def bases_of(self, index: int) -> tuple[str, ...]:
        return tuple(basis.name for basis in self.bases if basis.mask[index])

    def grants(self, action: Action, index: int) -> tuple[Basis, ...]:
        """The bases that allow the action on the camera, the caller's own agency first."""
        if not self.actions[action][index]:
            return ()
        return tuple(basis for basis in self.bases if basis.mask[index] and action in basis.actions)


def may(officer: Officer, action: AgencyAction, at: datetime, owner: str | None = None) -> bool:
    """Whether the officer's roles allow this now; with `owner`, on what belongs to that agency."""
    if owner is not None and owner != officer.agency:
        return False
    if not in_scope(officer.scopes, action):
        return False
    return officer.is_designated(at) and not officer.roles.isdisjoint(AGENCY_ACTIONS[action])


def useful_scopes(roles: frozenset[Role]) -> frozenset[Scope]:
    """The scopes that leave these roles something to do with a camera, or within their agency what no other scope
    leaves."""
    ever = _actions_of(roles)
    kept_by = Counter(action for actions in SCOPE_AGENCY_ACTIONS.values() for action in actions)
    within = {
        action
        for action, allowed in AGENCY_ACTIONS.items()
        if kept_by[action] == 1 and not roles.isdisjoint(allowed)
    }
    return frozenset(
        scope
        for scope in Scope
        if not ever.isdisjoint(SCOPE_ACTIONS[scope]) or not within.isdisjoint(SCOPE_AGENCY_ACTIONS[scope])
    )


def may_know(officer: Officer, emergency: Emergency, at: datetime) -> bool:
    """An emergency is its officer's to see, both sides' auditors', and the owners' custodians'."""
    if not may(officer, AgencyAction.READ_EMERGENCIES, at):
        return False
    if not officer.roles.isdisjoint(AGENCY_ACTIONS[AgencyAction.READ_LOG]) and officer.agency in (
        *emergency.owners,
        emergency.agency,
    ):
        return True
    return officer.id == emergency.officer_id or may_review(officer, emergency, at)


def may_review(officer: Officer, emergency: Emergency, at: datetime) -> bool:
    """A custodian of an owner whose cameras it reaches reviews it, and may end it."""
    return officer.agency in emergency.owners and may(officer, AgencyAction.REVIEW_EMERGENCY, at)


@dataclass(frozen=True)
class RequestView:
    """What an officer may see of a request: all of it as its requester, else the items of one owner."""

    as_requester: bool
    as_owner: str | None

    @property
    def nothing(self) -> bool:
        return not self.as_requester and self.as_owner is None

    def shows(self, owner: str) -> bool:
        return self.as_requester or owner == self.as_owner


def request_view(officer: Officer, requester_id: str, owners: Collection[str], at: datetime) -> RequestView:
    """The requester sees the whole request, a custodian the items of their own agency."""
    reads = may(officer, AgencyAction.READ_REQUESTS, at)
    owns = officer.agency in owners and may(officer, AgencyAction.DECIDE, at)
    mine = reads and officer.id == requester_id and may(officer, AgencyAction.FETCH_OWN, at)
    return RequestView(as_requester=mine, as_owner=officer.agency if owns else None)


def located_networks(
    officer: Officer,
    purpose: str | None,
    owners: Mapping[str, str],
    agreements: Sequence[Agreement],
    at: datetime,
    emergencies: Sequence[Emergency] = (),
) -> frozenset[str]:
    """The networks, of those that `owners` maps to their agency, in which the officer may locate a camera at
    all; what a network says beside its cameras (its places) is shown for these only."""
    names = sorted(owners)
    columns = CameraColumns(
        owner=Category.of([owners[name] for name in names]),
        network=Category.of(names),
        kind=Category.of([""] * len(names)),
        tags=Category.of([frozenset[str]()] * len(names)),
        lat_deg=np.full(len(names), np.nan),
        lon_deg=np.full(len(names), np.nan),
        reserved=np.zeros(len(names), bool),
    )
    wide = [
        agreement.model_copy(
            update={
                "terms": agreement.terms.model_copy(
                    update={"area": None, "kinds": None, "tags_any": None, "tags_none": None}
                )
            }
        )
        for agreement in agreements
    ]
    reaching = [emergency.model_copy(update={"area": None}) for emergency in emergencies]
    located = action_masks(officer, purpose, columns, wide, at, reaching).actions[Action.LOCATE]
    return frozenset(name for name, seen in zip(names, located, strict=True) if seen)


@dataclass(frozen=True)
class Claim:
    """A basis that there may be: it holds where every condition does, on the cameras that pass the tests, for these
    actions. An action counts as `possible` by its terms and is given where a role of the officer's has it too."""

    name: str
    agreement: Agreement | None
    conditions: Mapping[Rule, bool]
    tests: Tests
    possible: frozenset[Action]
    actions: frozenset[Action]

    @property
    def holds(self) -> bool:
        return bool(self.actions) and all(self.conditions.values())

    @property
    def key(self) -> tuple[str, int] | None:
        """What the tests belong to, where that never changes."""
        return None if self.agreement is None else (self.agreement.id, self.agreement.version)


Cover = Callable[[Claim, CameraColumns], BoolColumn]


def cover(claim: Claim, columns: CameraColumns) -> BoolColumn:
    """The cameras that a claim is about."""
    return covered(claim.tests, columns)


def action_masks(
    officer: Officer,
    purpose: str | None,
    columns: CameraColumns,
    agreements: Sequence[Agreement],
    at: datetime,
    emergencies: Sequence[Emergency] = (),
    covering: Cover = cover,
) -> ActionMasks:
    """What the officer may do with each camera, for this purpose, now. `covering` is `cover`, or remembers it."""
    granted = {action: np.zeros(len(columns), bool) for action in Action}
    bases = []
    for claim in claims(officer, purpose, agreements, emergencies, at):
        if not claim.holds:
            continue
        bases.append(Basis(claim.name, covering(claim, columns), claim.actions, claim.agreement))
        for action in claim.actions:
            granted[action] |= bases[-1].mask
    for action in Action:
        granted[action] &= granted[Action.LOCATE] & in_scope(officer.scopes, action)
    return ActionMasks(granted, tuple(bases))


def claims(
    officer: Officer,
    purpose: str | None,
    agreements: Sequence[Agreement],
    emergencies: Sequence[Emergency],
    at: datetime,
) -> list[Claim]:
    """Everything that might give the officer a right: the caller's own agency first, whether it holds or not."""
    everywhere = {Rule.DESIGNATION: officer.is_designated(at), Rule.PURPOSE_STATED: purpose is not None}
    return [
        *(_own(officer, everywhere, of_reserved=of_reserved) for of_reserved in (False, True)),
        *(_agreed(officer, purpose, everywhere, agreement, at) for agreement in agreements),
        *(_endangered(officer, everywhere, each, agreements, at) for each in emergencies),
    ]


def _own(officer: Officer, everywhere: Mapping[Rule, bool], *, of_reserved: bool) -> Claim:
    """Own cameras need no agreement; the reserved ones are a custodian's only."""
    actions = _actions_of(officer.roles & SEES_RESERVED if of_reserved else officer.roles)
    tests: Tests = (
        (Rule.OWNER, owned_by(frozenset({officer.agency}))),
        (Rule.RESERVED, reserved(of_reserved)),
    )
    return Claim(OWN_BASIS, None, everywhere, tests, frozenset(Action), actions)


def _agreed(
    officer: Officer, purpose: str | None, everywhere: Mapping[Rule, bool], agreement: Agreement, at: datetime
) -> Claim:
    terms = agreement.terms
    conditions = {
        **everywhere,
        Rule.PARTNER: officer.agency in terms.partners and officer.agency != terms.owner,
        Rule.STATE: agreement.state is AgreementState.ACTIVE,
        Rule.PERIOD: agreement.in_period(at),
        Rule.HOURS: agreement.in_hours(at),
        Rule.PURPOSE: purpose in terms.purposes,
    }
    possible = frozenset(Action(name) for name in terms.actions)
    actions = possible & _actions_of(officer.roles - OWN_ONLY)
    return Claim(agreement.id, agreement, conditions, tests_of(terms), possible, actions)


def _endangered(
    officer: Officer,
    everywhere: Mapping[Rule, bool],
    emergency: Emergency,
    agreements: Sequence[Agreement],
    at: datetime,
) -> Claim:
    """Beyond what is agreed, with those owners only with whom the officer's agency has an agreement at all."""
    owners = parties_of(officer.agency, agreements, at).intersection(emergency.owners)
    conditions = {
        **everywhere,
        Rule.OFFICER: emergency.officer_id == officer.id and emergency.agency == officer.agency,
        Rule.PERIOD: emergency.runs(at),
        Rule.PARTNER: bool(owners),
    }
    tests: Tests = ((Rule.OWNER, owned_by(owners)), (Rule.RESERVED, reserved(False)))
    if emergency.area is not None:
        tests = (*tests, (Rule.AREA, within_circle(emergency.area)))
    actions = EMERGENCY_ACTIONS & _actions_of(officer.roles & EMERGENCY_ROLES)
    return Claim(emergency.basis, None, conditions, tests, EMERGENCY_ACTIONS, actions)


def parties_of(agency: str, agreements: Sequence[Agreement], at: datetime) -> frozenset[str]:
    """The owners of the agreements that are in force with this agency as a partner, whatever they grant and when."""
    return frozenset(
        each.terms.owner
        for each in agreements
        if each.in_force(at) and agency in each.terms.partners and agency != each.terms.owner
    )


def _actions_of(roles: frozenset[Role]) -> frozenset[Action]:
    return frozenset[Action]().union(*(ROLE_ACTIONS[role] for role in roles))


@dataclass(frozen=True)
class Reasons:
    """One basis that there may be for an action on a camera: what it depends on, and what of it holds. `given` where
    it gives the action; without `locate`, by this basis or another, that is of no use."""

    name: str
    agreement: Agreement | None
    rules: Mapping[Rule, bool]

    @property
    def given(self) -> bool:
        return all(self.rules.values())


def reasons(
    officer: Officer,
    purpose: str | None,
    columns: CameraColumns,
    agreements: Sequence[Agreement],
    at: datetime,
    action: Action,
    emergencies: Sequence[Emergency] = (),
) -> tuple[Reasons, ...]:
    """Why the officer may or may not do this with the one camera that the columns hold: the same claims as the masks
    are made of, each rule said by itself."""
    one = np.ones(1, bool)
    return tuple(
        Reasons(
            claim.name,
            claim.agreement,
            {
                **claim.conditions,
                Rule.SCOPE: in_scope(officer.scopes, action),
                Rule.ACTION: action in claim.possible,
                Rule.ROLE: action in claim.actions or action not in claim.possible,
                **{rule: bool(test(columns, one)[0]) for rule, test in claim.tests},
            },
        )
        for claim in claims(officer, purpose, agreements, emergencies, at)
    )
