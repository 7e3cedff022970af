"""Rights as columns: for each slot a byte of allowed actions and the bases that allow them.

The policy function decides; here its masks are kept, one set for all officers who are alike to it (agency,
roles, scopes, purpose), and brought up to date for the slots that changed. A set serves while the policy's version is
the same and no agreement began or ended meanwhile.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from broker.agencies.models import Action, Agreement, Officer, PolicyBook, Role, Scope
from broker.agencies.policy import ActionMasks, CameraColumns, action_masks
from broker.catalog.disclosure import BITS, actions_of
from broker.catalog.index.arrays import Column, Slots
from broker.catalog.index.table import CameraTable
from broker.catalog.questions import Grant
from broker.catalog.rendering import grant

SETS_KEPT: Final = 32
WORD: Final = 64


@dataclass
class Rights:
    """What officers of one sort may do. `bits` holds actions, `bases` which of `names` a slot is under."""

    names: tuple[str, ...]
    bits: Column = field(default_factory=lambda: Column(np.uint8, 0))
    bases: list[Column] = field(default_factory=list)
    version: int = 0

    def __post_init__(self) -> None:
        words = -(-len(self.names) // WORD)
        self.bases = [Column(np.uint64, 0) for _ in range(words)]
        self._grants: dict[tuple[int, ...], Grant] = {}

    def grants_of(self, slots: Slots, offered: NDArray[np.uint8]) -> list[Grant]:
        """What may be done with each slot's camera of what its network offers, and under which bases."""
        words = [column.values.take(slots).tolist() for column in self.bases]
        return [self._grant(*key) for key in zip(offered.tolist(), *words, strict=True)]

    def _grant(self, *key: int) -> Grant:
        known = self._grants.get(key)
        if known is None:
            offered, *words = key
            held = (name for n, name in enumerate(self.names) if words[n // WORD] >> n % WORD & 1)
            known = self._grants[key] = grant(actions_of(offered), tuple(dict.fromkeys(held)))
        return known

    def write(self, rows: Slots | slice, masks: ActionMasks, size: int) -> None:
        """Takes the decisions for these rows, which lie below `size`."""
        self.bits.reserve(size)
        bits = np.zeros(len(next(iter(masks.actions.values()))), np.uint8)
        for action in Action:
            bits |= masks.actions[action].astype(np.uint8) * np.uint8(BITS[action])
        self.bits.values[rows] = bits
        for word, column in enumerate(self.bases):
            column.reserve(size)
            under: NDArray[np.uint64] = np.zeros(len(bits), np.uint64)
            for place, basis in enumerate(masks.bases[word * WORD : (word + 1) * WORD]):
                under |= basis.mask.astype(np.uint64) << np.uint64(place)
            column.values[rows] = under


_Key = tuple[str, frozenset[Role], frozenset[Scope] | None, str | None, bool]


class RightsCache:
    """The sets of one table under one version of the policy."""

    def __init__(self, table: CameraTable) -> None:
        self._table = table
        self._book_version: int | None = None
        self._until: datetime | None = None
        self._sets: OrderedDict[_Key, Rights] = OrderedDict()

    def rights(self, officer: Officer, purpose: str | None, book: PolicyBook, at: datetime) -> Rights:
        """What the officer may do with each slot, for this purpose, now."""
        if self._book_version != book.version or (self._until is not None and at >= self._until):
            self._sets.clear()
            self._book_version, self._until = book.version, _next_change(book.agreements, at)
        key = (officer.agency, officer.roles, officer.scopes, purpose, officer.is_designated(at))
        kept = self._sets.get(key)
        if kept is None:
            kept = self._decide_all(officer, purpose, book, at)
            self._sets[key] = kept
            if len(self._sets) > SETS_KEPT:
                self._sets.popitem(last=False)
        elif kept.version != self._table.version:
            self._catch_up(kept, officer, purpose, book, at)
        self._sets.move_to_end(key)
        return kept

    def _decide_all(self, officer: Officer, purpose: str | None, book: PolicyBook, at: datetime) -> Rights:
        columns = self._table.policy_columns()
        masks = action_masks(officer, purpose, columns, book.agreements, at)
        kept = Rights(tuple(basis.name for basis in masks.bases))
        kept.write(slice(self._table.size), masks, self._table.size)
        kept.version = self._table.version
        return kept

    def _catch_up(
        self, kept: Rights, officer: Officer, purpose: str | None, book: PolicyBook, at: datetime
    ) -> None:
        changed = self._table.changed_since(kept.version)
        rows: Slots | slice = slice(self._table.size) if changed is None else changed
        columns: CameraColumns = self._table.policy_columns(changed)
        kept.write(rows, action_masks(officer, purpose, columns, book.agreements, at), self._table.size)
        kept.version = self._table.version


def _next_change(agreements: Sequence[Agreement], at: datetime) -> datetime | None:
    """When the next agreement begins or ends by its own period."""
    instants = (i for a in agreements for i in (a.terms.valid.start, a.terms.valid.end) if i > at)
    return min(instants, default=None)
