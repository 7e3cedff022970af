"""Tells what happened to entries whose leaves the tree does not have where they stand."""

from dataclasses import dataclass, field
from typing import Final

from broker.audit.verification import leaves
from broker.audit.verification.findings import Findings
from broker.audit.verification.models import EntryRow, Fault

MOST_ROWS: Final = 256
"""Entries looked at one by one; what follows is told as one range."""

CHANGED: Final = "changed: the tree was built over another content"
TILE: Final = "the tree's tile was changed: the signed root follows from the entries and not from it"


@dataclass
class Misplaced:
    """Entries that differ from the leaves that the tree has at their place, since the last checkpoint that told why."""

    rows: list[tuple[EntryRow, bytes]] = field(default_factory=list)
    first: int = 0
    last: int = 0
    number: int = 0

    def add(self, row: EntryRow, stored: bytes) -> None:
        if not self.number:
            self.first = row.sequence
        self.last = row.sequence
        self.number += 1
        if len(self.rows) < MOST_ROWS:
            self.rows.append((row, stored))

    def tell_of_tiles(self, findings: Findings) -> None:
        """The entries are right, as a signed root shows: the stored leaves are not."""
        for row, _ in self.rows:
            findings.about(Fault.CHANGED_TILE, row.sequence, row.sequence, TILE)
        self._tell_rest(findings, Fault.CHANGED_TILE, TILE)

    def tell_of_entries(self, findings: Findings) -> None:
        """The tree is right, or nothing is: each entry was moved, or its content changed."""
        places = {stored: row.sequence for row, stored in self.rows}
        origins = {row.sequence: self._origin(row, places) for row, _ in self.rows}
        moved = {place: origin for place, origin in origins.items() if origin is not None}
        shift = self._common_shift(moved)
        if shift is not None:
            self._tell_shift(findings, origins, shift)
            return
        for place, origin in origins.items():
            if origin is None:
                findings.about(Fault.CHANGED_ENTRY, place, place, CHANGED)
            else:
                said = "reordered: entries stand where the tree has others of these"
                findings.about(Fault.REORDERED_ENTRIES, place, place, said)
        self._tell_rest(findings, Fault.CHANGED_ENTRY, CHANGED)

    @staticmethod
    def _origin(row: EntryRow, places: dict[bytes, int]) -> int | None:
        """The place where the tree has this very entry, of those that are looked at."""
        for place in places.values():
            made = leaves.leaf_hash(row, place)
            if made is not None and places.get(made) == place:
                return place
        return None

    @staticmethod
    def _common_shift(moved: dict[int, int]) -> int | None:
        """By how many places all moved entries moved, the same way; None where they did not, or too few did."""
        shifts = {place - origin for place, origin in moved.items()}
        return shifts.pop() if len(shifts) == 1 and 0 not in shifts else None

    def _tell_shift(self, findings: Findings, origins: dict[int, int | None], shift: int) -> None:
        """Entries put in before those that moved on, or taken out before those that moved up."""
        first = min(place for place, origin in origins.items() if origin is not None)
        if shift > 0:
            said = f"put in: all that follow stand {shift} later than in the tree"
            findings.about(Fault.INSERTED_ENTRIES, first - shift, first - 1, said)
        else:
            said = f"removed, and all that follow were given numbers {-shift} lower"
            findings.about(Fault.REMOVED_ENTRIES, first, first - shift - 1, said)
        beside = range(first - shift, first) if shift > 0 else range(0)
        for place, origin in origins.items():
            if origin is None and place not in beside and place < first:
                findings.about(Fault.CHANGED_ENTRY, place, place, CHANGED)

    def _tell_rest(self, findings: Findings, fault: Fault, said: str) -> None:
        if self.number > len(self.rows):
            findings.about(fault, self.rows[-1][0].sequence + 1, self.last, said)
