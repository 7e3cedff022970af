"""Verifies proofs over the log's tree, by RFC 9162: pure functions. A proof is right or it is not; nothing raises.

Hashes are 32 bytes. `hashes` are in the RFC's order: from the leaf's side to the root's.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
"""Root of a tree without leaves (RFC 9162, 2.1.1)."""


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def is_included(leaf: bytes, index: int, size: int, hashes: Sequence[bytes], root: bytes) -> bool:
    """Whether this leaf stands at `index` of the tree of `size` leaves and this root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or not _are_hashes((leaf, root, *hashes)):
        return False
    fn, sn, found = index, size - 1, leaf
    for each in hashes:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            found = node_hash(each, found)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            found = node_hash(found, each)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and found == root


def is_consistent(
    first: int, second: int, first_root: bytes, second_root: bytes, hashes: Sequence[bytes]
) -> bool:
    """Whether the tree of `second` leaves begins with all of the tree of `first` leaves (RFC 9162, 2.1.4.2).

    An empty tree begins every tree; its root is `EMPTY_ROOT`, and its proof is empty.
    """
    if not 0 <= first <= second or not _are_hashes((first_root, second_root, *hashes)):
        return False
    if first == second:
        return not hashes and first_root == second_root and (first > 0 or first_root == EMPTY_ROOT)
    if first == 0:
        return not hashes and first_root == EMPTY_ROOT
    path = list(hashes)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    if not path:
        return False
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    old = new = path[0]
    for each in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            old, new = node_hash(each, old), node_hash(each, new)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            new = node_hash(new, each)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and old == first_root and new == second_root


def _are_hashes(values: Sequence[bytes]) -> bool:
    return all(len(value) == HASH_BYTES for value in values)
