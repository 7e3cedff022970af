"""A proof's text: what is written is read again, and every other form is refused by name."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.transparency.inclusion import (
    HEADER,
    MOST_HASHES,
    PROOF_LIMIT,
    EntryProof,
    MalformedProof,
    read_proof,
    write_proof,
)

NOTE = "metro.example/log\n3\nsFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=\n\n— metro.example/log AAAA\n"
HASH = base64.b64encode(bytes(range(32))).decode()


def test_the_text_is_that_of_the_format() -> None:
    written = write_proof(EntryProof(7, (bytes(range(32)),), NOTE))
    assert written == f"c2sp.org/tlog-proof@v1\nindex 7\n{HASH}\n\n{NOTE}"


def test_an_entry_that_is_a_whole_tree_has_no_hashes() -> None:
    assert write_proof(EntryProof(0, (), NOTE)) == f"{HEADER}\nindex 0\n\n{NOTE}"
    assert read_proof(f"{HEADER}\nindex 0\n\n{NOTE}".encode()) == EntryProof(0, (), NOTE)


def test_extra_data_is_passed_over() -> None:
    assert read_proof(f"{HEADER}\nextra AAAA\nindex 1\n{HASH}\n\n{NOTE}".encode()).index == 1


@given(
    st.integers(0, 2**63 - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=MOST_HASHES).map(tuple),
    st.text(max_size=200),
)
def test_what_is_written_is_read_again(index: int, hashes: tuple[bytes, ...], note: str) -> None:
    proof = EntryProof(index, hashes, note)
    assert read_proof(write_proof(proof).encode()) == proof


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty line"),
        (f"{HEADER}\nindex 1\n{HASH}\n{NOTE.replace(chr(10) * 2, chr(10))}", "empty line"),
        (f"c2sp.org/tlog-proof@v2\nindex 1\n{HASH}\n\n{NOTE}", "begins with"),
        (f"{HEADER}\n\n{NOTE}", "index"),
        (f"{HEADER}\nindex 01\n{HASH}\n\n{NOTE}", "index"),
        (f"{HEADER}\nindex -1\n{HASH}\n\n{NOTE}", "index"),
        (f"{HEADER}\nindex {'9' * 20}\n{HASH}\n\n{NOTE}", "index"),
        (f"{HEADER}\nindex 1\nextra AAAA\n{HASH}\n\n{NOTE}", "hashes"),
        (f"{HEADER}\nindex 1\n{HASH[:-4]}\n\n{NOTE}", "32 bytes"),
        (f"{HEADER}\nindex 1\n{HASH[:-2]}9=\n\n{NOTE}", "32 bytes"),
        (f"{HEADER}\nindex 1\n{HASH} \n\n{NOTE}", "base64"),
        (f"{HEADER}\nindex 1\né\n\n{NOTE}", "base64"),
        (f"{HEADER}\nindex 1\n{(HASH + chr(10)) * (MOST_HASHES + 1)}\n{NOTE}", "more than"),
        (f"{HEADER}\nindex 1\n\n{'x' * PROOF_LIMIT}", "longer"),
    ],
)
def test_any_other_form_is_refused(text: str, said: str) -> None:
    with pytest.raises(MalformedProof, match=said):
        read_proof(text.encode())


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(MalformedProof, match="UTF-8"):
        read_proof(b"\xff\xfe")
