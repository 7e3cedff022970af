"""Holds the parts and people of entries against the commitments that the entries carry."""

from collections.abc import Iterator
from typing import Final, Generic, TypeVar

from broker.audit.verification import leaves
from broker.audit.verification.findings import Findings
from broker.audit.verification.models import EntryRow, Fault, PartRow, PersonRow

FILLED_TO: Final = 4
"""Commitments are filled up by random ones to a multiple of this."""
MISSING: Final = "a part of it was removed"
R = TypeVar("R", PartRow, PersonRow)


class _Beside(Generic[R]):
    """Rows that lie beside entries, taken in the order of their sequence."""

    def __init__(self, rows: Iterator[R]) -> None:
        self._rows: Iterator[R] = rows
        self._next: R | None = next(rows, None)

    def of(self, sequence: int) -> tuple[list[R], list[R]]:
        """The rows of one entry, and before them those of no entry."""
        found: list[R] = []
        orphans: list[R] = []
        row = self._next
        while row is not None and not (isinstance(row.sequence, int) and row.sequence > sequence):
            (found if row.sequence == sequence else orphans).append(row)
            row = self._next = next(self._rows, None)
        return found, orphans

    def rest(self) -> Iterator[R]:
        while self._next is not None:
            row, self._next = self._next, next(self._rows, None)
            yield row


class Commitments:
    """`last_erasure` is the newest entry that says that people were erased: only before it may one be missing."""

    def __init__(
        self,
        parts: Iterator[PartRow],
        people: Iterator[PersonRow],
        last_erasure: int,
        findings: Findings,
    ) -> None:
        self._parts = _Beside(parts)
        self._people = _Beside(people)
        self._last_erasure = last_erasure
        self._findings = findings
        self.erased = 0

    def check(self, row: EntryRow) -> None:
        """Everything beside one entry; entries come in order."""
        parts, strays = self._parts.of(row.sequence)
        people, lost = self._people.of(row.sequence)
        if strays or lost:
            self._orphans([*strays, *lost])
        left = set(leaves.commitments_of(row))
        number = len(left)
        sound = self._check_people(row, people, left)
        sound = self._check_parts(row, parts, left) and sound
        erased = 0
        if row.agency is not None and not people:
            if row.sequence < self._last_erasure:
                erased = 1
                self.erased += 1
            else:
                said = "who acted was removed, and no entry says that people were erased since"
                self._findings.about(Fault.REMOVED_PERSON, row.sequence, row.sequence, said)
        elif row.sequence < self._last_erasure and not people:
            erased = 1
        if sound and number and len(left) - erased >= FILLED_TO:
            self._findings.about(Fault.REMOVED_PART, row.sequence, row.sequence, MISSING)

    def finish(self) -> None:
        """What lies beside no entry, after the last one."""
        for part in self._parts.rest():
            self._orphans([part])
        for person in self._people.rest():
            self._orphans([person])

    def _check_people(self, row: EntryRow, people: list[PersonRow], left: set[str]) -> bool:
        sound = True
        for person in people:
            made = leaves.commitment(person)
            if made in left and person.at == row.at:
                left.discard(made)
                continue
            sound = False
            said = "who acted was changed or put in: it is not what the entry commits to"
            self._findings.about(Fault.CHANGED_PERSON, row.sequence, row.sequence, said)
        return sound

    def _check_parts(self, row: EntryRow, parts: list[PartRow], left: set[str]) -> bool:
        """Whether all are what the entry commits to; then too whether one is missing that the entry tells of."""
        told: set[object] = set() if row.agency is None else {row.agency}
        shown: set[object] = set()
        sound = True
        for part in parts:
            made, content = leaves.commitment(part), leaves.content_of(part)
            if (
                made not in left
                or content is None
                or content.agency != part.agency
                or content.request_id != part.request_id
            ):
                sound = False
                said = f"the part of {str(part.agency)[:64]} was changed or put in: the entry does not commit to it"
                self._findings.about(Fault.CHANGED_PART, row.sequence, row.sequence, said)
                continue
            left.discard(made)
            shown.add(part.agency)
            told.update(content.owners)
        if sound and not told <= shown:
            names = ", ".join(sorted(str(name)[:64] for name in told - shown)[:10])
            self._findings.about(
                Fault.REMOVED_PART, row.sequence, row.sequence, f"the part of {names} was removed"
            )
            return False
        return sound

    def _orphans(self, rows: list[PartRow | PersonRow]) -> None:
        for row in rows:
            at = row.sequence if isinstance(row.sequence, int) else 0
            said = "a part or a person lies there, and no entry"
            self._findings.about(Fault.ORPHAN, at, at, said)
