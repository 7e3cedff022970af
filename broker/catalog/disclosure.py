"""Which rights uncover which facts of a camera.

`locate` alone shows that a camera exists, whose and of what kind it is, where it stands and how it does. What
follows here needs more; the same rule holds for what is shown, filtered by and sorted by.
"""

from typing import Final

from broker.agencies.models import Action

FOOTAGE_ACTIONS: Final = frozenset({Action.REQUEST_CLIP, Action.HOLD})
"""Any of these uncovers what footage there is, and until when."""

PICTURE_ACTIONS: Final = frozenset({Action.VIEW_SNAPSHOT})
"""Uncovers that there is a snapshot, and how old it is."""

VIEW_ACTIONS: Final = FOOTAGE_ACTIONS | PICTURE_ACTIONS | {Action.VIEW_LIVE}
"""Any of these uncovers where a camera looks, its streams and its tags."""
