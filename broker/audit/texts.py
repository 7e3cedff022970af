"""The texts that the log's hashes are over: an entry's leaf, and the parts and people that it commits to.

JSON with sorted keys and no blanks, as RFC 8785 writes it. A part is written once and kept as that text, which alone
counts: whoever checks it hashes what is stored, and writes nothing again.
"""

import hashlib
import secrets
import threading
from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgspec

from broker.ledger.columns import EPOCH

SALT_BYTES: Final = 16
HASH_BYTES: Final = 32
FILLED_TO: Final = 4
"""Commitments are filled up to a multiple of this: their number is not to tell how many agencies are concerned."""


class PartContent(msgspec.Struct, frozen=True):
    """What one agency may know of an entry, beside its leaf."""

    agency: str
    basis: tuple[str, ...]
    objects: tuple[str, ...]
    owners: tuple[str, ...]
    query: dict[str, Any] | None
    recipient: str | None
    request_id: str | None


class PersonContent(msgspec.Struct, frozen=True):
    """Who acted and on which case: what may be erased."""

    case_ref: str | None
    name: str | None
    officer_id: str | None
    personnel_number: str | None
    service: str | None


class Salted(NamedTuple):
    """A salt in hexadecimal and a content's text."""

    salt: str
    content: str


class Commitments(NamedTuple):
    """The salted contents in their order, and the JSON list of what they commit to."""

    salted: list[Salted]
    text: str


class LeafRow(NamedTuple):
    """A row of `audit_entries`; `at` in microseconds since 1970, `commitments` as it is stored."""

    sequence: int
    at: int
    agency: str | None
    operation: str
    action: str
    decision: str
    purpose: str | None
    commitments: str


DRAWN_BYTES: Final = 2048

_ENCODE: Final = msgspec.json.Encoder(order="sorted").encode
_DECODE_PART: Final = msgspec.json.Decoder(PartContent).decode
_DECODE_PERSON: Final = msgspec.json.Decoder(PersonContent).decode


class _Random(threading.local):
    """The operating system's randomness, drawn some thousand bytes at a time: each drawing lets other threads in, and
    while many write that costs more than all the rest of an entry."""

    def __init__(self) -> None:
        self._drawn, self._used = b"", 0

    def take(self, count: int) -> bytes:
        """So many bytes; none is ever given out twice."""
        used = self._used
        if used + count > len(self._drawn):
            self._drawn, used = secrets.token_bytes(max(DRAWN_BYTES, count)), 0
        self._used = used + count
        return self._drawn[used : used + count]


_RANDOM: Final = _Random()


def committed(contents: Sequence[PartContent | PersonContent]) -> Commitments:
    """Salts the contents, and commits to them in an order that tells nothing."""
    count, sha256 = len(contents), hashlib.sha256
    spare = -count % FILLED_TO
    random = _RANDOM.take(SALT_BYTES * count + HASH_BYTES * spare)
    salted, hashes, at = [], [], 0
    for content in contents:
        salt, text = random[at : at + SALT_BYTES], _ENCODE(content)
        salted.append(Salted(salt.hex(), text.decode()))
        hashes.append(sha256(salt + text).hexdigest())
        at += SALT_BYTES
    hashes += [random[start : start + HASH_BYTES].hex() for start in range(at, len(random), HASH_BYTES)]
    hashes.sort()
    joined = '","'.join(hashes)
    return Commitments(salted, f'["{joined}"]')


def read_part(content: str) -> PartContent:
    return _DECODE_PART(content)


def read_person(content: str) -> PersonContent:
    return _DECODE_PERSON(content)


def leaf_data(row: LeafRow) -> str:
    """What the tree hashes of an entry."""
    return (
        f'{{"action":{_quoted(row.action)},"agency":{_quoted(row.agency)},"at":"{_instant(row.at)}",'
        f'"commitments":{row.commitments},"decision":{_quoted(row.decision)},'
        f'"operation":{_quoted(row.operation)},"purpose":{_quoted(row.purpose)},'
        f'"sequence":{row.sequence},"v":1}}'
    )


@lru_cache(maxsize=4096)
def _quoted(value: str | None) -> str:
    return _ENCODE(value).decode()


def _instant(at: int) -> str:
    seconds, microseconds = divmod(at, 1_000_000)
    return f"{_second(seconds)}.{microseconds:06}Z"


@lru_cache(maxsize=1024)
def _second(seconds: int) -> str:
    return f"{EPOCH + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}"
