"""A small log to seal from, written as its format is documented and not by the broker's code.

Entries 1, 3, 4 and 6 of seven are about the request.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from broker.evidence.bundle.logged import LoggedEntry
from broker.transparency.notes import KeyKind, SigningKey, VerifierKey, cosign, new_key, sign_note
from tests.broker.transparency import trees

AT = datetime(2026, 3, 1, 11, 59, tzinfo=UTC)
EVENTS = {1: "submit_request", 3: "hold_held", 4: "decide_approved", 6: "make_clips"}
ACTORS = {1: "police", 4: "rail"}
SIZE = 7


def canonical(content: dict[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def salted(sequence: int, what: str, content: dict[str, Any]) -> bytes:
    return hashlib.sha256(f"{sequence} {what}".encode()).digest()[:16] + canonical(content)


@dataclass(frozen=True)
class Log:
    """The log's key, its witnesses', and the files of its entries. `leaves` are all that its tree is over."""

    key: SigningKey
    witnesses: tuple[SigningKey, ...]
    leaves: tuple[bytes, ...]
    parts: dict[int, bytes]
    people: dict[int, bytes]

    def checkpoint(self, signers: Sequence[SigningKey] | None = None) -> str:
        """The signed note; co-signed by all witnesses, or by these."""
        root = base64.b64encode(trees.root(self.leaves)).decode()
        note = sign_note(f"{self.key.name}\n{len(self.leaves)}\n{root}\n", [self.key])
        lines = [cosign(note.body, w, AT).line for w in (self.witnesses if signers is None else signers)]
        return note.text + "".join(lines)

    def proof(self, sequence: int, checkpoint: str) -> bytes:
        hashes = trees.path(sequence - 1, self.leaves)
        lines = "".join(f"{base64.b64encode(each).decode()}\n" for each in hashes)
        return f"c2sp.org/tlog-proof@v1\nindex {sequence - 1}\n{lines}\n{checkpoint}".encode()

    def entries(self, signers: Sequence[SigningKey] | None = None) -> list[LoggedEntry]:
        """The entries about the request."""
        note = self.checkpoint(signers)
        return [
            LoggedEntry(
                sequence=sequence,
                event=event,
                leaf=self.leaves[sequence - 1],
                proof=self.proof(sequence, note),
                part=self.parts[sequence],
                person=self.people.get(sequence),
            )
            for sequence, event in EVENTS.items()
        ]

    def witness(self, n: int) -> VerifierKey:
        return self.witnesses[n].verifier


def log_of(request_id: str, reader: str = "police") -> Log:
    """A log of seven entries; `reader` is whose parts are kept of those about the request."""
    leaves, parts, people = [], {}, {}
    for sequence in range(1, SIZE + 1):
        about = request_id if sequence in EVENTS else None
        agency = ACTORS.get(sequence)
        part = salted(
            sequence,
            "part",
            {
                "agency": reader,
                "basis": [],
                "objects": [about] if about else [],
                "owners": ["rail"],
                "query": None,
                "recipient": None,
                "request_id": about,
            },
        )
        person = salted(
            sequence,
            "person",
            {
                "case_ref": "2026/17",
                "name": "Officer One",
                "officer_id": f"{agency}.1",
                "personnel_number": "0042",
                "service": "Unit 1",
            },
        )
        committed = [hashlib.sha256(part).hexdigest()]
        committed += [hashlib.sha256(person).hexdigest()] if agency else []
        committed += [
            hashlib.sha256(f"{sequence} {n}".encode()).hexdigest() for n in range(4 - len(committed))
        ]
        if about:
            parts[sequence] = part
        if agency:
            people[sequence] = person
        leaf = {
            "action": EVENTS.get(sequence, "look"),
            "agency": agency,
            "at": f"2026-03-01T11:5{sequence}:00.000000Z",
            "commitments": sorted(committed),
            "decision": "allowed",
            "operation": "alteration" if about else "consultation",
            "purpose": "judicial_inquiry",
            "sequence": sequence,
            "v": 1,
        }
        leaves.append(canonical(leaf))
    key = new_key("broker.example/log", KeyKind.NOTE)
    witnesses = tuple(
        new_key(f"{agency}.example/witness", KeyKind.COSIGNATURE) for agency in ("metro", "rail")
    )
    return Log(key, witnesses, tuple(leaves), parts, people)


def without_person(entry: LoggedEntry) -> LoggedEntry:
    return entry._replace(person=None)


def without_witnesses(log: Log) -> Log:
    return replace(log, witnesses=())
