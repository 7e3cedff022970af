"""The tree cut into tiles, held against the recursive definitions of RFC 9162, its vectors, and the verifier."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from broker.audit.tree import merkle
from broker.audit.tree.merkle import TILE_BYTES, TILE_WIDTH, TileId, TileMissing
from broker.transparency import proofs
from tests.broker.transparency import trees

VECTORS = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


class MemoryTiles:
    """Tiles in a dictionary; counts what is read."""

    def __init__(self) -> None:
        self.held: dict[TileId, bytes] = {}
        self.asked: list[TileId] = []

    def hashes(self, level: int, n: int) -> bytes:
        self.asked.append((level, n))
        return self.held.get((level, n), b"")


def data(count: int, first: int = 0) -> list[bytes]:
    return [b"entry %d" % n for n in range(first, first + count)]


def grown(batches: Sequence[int]) -> tuple[MemoryTiles, int, bytes]:
    tiles, size, root = MemoryTiles(), 0, proofs.EMPTY_ROOT
    for count in batches:
        growth = merkle.grow(tiles, size, [proofs.leaf_hash(each) for each in data(count, size)])
        tiles.held.update(growth.tiles)
        size, root = growth.size, growth.root
    return tiles, size, root


WHOLE, SIZE, _ = grown([700])
LEAVES = data(SIZE)


def test_roots_are_those_of_the_published_vectors() -> None:
    tiles, size = MemoryTiles(), 0
    for text, expected in zip(VECTORS, ROOTS, strict=True):
        growth = merkle.grow(tiles, size, [proofs.leaf_hash(bytes.fromhex(text))])
        tiles.held.update(growth.tiles)
        size = growth.size
        assert growth.root.hex() == expected == merkle.root(tiles, size).hex()
    assert merkle.root(tiles, 0) == proofs.EMPTY_ROOT


@given(st.lists(st.sampled_from([1, 2, 3, 100, 255, 256, 257, 300]), min_size=1, max_size=5))
@hypothesis_settings(max_examples=40, deadline=None)
def test_however_it_grew_a_tree_is_the_one_of_the_definition(batches: list[int]) -> None:
    tiles, size, root = grown(batches)
    leaves = data(size)
    assert root == trees.root(leaves)
    at_once, _, _ = grown([size])
    assert tiles.held == at_once.held
    for (level, n), hashes in tiles.held.items():
        width = TILE_WIDTH**level
        whole = [
            trees.root(leaves[at : at + width])
            for at in range(n * TILE_WIDTH * width, size - width + 1, width)
        ]
        assert hashes == b"".join(whole[:TILE_WIDTH])


@given(st.integers(0, SIZE))
@hypothesis_settings(deadline=None)
def test_the_root_of_every_smaller_tree_can_still_be_told(size: int) -> None:
    assert merkle.root(WHOLE, size) == trees.root(LEAVES[:size])


@given(st.integers(1, SIZE), st.data())
@hypothesis_settings(deadline=None)
def test_an_inclusion_proof_is_the_definitions_path_and_is_accepted(size: int, drawn: st.DataObject) -> None:
    index = drawn.draw(st.integers(0, size - 1))
    path = merkle.inclusion(WHOLE, index, size)
    assert path == trees.path(index, LEAVES[:size])
    leaf = merkle.leaf(WHOLE, index)
    assert leaf == trees.leaf(LEAVES[index])
    assert proofs.is_included(leaf, index, size, path, trees.root(LEAVES[:size]))


@given(st.integers(0, SIZE), st.integers(0, SIZE))
@hypothesis_settings(deadline=None)
def test_a_consistency_proof_is_the_definitions_and_is_accepted(one: int, other: int) -> None:
    first, second = sorted((one, other))
    found = merkle.consistency(WHOLE, first, second)
    assert found == trees.consistency(first, LEAVES[:second])
    roots = (trees.root(LEAVES[:first]), trees.root(LEAVES[:second]))
    assert proofs.is_consistent(first, second, *roots, found)


def test_all_proofs_of_small_trees_are_right() -> None:
    for size in range(1, 34):
        for index in range(size):
            assert merkle.inclusion(WHOLE, index, size) == trees.path(index, LEAVES[:size])
        for first in range(size + 1):
            assert merkle.consistency(WHOLE, first, size) == trees.consistency(first, LEAVES[:size])


@pytest.mark.parametrize("size", [1, 255, 256, 65_535, 65_536, 65_537, 70_000])
def test_growing_by_one_reads_and_writes_a_tile_of_each_level_however_large_the_tree(size: int) -> None:
    tiles, _, before = grown([size])
    tiles.asked.clear()
    growth = merkle.grow(tiles, size, [proofs.leaf_hash(b"one more")])
    levels = 1 + (size.bit_length() - 1) // 8
    assert len(growth.tiles) <= levels + 1
    assert len(set(tiles.asked)) <= levels
    assert growth.root != before
    assert all(len(hashes) <= TILE_BYTES for hashes in growth.tiles.values())


def test_a_proof_reads_few_tiles() -> None:
    tiles, size, _ = grown([70_000])
    tiles.asked.clear()
    merkle.inclusion(tiles, 12_345, size)
    assert len(set(tiles.asked)) <= 6


@pytest.mark.parametrize(
    "spoil", [lambda hashes: hashes[:-32], lambda hashes: b"", lambda hashes: hashes[:-1]]
)
def test_what_a_tile_lacks_is_noticed_and_not_made_up(spoil: object) -> None:
    tiles, size, _ = grown([300])
    tiles.held[0, 1] = spoil(tiles.held[0, 1])  # type: ignore[operator]  # a function
    with pytest.raises(TileMissing, match="tile 1 of level 0"):
        merkle.root(tiles, size)
    with pytest.raises(TileMissing):
        merkle.grow(tiles, size, [proofs.leaf_hash(b"one more")])
