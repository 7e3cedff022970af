"""What an entry's row and its parts hash to, by the log's format: canonical JSON (RFC 8785) and salted commitments."""

import hashlib
import re
from datetime import UTC, datetime
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Final

import msgspec

from broker.audit.verification.models import EntryRow, PartRow, PersonRow

_HASH: Final = '"[0-9a-f]{64}"'
_COMMITMENTS: Final = re.compile(rf"\[(?:{_HASH}(?:,{_HASH})*)?\]")
_SALT: Final = re.compile(r"[0-9a-f]{32}")
_STEP: Final = 67
"""Characters from one commitment's first to the next one's in the list's text."""


class PartContent(msgspec.Struct, frozen=True):
    """What is read of a part's content."""

    agency: str
    owners: list[str]
    request_id: str | None


_CONTENT: Final = msgspec.json.Decoder(PartContent)


def leaf_data(row: EntryRow, sequence: int) -> bytes | None:
    """The leaf's data as it would be at this sequence number; None where the row holds what no entry can."""
    at, commitments = row.at, row.commitments
    if type(at) is not int or not isinstance(commitments, str) or not _is_list_of_hashes(commitments):
        return None
    try:
        text = (
            f'{{"action":{_string(row.action)},"agency":{_nullable(row.agency)},"at":"{_instant(at)}",'
            f'"commitments":{commitments},"decision":{_string(row.decision)},'
            f'"operation":{_string(row.operation)},"purpose":{_nullable(row.purpose)},'
            f'"sequence":{sequence},"v":1}}'
        )
        return text.encode()
    except (TypeError, ValueError, OverflowError):
        return None


def leaf_hash(row: EntryRow, sequence: int) -> bytes | None:
    """The hash of the row as a leaf (RFC 9162, 2.1.1) at this sequence number."""
    data = leaf_data(row, sequence)
    return None if data is None else hashlib.sha256(b"\x00" + data).digest()


def commitments_of(row: EntryRow) -> tuple[str, ...]:
    """The commitments in a row, in hexadecimal; none where they cannot be read."""
    text = row.commitments
    if not isinstance(text, str) or len(text) < _STEP or _COMMITMENTS.fullmatch(text) is None:
        return ()
    return tuple(text[start : start + 64] for start in range(2, len(text), _STEP))


def commitment(row: PartRow | PersonRow) -> str | None:
    """What a part or a person commits to, in hexadecimal; None for what none can hold."""
    salt, content = row.salt, row.content
    if not isinstance(salt, str) or not isinstance(content, str) or _SALT.fullmatch(salt) is None:
        return None
    try:
        return hashlib.sha256(bytes.fromhex(salt) + content.encode()).hexdigest()
    except UnicodeEncodeError:
        return None


def content_of(row: PartRow) -> PartContent | None:
    """What the part says of itself; None where it cannot be read."""
    try:
        return _CONTENT.decode(row.content) if isinstance(row.content, str) else None
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None


def _is_list_of_hashes(text: str) -> bool:
    """Whether this is the one way to write such a list: no blanks, lower case, sorted."""
    if _COMMITMENTS.fullmatch(text) is None:
        return False
    found = [text[start : start + 64] for start in range(2, len(text), _STEP)]
    return found == sorted(found)


@lru_cache(maxsize=4096)
def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("this is no text")
    return encode_basestring(value)


def _nullable(value: object) -> str:
    return "null" if value is None else _string(value)


def _instant(at: int) -> str:
    seconds, microseconds = divmod(at, 1_000_000)
    return f"{_second(seconds)}.{microseconds:06d}Z"


@lru_cache(maxsize=1024)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
