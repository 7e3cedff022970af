"""Walks the log once, in order: entries, what lies beside them, tiles, checkpoints, and notes kept elsewhere.

Where the stored leaves and the entries differ, two trees go on side by side: one over each. The next signed root tells
which of them is the log that was signed.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from broker.audit.verification import checkpoints, leaves
from broker.audit.verification.checkpoints import Stated
from broker.audit.verification.commitments import Commitments
from broker.audit.verification.findings import Findings
from broker.audit.verification.models import EntryRow, Fault, KeptNote, Verification
from broker.audit.verification.placing import Misplaced
from broker.audit.verification.store import LogRows, Undecodable
from broker.audit.verification.tiles import StoredLevel
from broker.audit.verification.tree import TILE_HEIGHT, GrowingTree
from broker.transparency.notes import VerifierKey

ERASING_ACTION: Final = "erase_people"
"""The action of entries that say that people were erased from the log."""


@dataclass(frozen=True)
class Trusted:
    """The keys that signatures are held against."""

    log: VerifierKey
    witnesses: tuple[VerifierKey, ...] = ()


def verify_log(connection: Connection, trusted: Trusted, kept: Sequence[KeptNote] = ()) -> Verification:
    """Checks everything that the connection's one view of the database holds. Nothing is changed."""
    try:
        with LogRows(connection) as rows:
            return _verify(rows, trusted, kept)
    except Undecodable:
        with LogRows(connection, lenient=True) as rows:
            return _verify(rows, trusted, kept)


def _verify(rows: LogRows, trusted: Trusted, kept: Sequence[KeptNote]) -> Verification:
    findings = Findings()
    elsewhere = checkpoints.kept(kept, trusted.log, findings)
    walk = _Walk(rows, trusted, elsewhere, findings)
    beside = Commitments(rows.parts(), rows.people(), rows.last_erasure(ERASING_ACTION), findings)
    for row in rows.entries():
        if walk.take(row):
            beside.check(row)
    walk.finish()
    beside.finish()
    witnesses, strangers = checkpoints.witnessed(rows.cosignatures(), trusted.witnesses, findings)
    found = findings.all()
    return Verification(
        ok=not found,
        entries=walk.entries,
        covered=walk.covered,
        root=walk.signed_root,
        checkpoints=walk.checkpoints,
        erased=beside.erased,
        witnesses=witnesses,
        unknown_cosignatures=strangers,
        findings=found,
        more=findings.more,
    )


class _Walk:
    """Where the check stands: the trees over the entries so far, and the next signed root to be met."""

    def __init__(self, rows: LogRows, trusted: Trusted, kept: Sequence[Stated], findings: Findings) -> None:
        self._findings = findings
        self._last = 0
        self._tellable = True
        self._agreed = 0
        self._misplaced = Misplaced()
        self._differs_from = 0
        self.entries = 0
        self.checkpoints = 0
        self.signed_root: str | None = None
        self.covered = checkpoints.newest_size(rows.checkpoints(newest_first=True), trusted.log)
        self._levels = {
            level: StoredLevel(level, rows.tiles(level), self.covered, findings)
            for level in {0, *(n for n in rows.levels() if isinstance(n, int) and 0 <= n < 8)}
        }
        self._leaves = self._levels[0]
        self._by_leaves = self._by_entries = GrowingTree(self._hold_against_tile)
        own = checkpoints.stored(rows.checkpoints(), trusted.log, findings)
        self._stated = heapq.merge(own, kept, key=lambda stated: stated.size)
        self._next = next(self._stated, None)
        self._meet()

    def take(self, row: EntryRow) -> bool:
        """The next entry; False for one that has no place in the order."""
        if not isinstance(row.sequence, int) or row.sequence <= self._last:
            at = row.sequence if isinstance(row.sequence, int) else 0
            self._findings.about(
                Fault.INSERTED_ENTRIES, at, at, "put in: its number was there before, or is none"
            )
            return False
        if row.sequence > self._last + 1:
            said = "removed: no entry has this number"
            self._findings.about(Fault.REMOVED_ENTRIES, self._last + 1, row.sequence - 1, said)
            self._fill_up_to(row.sequence - 1)
        self._last = row.sequence
        self.entries += 1
        if self._tellable:
            self._add(row)
        return True

    def finish(self) -> None:
        """After the last entry: what the tree and the signed roots have beyond it."""
        if self._last < self.covered:
            said = "cut off: the newest checkpoint covers more entries than there are"
            self._findings.about(Fault.TRUNCATED, self._last + 1, self.covered, said)
            self._fill_up_to(self.covered)
        while self._next is not None:
            self._tell_beyond(self._next)
            self._next = next(self._stated, None)
        if self._misplaced.number:
            self._misplaced.tell_of_entries(self._findings)
        if self._tellable:
            for level in self._levels.values():
                level.finish()
        if self.entries and not self.checkpoints:
            said = "no checkpoint of this log is stored: nothing signed shows that it is whole"
            self._findings.in_general(Fault.NO_CHECKPOINT, said)

    def _add(self, row: EntryRow) -> None:
        index = row.sequence - 1
        made = leaves.leaf_hash(row, row.sequence)
        stored = self._leaves.at(index) if index < self.covered else None
        if made is None:
            said = "changed: it holds what no entry can"
            self._findings.about(Fault.CHANGED_ENTRY, row.sequence, row.sequence, said)
        elif stored is not None and made != stored:
            self._misplaced.add(row, stored)
        self._grow(made or stored, stored or made)

    def _fill_up_to(self, last: int) -> None:
        """Goes on over entries that are gone, by the leaves that the tree has of them, as far as it has any."""
        while self._tellable and self._by_leaves.size < last:
            index = self._by_leaves.size
            stored = self._leaves.at(index) if index < self.covered else None
            self._grow(stored, stored)

    def _grow(self, by_entry: bytes | None, by_leaf: bytes | None) -> None:
        """The next leaf of both trees; where nothing tells it, no later root can be worked out."""
        if by_entry is None or by_leaf is None:
            self._tellable = False
            return
        if by_entry != by_leaf:
            self._differs_from = self._by_leaves.size + 1
            if self._by_entries is self._by_leaves:
                self._by_entries = self._by_leaves.copy()
        self._by_leaves.add(by_leaf)
        if self._by_entries is not self._by_leaves:
            self._by_entries.add(by_entry)
        self._meet()

    def _meet(self) -> None:
        """Compares with the signed roots of the size that is reached."""
        while self._next is not None and self._next.size <= self._by_leaves.size:
            stated = self._next
            self._next = next(self._stated, None)
            if stated.size == self._by_leaves.size:
                self._compare(stated)

    def _compare(self, stated: Stated) -> None:
        if stated.origin is None:
            self.checkpoints += 1
            self.signed_root = stated.root.hex()
        by_entries = self._by_entries.root() == stated.root
        by_leaves = (
            by_entries if self._by_entries is self._by_leaves else self._by_leaves.root() == stated.root
        )
        if by_entries:
            self._misplaced.tell_of_tiles(self._findings)
            self._misplaced = Misplaced()
            self._by_leaves = self._by_entries
            self._by_leaves.emit = self._hold_against_tile
        if by_entries or by_leaves:
            self._agreed = stated.size
            return
        whose = "the log's own checkpoint" if stated.origin is None else f"{stated.origin}, kept elsewhere,"
        said = f"forked: {whose} was signed over other entries than these"
        self._findings.about(Fault.FORKED, min(self._agreed + 1, stated.size), stated.size, said)

    def _tell_beyond(self, stated: Stated) -> None:
        """A signed root of more entries than can be followed."""
        if stated.origin is None:
            self.checkpoints += 1
            self.signed_root = stated.root.hex()
        if stated.size > self._last:
            fault, what = (
                (Fault.TRUNCATED, "the log's own checkpoint covers")
                if stated.origin is None
                else (Fault.ROLLED_BACK, f"{stated.origin}, kept elsewhere, covers")
            )
            self._findings.about(fault, self._last + 1, stated.size, f"gone: {what} {stated.size} entries")
        else:
            said = "signed roots that cannot be compared: leaves before them are gone"
            self._findings.about(Fault.FORKED, min(self._agreed + 1, stated.size), stated.size, said)

    def _hold_against_tile(self, level: int, made: bytes) -> None:
        """A hash that belongs into a tile above the leaves: compared where the stored leaves below are the entries'."""
        width = 1 << (TILE_HEIGHT * level)
        place = self._by_leaves.size // width
        if (place + 1) * width > self.covered:
            return
        stored = self._levels[level].at(place) if level in self._levels else None
        if stored != made and self._differs_from <= place * width:
            said = f"the tile of level {level} over them does not follow from them"
            self._findings.about(Fault.CHANGED_TILE, place * width + 1, (place + 1) * width, said)
