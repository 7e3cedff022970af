"""Hashes passwords and checks them, in threads of its own number: each takes tens of milliseconds and megabytes."""

import asyncio
import unicodedata
from typing import Final

from pwdlib import PasswordHash

from broker.errors import Problem

SHORTEST: Final = 12
LONGEST: Final = 1024
AT_ONCE: Final = 2
SHORTEST_NAME: Final = 4
"""Shorter parts of a name stand in words by chance."""


class Passwords:
    """One kind of hash, argon2id unless told otherwise. Whoever has no password is checked against one that nobody
    knows, which takes as long."""

    def __init__(self, hashing: PasswordHash, secret: str) -> None:
        self._hashing = hashing
        self._secret = secret
        self._nobodys: str | None = None
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def hash(self, password: str) -> str:
        async with self._turns:
            return await asyncio.to_thread(self._hashing.hash, _normal(password))

    async def check(self, password: str, known: str | None) -> tuple[bool, str | None]:
        """Whether it is the one, and its hash anew where that was made with weaker parameters than are used now."""
        async with self._turns:
            if self._nobodys is None:
                self._nobodys = await asyncio.to_thread(self._hashing.hash, self._secret)
            fits, upgraded = await asyncio.to_thread(self._check, _normal(password), known or self._nobodys)
        return (fits, upgraded) if known is not None else (False, None)

    def _check(self, password: str, known: str) -> tuple[bool, str | None]:
        return self._hashing.verify_and_update(password, known)


def _normal(password: str) -> str:
    """Equal however a keyboard composes its letters (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def check_fit(password: str, *names: str) -> None:
    """Passes a password of some length that holds none of the names; nothing is asked of its letters."""
    length = len(_normal(password))
    if not SHORTEST <= length <= LONGEST:
        raise Problem("password_unfit", f"a password has {SHORTEST} to {LONGEST} characters: take a sentence")
    folded = _normal(password).casefold()
    parts = {part for name in names for part in _normal(name).casefold().split()}
    if any(part in folded for part in parts if len(part) >= SHORTEST_NAME):
        raise Problem("password_unfit", "a password holds neither your name nor your user name")
