"""The tree of RFC 9162, 2.1, cut into tiles of 256 hashes (https://c2sp.org/tlog-tiles): pure functions over tiles.

The hash at place i of level l is the root of leaves i · 256^l to (i + 1) · 256^l; tile n of a level holds places
256 n to 256 (n + 1). A tile is full and never changes, or it is its level's last. Hashes are 32 bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from broker.transparency.proofs import EMPTY_ROOT, HASH_BYTES, node_hash

TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
TILE_BYTES: Final = TILE_WIDTH * HASH_BYTES

LARGEST: Final = 2**62
"""No tree grows as large."""

TileId = tuple[int, int]
"""Level and number."""


class TileMissing(Exception):
    """A tile is not there, or holds fewer hashes than the tree that was asked for."""


class Tiles(Protocol):
    """Where tiles are read from."""

    def hashes(self, level: int, n: int) -> bytes:
        """What the tile holds, one hash after the other; empty where there is none."""
        ...


@dataclass(frozen=True)
class Growth:
    """A tree with its new leaves: the tiles that are new or fuller, its size and its root."""

    tiles: Mapping[TileId, bytes]
    size: int
    root: bytes


def grow(tiles: Tiles, size: int, leaves: Sequence[bytes]) -> Growth:
    """The tree of `size` leaves with further ones, given by their hashes. Reads the last tile of each level alone."""
    grown: dict[TileId, bytes] = {}
    added, level = b"".join(leaves), 0
    while added:
        n, filled = divmod(size >> (TILE_HEIGHT * level), TILE_WIDTH)
        held = _first(tiles, level, n, filled) + added
        above = []
        for start in range(0, len(held), TILE_BYTES):
            tile = held[start : start + TILE_BYTES]
            grown[level, n + start // TILE_BYTES] = tile
            if len(tile) == TILE_BYTES:
                above.append(_folded(tile))
        added, level = b"".join(above), level + 1
    larger = size + len(leaves)
    return Growth(grown, larger, root(_Over(grown, tiles), larger))


@dataclass(frozen=True)
class _Over:
    """New tiles, and those below them."""

    grown: Mapping[TileId, bytes]
    tiles: Tiles

    def hashes(self, level: int, n: int) -> bytes:
        found = self.grown.get((level, n))
        return self.tiles.hashes(level, n) if found is None else found


def root(tiles: Tiles, size: int) -> bytes:
    """The root of the first `size` leaves; no more than one tile of each level is read."""
    return EMPTY_ROOT if size == 0 else _span(tiles, 0, size)


def leaf(tiles: Tiles, index: int) -> bytes:
    """The hash of one leaf."""
    return _subtree(tiles, 0, index)


def inclusion(tiles: Tiles, index: int, size: int) -> list[bytes]:
    """PATH of RFC 9162, 2.1.3.1: the proof that a leaf is in the tree of the first `size`; `index` < `size`."""
    start, end, path = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_span(tiles, middle, end))
            end = middle
        else:
            path.append(_span(tiles, start, middle))
            start = middle
    return path[::-1]


def consistency(tiles: Tiles, first: int, second: int) -> list[bytes]:
    """PROOF of RFC 9162, 2.1.4.1: that the tree of `second` leaves begins with that of `first`; `first` <= `second`."""
    if first == 0:
        return []
    start, end, path, is_whole = 0, second, [], True
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            path.append(_span(tiles, middle, end))
            end = middle
        else:
            path.append(_span(tiles, start, middle))
            start, is_whole = middle, False
    if not is_whole:
        path.append(_span(tiles, start, end))
    return path[::-1]


def _split(count: int) -> int:
    """The largest power of two that is smaller; `count` > 1."""
    return 1 << (count - 1).bit_length() - 1


def _span(tiles: Tiles, start: int, end: int) -> bytes:
    """The root over these leaves, which begin where a subtree does."""
    lefts = []
    while (count := end - start) & (count - 1):
        left = _split(count)
        lefts.append(_subtree(tiles, left.bit_length() - 1, start))
        start += left
    found = _subtree(tiles, count.bit_length() - 1, start)
    for left_hash in reversed(lefts):
        found = node_hash(left_hash, found)
    return found


def _subtree(tiles: Tiles, height: int, start: int) -> bytes:
    """The root over the 2^height leaves from `start` on."""
    level, inner = divmod(height, TILE_HEIGHT)
    n, place = divmod(start >> (TILE_HEIGHT * level), TILE_WIDTH)
    end = place + (1 << inner)
    return _folded(_first(tiles, level, n, end)[place * HASH_BYTES :])


def _first(tiles: Tiles, level: int, n: int, count: int) -> bytes:
    """The first hashes of a tile."""
    if count == 0:
        return b""
    found = tiles.hashes(level, n)
    if len(found) < count * HASH_BYTES:
        raise TileMissing(f"tile {n} of level {level} holds {len(found)} bytes, not {count} hashes")
    return found[: count * HASH_BYTES]


def _folded(hashes: bytes) -> bytes:
    """The root over a power of two of hashes."""
    row = [hashes[start : start + HASH_BYTES] for start in range(0, len(hashes), HASH_BYTES)]
    while len(row) > 1:
        row = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=True)]
    return row[0]
