"""Entries of the log as a bundle carries them, in files that public tools check.

`log/N.json` is the leaf of entry N, byte for byte what the log's tree is over (RFC 9162); `log/N.tlog-proof` proves
it in a checkpoint (https://c2sp.org/tlog-proof). `log/N.part` is what the requester's agency may read of it,
`log/N.person` who acted: a salt of 16 bytes, then JSON. Their SHA-256 are among the leaf's `commitments`.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from broker.evidence.bundle.models import LogReference

FOLDER: Final = "log/"
SALT_BYTES: Final = 16


class LoggedEntry(NamedTuple):
    """One entry. `person` is None where who acted is not named by the bundle, was erased, or was the host."""

    sequence: int
    event: str
    leaf: bytes
    proof: bytes
    part: bytes
    person: bytes | None

    @property
    def reference(self) -> LogReference:
        return LogReference(sequence=self.sequence, event=self.event)


def leaf_path(sequence: int) -> str:
    return f"{FOLDER}{sequence}.json"


def proof_path(sequence: int) -> str:
    return f"{FOLDER}{sequence}.tlog-proof"


def part_path(sequence: int) -> str:
    return f"{FOLDER}{sequence}.part"


def person_path(sequence: int) -> str:
    return f"{FOLDER}{sequence}.person"


def files_of(entries: Sequence[LoggedEntry]) -> dict[str, bytes]:
    """The files that carry these entries, by their paths."""
    files: dict[str, bytes] = {}
    for entry in entries:
        files[leaf_path(entry.sequence)] = entry.leaf
        files[proof_path(entry.sequence)] = entry.proof
        files[part_path(entry.sequence)] = entry.part
        if entry.person is not None:
            files[person_path(entry.sequence)] = entry.person
    return files
