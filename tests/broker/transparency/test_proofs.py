"""Proofs hold exactly where the tree, as the RFC defines it, says so: nothing beside a true proof passes."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.transparency.proofs import EMPTY_ROOT, is_consistent, is_included, leaf_hash, node_hash
from tests.broker.transparency import trees

LEAVES = [f"entry {n}".encode() for n in range(80)]

KNOWN_LEAVES = tuple(
    bytes.fromhex(each)
    for each in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
)
KNOWN_ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
"""Roots of the first 1 to 8 of these leaves, as implementations of RFC 6962 publish them."""


def test_the_reference_of_these_tests_gives_the_roots_that_others_publish() -> None:
    found = [trees.root(KNOWN_LEAVES[:size]).hex() for size in range(1, 9)]
    assert found == list(KNOWN_ROOTS)
    assert trees.root([]) == EMPTY_ROOT


def test_every_leaf_of_every_tree_is_proven() -> None:
    for size in range(1, 40):
        root = trees.root(LEAVES[:size])
        for index in range(size):
            proof = trees.path(index, LEAVES[:size])
            assert is_included(leaf_hash(LEAVES[index]), index, size, proof, root)


def test_every_tree_is_proven_to_begin_every_later_one() -> None:
    for second in range(40):
        for first in range(second + 1):
            proof = trees.consistency(first, LEAVES[:second])
            assert is_consistent(
                first, second, trees.root(LEAVES[:first]), trees.root(LEAVES[:second]), proof
            )


def _wrong(hashes: list[bytes]) -> Iterator[list[bytes]]:
    """Every proof that one fault makes of this: a flipped bit, a hash left out, added, repeated, or two exchanged."""
    for place, each in enumerate(hashes):
        for bit in range(256):
            flipped = (int.from_bytes(each, "big") ^ 1 << bit).to_bytes(32, "big")
            yield [*hashes[:place], flipped, *hashes[place + 1 :]]
        yield [*hashes[:place], *hashes[place + 1 :]]
        yield [*hashes[:place], each, *hashes[place:]]
        yield [*hashes[:place], each[:31], *hashes[place + 1 :]]
        for other in range(place):
            swapped = list(hashes)
            swapped[place], swapped[other] = swapped[other], swapped[place]
            yield swapped
    yield [*hashes, bytes(32)]
    yield [bytes(32), *hashes]


@pytest.mark.parametrize(("index", "size"), [(0, 1), (0, 2), (4, 7), (6, 7), (5, 8), (10, 23), (22, 23)])
def test_no_damaged_proof_shows_a_leaf(index: int, size: int) -> None:
    leaves = LEAVES[:size]
    proof, root, leaf = trees.path(index, leaves), trees.root(leaves), leaf_hash(LEAVES[index])
    assert is_included(leaf, index, size, proof, root)
    for wrong in _wrong(proof):
        assert not is_included(leaf, index, size, wrong, root)
    for other in range(-1, size + 2):
        assert is_included(leaf, other, size, proof, root) == (other == index)
    assert not is_included(leaf_hash(b"another"), index, size, proof, root)
    assert not is_included(leaf, index, size, proof, bytes(32))
    assert not is_included(leaf[:31], index, size, proof, root)


@pytest.mark.parametrize(("first", "second"), [(1, 2), (3, 7), (4, 7), (6, 8), (7, 8), (8, 23), (9, 23)])
def test_no_damaged_proof_shows_consistency(first: int, second: int) -> None:
    leaves = LEAVES[:second]
    proof, old, new = trees.consistency(first, leaves), trees.root(leaves[:first]), trees.root(leaves)
    assert is_consistent(first, second, old, new, proof)
    for wrong in _wrong(proof):
        assert not is_consistent(first, second, old, new, wrong)
    assert not is_consistent(first, second, bytes(32), new, proof)
    assert not is_consistent(first, second, old, bytes(32), proof)
    assert not is_consistent(second, first, new, old, proof)
    assert not is_consistent(-1, second, old, new, proof)


def test_a_tree_is_consistent_with_itself_alone_of_its_size_and_needs_no_proof() -> None:
    root = trees.root(LEAVES[:5])
    assert is_consistent(5, 5, root, root, [])
    assert not is_consistent(5, 5, root, trees.root(LEAVES[1:6]), [])
    assert not is_consistent(5, 5, root, root, [root])


def test_an_empty_tree_begins_every_tree_and_has_one_root() -> None:
    assert is_consistent(0, 5, EMPTY_ROOT, trees.root(LEAVES[:5]), [])
    assert not is_consistent(0, 5, bytes(32), trees.root(LEAVES[:5]), [])
    assert not is_consistent(0, 5, EMPTY_ROOT, trees.root(LEAVES[:5]), [EMPTY_ROOT])
    assert is_consistent(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])
    assert not is_consistent(0, 0, bytes(32), bytes(32), [])


@given(st.data())
def test_a_proof_of_one_tree_shows_nothing_of_another(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 60))
    changed = data.draw(st.integers(0, size - 1))
    index = data.draw(st.integers(0, size - 1))
    first = data.draw(st.integers(1, size))
    other = [*LEAVES[:changed], b"changed", *LEAVES[changed + 1 : size]]
    leaf, root = leaf_hash(other[index]), trees.root(LEAVES[:size])
    assert not is_included(leaf, index, size, trees.path(index, other), root)
    begun, whole = trees.root(LEAVES[:first]), trees.root(other)
    follows = is_consistent(first, size, begun, whole, trees.consistency(first, other))
    assert follows == (changed >= first)


def test_a_leaf_and_a_node_of_the_same_bytes_differ() -> None:
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != node_hash(left, right)
