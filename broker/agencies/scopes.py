"""What a token's scopes leave of its officer's rights: tables that the policy function reads, and nothing else does.

A scope takes away and never gives: whatever it names, the roles and agreements must allow as well.
"""

from typing import Final

from broker.agencies.models import Action, AgencyAction, Scope

SCOPE_ACTIONS: Final[dict[Scope, frozenset[Action]]] = {
    Scope.SEARCH: frozenset({Action.LOCATE}),
    Scope.SNAPSHOTS: frozenset({Action.LOCATE, Action.VIEW_SNAPSHOT, Action.VIEW_LIVE}),
    Scope.REQUESTS: frozenset({Action.LOCATE, Action.HOLD, Action.REQUEST_CLIP}),
    Scope.DECIDE: frozenset(),
    Scope.AUDIT: frozenset(),
    Scope.ADMIN: frozenset(),
}
"""Actions on a camera that a scope leaves."""

SCOPE_AGENCY_ACTIONS: Final[dict[Scope, frozenset[AgencyAction]]] = {
    Scope.SEARCH: frozenset({AgencyAction.SEARCH}),
    Scope.SNAPSHOTS: frozenset({AgencyAction.SEARCH}),
    Scope.REQUESTS: frozenset(
        {
            AgencyAction.SUBMIT_REQUEST,
            AgencyAction.FETCH_OWN,
            AgencyAction.HOLD,
            AgencyAction.START_EMERGENCY,
            AgencyAction.READ_EMERGENCIES,
            AgencyAction.READ_NOTICES,
            AgencyAction.READ_REQUESTS,
        }
    ),
    Scope.DECIDE: frozenset(
        {
            AgencyAction.DECIDE,
            AgencyAction.RELEASE_HOLD,
            AgencyAction.READ_REQUESTS,
            AgencyAction.READ_AGREEMENTS,
            AgencyAction.MANAGE_AGREEMENTS,
            AgencyAction.READ_EMERGENCIES,
            AgencyAction.REVIEW_EMERGENCY,
            AgencyAction.READ_NOTICES,
            AgencyAction.READ_REGISTER,
        }
    ),
    Scope.AUDIT: frozenset(
        {
            AgencyAction.READ_LOG,
            AgencyAction.READ_AGREEMENTS,
            AgencyAction.READ_EMERGENCIES,
            AgencyAction.READ_NOTICES,
            AgencyAction.READ_REGISTER,
        }
    ),
    Scope.ADMIN: frozenset(
        {AgencyAction.ADMINISTER, AgencyAction.READ_AGREEMENTS, AgencyAction.READ_NOTICES}
    ),
}
"""What a scope leaves of the rights within one's own agency."""


def in_scope(scopes: frozenset[Scope] | None, action: Action | AgencyAction) -> bool:
    """Whether a token of these scopes is good for the action at all."""
    if scopes is None:
        return True
    if isinstance(action, Action):
        return any(action in SCOPE_ACTIONS[scope] for scope in scopes)
    return any(action in SCOPE_AGENCY_ACTIONS[scope] for scope in scopes)
