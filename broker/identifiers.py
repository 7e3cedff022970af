"""Ids and secrets. Everything that needs a new one gets an `Identifiers`; tests give their own."""

import hashlib
import secrets
import time
from typing import Protocol

TOKEN_PREFIX = "ent_"  # noqa: S105 - marks a bearer token, so that leaked ones can be searched for
SESSION_PREFIX = "ens_"
CODE_PREFIX = "enc_"
"""A cookie's secret and a one-time code: neither is ever taken for a token."""


class Identifiers(Protocol):
    def new(self, prefix: str) -> str:
        """A fresh id such as `req_01j…`; ids made later sort later, to the millisecond."""
        ...

    def secret(self, prefix: str = TOKEN_PREFIX) -> str:
        """A bearer token, or what else the prefix says, with 256 random bits."""
        ...


class RandomIdentifiers:
    """Time-ordered ids with 80 random bits; tokens from the operating system's random source."""

    def new(self, prefix: str) -> str:
        return f"{prefix}_{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"

    def secret(self, prefix: str = TOKEN_PREFIX) -> str:
        return prefix + secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is stored of a token. It has 256 random bits, so one plain SHA-256 cannot be searched."""
    return hashlib.sha256(token.encode()).hexdigest()
