"""A log in a database of its own, written as the format defines it and not by the broker's writer."""

import hashlib
import json
import random
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from broker.ledger.migrate import migrate
from broker.transparency import notes
from broker.transparency.notes import KeyKind, SigningKey
from tests.broker.transparency import trees

LOG_KEY = SigningKey(
    "broker.example/log", KeyKind.NOTE, Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
)
RAIL_WITNESS = SigningKey(
    "rail.example/witness", KeyKind.COSIGNATURE, Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
)
METRO_WITNESS = SigningKey(
    "metro.example/witness", KeyKind.COSIGNATURE, Ed25519PrivateKey.from_private_bytes(bytes(range(64, 96)))
)
START = datetime(2026, 6, 15, 12, tzinfo=UTC)


def canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def microseconds(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def drop_triggers(db: sqlite3.Connection) -> None:
    """What somebody does first who means to change the log."""
    for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")


class WrittenLog:
    """Writes entries, and the tree whenever it is told to; everything it draws comes from one seed."""

    def __init__(self, file: Path, seed: int = 1) -> None:
        migrate(file)
        self.db = sqlite3.connect(file, isolation_level=None)
        self.db.execute("PRAGMA synchronous=OFF")
        drop_triggers(self.db)
        self.random = random.Random(seed)  # noqa: S311 - a log of tests
        self.leaves: list[bytes] = []

    def write(
        self,
        agency: str | None = "police",
        owners: Sequence[str] = ("rail",),
        action: str = "search",
        operation: str = "consultation",
        purpose: str | None = "judicial_inquiry",
        request_id: str | None = None,
    ) -> int:
        """One entry as an officer's search, or the host's own act where no agency is given; its sequence."""
        sequence = len(self.leaves) + 1
        at = START + timedelta(milliseconds=137 * sequence)
        made = []
        if agency is not None:
            person = {
                "case_ref": f"PV-{sequence}",
                "name": "Moreau Claire",
                "officer_id": "off_1",
                "personnel_number": "P-1",
                "service": "Sûreté",
            }
            salt, content = self._salt(), canonical(person)
            made.append(hashlib.sha256(bytes.fromhex(salt) + content.encode()).hexdigest())
            self.db.execute(
                "INSERT INTO audit_people VALUES (?, ?, ?, ?)", (sequence, microseconds(at), salt, content)
            )
        for name in sorted({*owners, *([agency] if agency else [])}):
            part = {
                "agency": name,
                "basis": [],
                "objects": [f"{owner}-cctv:{sequence}" for owner in owners if name in (owner, agency)],
                "owners": [owner for owner in owners if name in (owner, agency)],
                "query": {"lat": 48.88, "radius_m": 300.0},
                "recipient": None,
                "request_id": request_id,
            }
            salt, content = self._salt(), canonical(part)
            made.append(hashlib.sha256(bytes.fromhex(salt) + content.encode()).hexdigest())
            self.db.execute(
                "INSERT INTO audit_parts VALUES (?, ?, ?, ?, ?)", (sequence, name, salt, content, request_id)
            )
        while len(made) % 4:
            made.append(self.random.randbytes(32).hex())
        commitments = sorted(made)
        row = (
            sequence,
            microseconds(at),
            agency,
            operation,
            action,
            "allowed",
            purpose,
            canonical(commitments),
        )
        self.db.execute("INSERT INTO audit_entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        leaf = {
            "action": action,
            "agency": agency,
            "at": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "commitments": commitments,
            "decision": "allowed",
            "operation": operation,
            "purpose": purpose,
            "sequence": sequence,
            "v": 1,
        }
        self.leaves.append(canonical(leaf).encode())
        return sequence

    def seal(self, *witnesses: SigningKey) -> notes.SignedNote:
        """Tiles over everything so far and a signed checkpoint, co-signed by these."""
        size = len(self.leaves)
        hashes = [trees.leaf(data) for data in self.leaves]
        level = 0
        while hashes:
            for n in range((len(hashes) + 255) // 256):
                blob = b"".join(hashes[n * 256 : (n + 1) * 256])
                self.db.execute("INSERT OR REPLACE INTO log_tiles VALUES (?, ?, ?)", (level, n, blob))
            hashes = [_over(hashes[n * 256 : (n + 1) * 256]) for n in range(len(hashes) // 256)]
            level += 1
        checkpoint = notes.Checkpoint(LOG_KEY.name, size, trees.root(self.leaves))
        note = notes.sign_note(checkpoint.body, [LOG_KEY])
        at = microseconds(START)
        self.db.execute("INSERT INTO log_checkpoints VALUES (?, ?, ?)", (size, at, note.text))
        for witness in witnesses:
            line = notes.cosign(note.body, witness, START)
            self.db.execute(
                "INSERT INTO log_cosignatures VALUES (?, ?, ?, ?)", (size, witness.name, line.line, at)
            )
        return note

    def fill(self, number: int) -> None:
        """Entries of many kinds."""
        for _ in range(number):
            kind = self.random.randrange(4)
            if kind == 0:
                self.write(
                    agency=None, owners=("metro",), action="place_hold", operation="collection", purpose=None
                )
            elif kind == 1:
                self.write(agency="rail", owners=("metro", "rail", "police"))
            else:
                self.write(request_id=f"req_{len(self.leaves)}" if kind == 2 else None)

    def _salt(self) -> str:
        return self.random.randbytes(16).hex()


def _over(hashes: Sequence[bytes]) -> bytes:
    """The node over a whole tile."""
    level = list(hashes)
    while len(level) > 1:
        level = [hashlib.sha256(b"\x01" + level[n] + level[n + 1]).digest() for n in range(0, len(level), 2)]
    return level[0]
