"""A call that its sender may repeat: what an `Idempotency-Key` stands for, before anything is looked up."""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class KeyedCall:
    """A call with its key. `fingerprint` is equal for equal calls only."""

    key: str
    fingerprint: str


def keyed_call(key: str | None, operation: str, body: str) -> KeyedCall | None:
    """The call as its sender wrote it, before anything that may change in between was looked up."""
    if key is None:
        return None
    return KeyedCall(key, hashlib.sha256(f"{operation}\n{body}".encode()).hexdigest())
