"""Which rights uncover which facts of a camera.

`locate` alone shows that a camera exists, whose and of what kind it is, where it stands and how it does. What
follows here needs more; the same rule holds for what is shown, filtered by and sorted by.
"""

from functools import cache
from typing import Final

from adapters.contract.capabilities import Capability
from broker.agencies.models import Action

FOOTAGE_ACTIONS: Final = frozenset({Action.REQUEST_CLIP, Action.HOLD})
"""Any of these uncovers what footage there is, and until when."""

PICTURE_ACTIONS: Final = frozenset({Action.VIEW_SNAPSHOT})
"""Uncovers that there is a snapshot, and how old it is."""

VIEW_ACTIONS: Final = FOOTAGE_ACTIONS | PICTURE_ACTIONS | {Action.VIEW_LIVE}
"""Any of these uncovers where a camera looks, its streams and its tags."""

BITS: Final[dict[Action, int]] = {action: 1 << place for place, action in enumerate(Action)}
"""An action as one bit, in the order of `Action`; rights over columns are bytes of these."""

LOCATE_BIT: Final = BITS[Action.LOCATE]
FOOTAGE_BITS: Final = sum(BITS[action] for action in FOOTAGE_ACTIONS)
PICTURE_BITS: Final = sum(BITS[action] for action in PICTURE_ACTIONS)
VIEW_BITS: Final = sum(BITS[action] for action in VIEW_ACTIONS)

NEEDS: Final[dict[Action, Capability | None]] = {
    Action.LOCATE: None,
    Action.VIEW_SNAPSHOT: Capability.SNAPSHOT,
    Action.HOLD: Capability.FOOTAGE,
    Action.REQUEST_CLIP: Capability.FOOTAGE,
}
"""What a camera's network must be able to do for an action; nobody can offer live pictures yet."""


@cache
def offered_bits(offers: tuple[str, ...]) -> int:
    """The actions that a network with these capabilities can carry out."""
    return sum(BITS[action] for action, needed in NEEDS.items() if needed is None or needed in offers)


@cache
def actions_of(bits: int) -> tuple[Action, ...]:
    return tuple(action for action, bit in BITS.items() if bits & bit)
