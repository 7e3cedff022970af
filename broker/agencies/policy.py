"""The one place where a right is decided: pure functions over camera columns. Denied unless granted here.

A single decision is a mask of length one. What is decided without a camera (reading the log, administering)
is `may`, over the same table of roles.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import shape

from adapters.contract.models import Interval
from broker.agencies.models import Action, AgencyAction, Agreement, Officer, Role, Scope, Terms
from broker.agencies.scopes import SCOPE_ACTIONS, SCOPE_AGENCY_ACTIONS, in_scope

BoolColumn = NDArray[np.bool_]
Codes = NDArray[np.int32]
T = TypeVar("T")

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
}

OWN_BASIS: Final = "own"


@dataclass(frozen=True)
class Category(Generic[T]):
    """A column of few distinct values: row i holds `values[codes[i]]`."""

    codes: Codes
    values: Sequence[T]

    @classmethod
    def of(cls, rows: Sequence[T]) -> "Category[T]":
        """From one value a row; values are hashable."""
        codes: dict[T, int] = {}
        coded = [codes.setdefault(value, len(codes)) for value in rows]
        return cls(np.array(coded, dtype=np.int32), tuple(codes))

    def where(self, holds: Callable[[T], bool]) -> BoolColumn:
        """The rows whose value it holds for; asked once a distinct value."""
        if not self.values:
            return np.zeros(len(self.codes), bool)
        return np.fromiter(map(holds, self.values), bool, len(self.values))[self.codes]


@dataclass(frozen=True)
class CameraColumns:
    """The facts of n cameras that rights depend on. `lat_deg`, `lon_deg` are NaN where unknown; a kind that
    is not known is an empty string."""

    owner: Category[str]
    network: Category[str]
    kind: Category[str]
    tags: Category[frozenset[str]]
    lat_deg: NDArray[np.float64]
    lon_deg: NDArray[np.float64]
    reserved: BoolColumn

    def __len__(self) -> int:
        return len(self.reserved)


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
    """The scopes that leave anything of what these roles can ever do and not every role can."""
    ever = frozenset[Action]().union(*(ROLE_ACTIONS[role] for role in roles))
    within = {
        action
        for action, allowed in AGENCY_ACTIONS.items()
        if allowed < frozenset(Role) and not roles.isdisjoint(allowed)
    }
    return frozenset(
        scope
        for scope in Scope
        if not ever.isdisjoint(SCOPE_ACTIONS[scope]) or not within.isdisjoint(SCOPE_AGENCY_ACTIONS[scope])
    )


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


def scope(terms: Terms, columns: CameraColumns) -> BoolColumn:
    """Which cameras an agreement is about. A reserved one never is; an area needs a position."""
    mask = columns.owner.where(terms.owner.__eq__) & ~columns.reserved
    if terms.networks is not None:
        mask &= columns.network.where(frozenset(terms.networks).__contains__)
    if terms.kinds is not None:
        mask &= columns.kind.where({kind.value for kind in terms.kinds}.__contains__)
    if terms.tags_any is not None:
        wanted = frozenset(terms.tags_any)
        mask &= columns.tags.where(lambda tags: not wanted.isdisjoint(tags))
    if terms.tags_none is not None:
        mask &= columns.tags.where(frozenset(terms.tags_none).isdisjoint)
    if terms.area is not None and mask.any():
        area = shape(terms.area)
        shapely.prepare(area)
        inside = np.zeros(len(columns), bool)
        known = mask & ~np.isnan(columns.lat_deg)
        inside[known] = shapely.intersects_xy(area, columns.lon_deg[known], columns.lat_deg[known])
        mask &= inside
    return mask


def located_networks(
    officer: Officer,
    purpose: str | None,
    owners: Mapping[str, str],
    agreements: Sequence[Agreement],
    at: datetime,
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
    located = action_masks(officer, purpose, columns, wide, at).actions[Action.LOCATE]
    return frozenset(name for name, seen in zip(names, located, strict=True) if seen)


def action_masks(
    officer: Officer,
    purpose: str | None,
    columns: CameraColumns,
    agreements: Sequence[Agreement],
    at: datetime,
) -> ActionMasks:
    """What the officer may do with each camera, for this purpose, now."""
    granted = {action: np.zeros(len(columns), bool) for action in Action}
    if purpose is None or not officer.is_designated(at):
        return ActionMasks(granted, ())
    bases = [*_own_bases(officer, columns), *_agreed_bases(officer, purpose, columns, agreements, at)]
    for basis in bases:
        for action in basis.actions:
            granted[action] |= basis.mask
    for action in Action:
        granted[action] &= granted[Action.LOCATE] & in_scope(officer.scopes, action)
    return ActionMasks(granted, tuple(bases))


def _own_bases(officer: Officer, columns: CameraColumns) -> list[Basis]:
    """Own cameras need no agreement; the reserved ones are a custodian's only."""
    own = columns.owner.where(officer.agency.__eq__)
    bases = []
    for reserved in (False, True):
        roles = officer.roles & SEES_RESERVED if reserved else officer.roles
        actions = frozenset[Action]().union(*(ROLE_ACTIONS[role] for role in roles))
        if actions:
            bases.append(Basis(OWN_BASIS, own & (columns.reserved == reserved), actions, None))
    return bases


def _agreed_bases(
    officer: Officer,
    purpose: str,
    columns: CameraColumns,
    agreements: Sequence[Agreement],
    at: datetime,
) -> list[Basis]:
    possible = frozenset[Action]().union(*(ROLE_ACTIONS[role] for role in officer.roles - OWN_ONLY))
    bases = []
    for agreement in agreements:
        terms = agreement.terms
        if not agreement.in_force(at) or purpose not in terms.purposes:
            continue
        if officer.agency not in terms.partners or officer.agency == terms.owner:
            continue
        actions = possible & frozenset(Action(name) for name in terms.actions)
        if actions:
            bases.append(Basis(agreement.id, scope(terms, columns), actions, agreement))
    return bases
