"""One entry's proof as a text of its own, which needs no log at hand: pure functions over text.

Format: https://c2sp.org/tlog-proof (v1). Its line of extra data is neither written nor trusted; one that is there is
passed over.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

from broker.transparency.proofs import HASH_BYTES

HEADER: Final = "c2sp.org/tlog-proof@v1"
PROOF_LIMIT: Final = 128 * 1024
"""Bytes; a longer proof is not read."""
MOST_HASHES: Final = 63
"""No tree is higher."""

_INDEX: Final = re.compile(r"index (0|[1-9][0-9]{0,18})")
_EXTRA: Final = "extra "


class MalformedProof(Exception):
    """The text is not of the form; the message says where it is not."""


@dataclass(frozen=True)
class EntryProof:
    """That an entry stands at `index`, from 0, of the tree of a checkpoint, whose signed note comes along. Hashes of
    32 bytes, from the leaf's side to the root's."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str


def write_proof(proof: EntryProof) -> str:
    hashes = "".join(f"{base64.b64encode(each).decode()}\n" for each in proof.hashes)
    return f"{HEADER}\nindex {proof.index}\n{hashes}\n{proof.checkpoint}"


def read_proof(raw: bytes) -> EntryProof:
    """What the text says, by its form alone; the note in it is not looked at."""
    if len(raw) > PROOF_LIMIT:
        raise MalformedProof(f"a proof longer than {PROOF_LIMIT} bytes is not read")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise MalformedProof("a proof is UTF-8") from error
    head, gap, checkpoint = text.partition("\n\n")
    if not gap:
        raise MalformedProof("a proof has an empty line before its checkpoint")
    lines = head.split("\n")
    if lines.pop(0) != HEADER:
        raise MalformedProof(f"a proof begins with {HEADER}")
    if lines and lines[0].startswith(_EXTRA):
        lines.pop(0)
    stated = _INDEX.fullmatch(lines.pop(0)) if lines else None
    if stated is None:
        raise MalformedProof("a proof states its entry's index as a decimal number")
    if len(lines) > MOST_HASHES:
        raise MalformedProof(f"a proof of more than {MOST_HASHES} hashes leads to no tree")
    return EntryProof(int(stated[1]), tuple(_hash(line) for line in lines), checkpoint)


def _hash(line: str) -> bytes:
    try:
        found = base64.b64decode(line.encode("ascii"), validate=True)
    except (UnicodeError, binascii.Error) as error:
        raise MalformedProof("a proof's hashes are base64") from error
    if len(found) != HASH_BYTES or base64.b64encode(found).decode() != line:
        raise MalformedProof(f"a proof's hashes have {HASH_BYTES} bytes each")
    return found
