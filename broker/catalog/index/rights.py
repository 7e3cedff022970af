"""Rights as columns: for each slot a byte of allowed actions and the bases that allow them.

The policy function decides; here its masks are kept, one set for all officers who are alike to it (agency,
roles, scopes, purpose), and brought up to date for the slots that changed. A set serves while the policy's version is
the same and no agreement began or ended meanwhile.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from broker.agencies.columns import BoolColumn, CameraColumns
from broker.agencies.models import Action, Officer, PolicyBook, Role, Scope
from broker.agencies.policy import ActionMasks, Claim, action_masks, cover
from broker.catalog.disclosure import BITS, actions_of
from broker.catalog.index.arrays import Column, Slots
from broker.catalog.index.table import CameraTable
from broker.catalog.questions import Grant
from broker.catalog.rendering import grant

SETS_KEPT: Final = 32
COVERS_KEPT: Final = 64
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


class Covers:
    """Which slots each version of an agreement is about: found once for all officers, and anew where cameras
    changed. What changes in the policy costs no more than what is new in it."""

    def __init__(self, table: CameraTable) -> None:
        self._table = table
        self._kept: OrderedDict[tuple[str, int], tuple[int, BoolColumn]] = OrderedDict()

    def __call__(self, claim: Claim, columns: CameraColumns) -> BoolColumn:
        """`cover` over all slots."""
        if claim.key is None:
            return cover(claim, columns)
        version, mask = self._kept.pop(claim.key, (-1, np.empty(0, bool)))
        changed = self._table.changed_since(version) if version >= 0 else None
        if changed is None:
            mask = cover(claim, columns)
        elif len(changed):
            mask = np.concatenate((mask, np.zeros(len(columns) - len(mask), bool)))
            mask[changed] = cover(claim, self._table.policy_columns(changed))
        self._kept[claim.key] = self._table.version, mask
        if len(self._kept) > COVERS_KEPT:
            self._kept.popitem(last=False)
        return mask


_Key = tuple[str, frozenset[Role], frozenset[Scope] | None, str | None, bool, tuple[str, ...]]


class RightsCache:
    """The sets of one table under one version of the policy."""

    def __init__(self, table: CameraTable) -> None:
        self._table = table
        self._covers = Covers(table)
        self._book_version: int | None = None
        self._until: datetime | None = None
        self._sets: OrderedDict[_Key, Rights] = OrderedDict()

    def rights(self, officer: Officer, purpose: str | None, book: PolicyBook, at: datetime) -> Rights:
        """What the officer may do with each slot, for this purpose, now."""
        if self._book_version != book.version or (self._until is not None and at >= self._until):
            self._sets.clear()
            self._book_version, self._until = book.version, _next_change(book, at)
        own = tuple(each.id for each in book.emergencies if each.officer_id == officer.id)
        key = (officer.agency, officer.roles, officer.scopes, purpose, officer.is_designated(at), own)
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
        masks = action_masks(officer, purpose, columns, book.agreements, at, book.emergencies, self._covers)
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
        masks = action_masks(officer, purpose, columns, book.agreements, at, book.emergencies)
        kept.write(rows, masks, self._table.size)
        kept.version = self._table.version


def _next_change(book: PolicyBook, at: datetime) -> datetime | None:
    """When the clock alone may next change a right: an agreement begins or ends by its own period, an emergency is
    over, or a minute turns, at which weekly hours begin and end."""
    periods = (i for a in book.agreements for i in (a.terms.valid.start, a.terms.valid.end))
    emergencies = (i for e in book.emergencies for i in (e.started_at, e.over_at))
    later = [instant for instant in (*periods, *emergencies) if instant > at]
    if any(a.terms.hours is not None for a in book.agreements):
        later.append(at.replace(second=0, microsecond=0) + timedelta(minutes=1))
    return min(later, default=None)
