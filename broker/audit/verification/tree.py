"""The tree over the entries as they lie there, grown leaf by leaf: its root at any size, and the tiles it should have.

Only the right edge is kept: memory is a few dozen hashes. Definitions: RFC 9162, 2.1; https://c2sp.org/tlog-tiles.
"""

import hashlib
from collections.abc import Callable
from typing import Final

TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 256
HASH_BYTES: Final = 32

Emit = Callable[[int, bytes], None]
"""Takes a tile's level and the next hash on it."""


class GrowingTree:
    """`emit` is told of each hash that belongs into a tile above the leaves' own, in the order of its level."""

    def __init__(self, emit: Emit | None = None) -> None:
        self.size = 0
        self._edge: list[bytes] = []
        self.emit = emit

    def add(self, leaf: bytes) -> None:
        """One more leaf, by its hash."""
        sha256, edge, emit = hashlib.sha256, self._edge, self.emit
        node, height, size = leaf, 0, self.size
        while size & 1:
            node = sha256(b"\x01" + edge.pop() + node).digest()
            height += 1
            size >>= 1
            if emit is not None and height % TILE_HEIGHT == 0:
                emit(height // TILE_HEIGHT, node)
        edge.append(node)
        self.size += 1

    def copy(self) -> "GrowingTree":
        """A tree that goes on by itself and tells nobody."""
        twin = GrowingTree()
        twin.size, twin._edge = self.size, list(self._edge)
        return twin

    def root(self) -> bytes:
        if not self._edge:
            return hashlib.sha256(b"").digest()
        found = self._edge[-1]
        for left in reversed(self._edge[:-1]):
            found = hashlib.sha256(b"\x01" + left + found).digest()
        return found
