"""A tree written down as RFC 9162, 2.1 defines it, by recursion: what the log's code is held against."""

import hashlib
from collections.abc import Sequence


def leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def _split(n: int) -> int:
    """The largest power of two smaller than n."""
    return 1 << (n - 1).bit_length() - 1


def root(leaves: Sequence[bytes]) -> bytes:
    """MTH over data."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaf(leaves[0])
    k = _split(len(leaves))
    return hashlib.sha256(b"\x01" + root(leaves[:k]) + root(leaves[k:])).digest()


def path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH: the inclusion proof."""
    if len(leaves) == 1:
        return []
    k = _split(len(leaves))
    if index < k:
        return [*path(index, leaves[:k]), root(leaves[k:])]
    return [*path(index - k, leaves[k:]), root(leaves[:k])]


def consistency(first: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PROOF: from the tree of the first leaves to that of all."""
    return [] if first == 0 else _subproof(first, leaves, True)


def _subproof(first: int, leaves: Sequence[bytes], complete: bool) -> list[bytes]:
    if first == len(leaves):
        return [] if complete else [root(leaves)]
    k = _split(len(leaves))
    if first <= k:
        return [*_subproof(first, leaves[:k], complete), root(leaves[k:])]
    return [*_subproof(first - k, leaves[k:], False), root(leaves[:k])]
