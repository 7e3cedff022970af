"""The encoding is found, and damage stays where it is."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.errors import Malformed, Misconfigured
from adapters.lists.text_files import detect_encoding, is_damaged, open_text

FRENCH = "Numéro;Gare de l’Est;Île\r\nà côté\nœuvre"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_what_was_written_in_any_usual_encoding_is_read_back(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(FRENCH.encode(encoding))
    with open_text(file, None) as text:
        assert text.read() == FRENCH


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
def test_any_utf_8_is_taken_for_utf_8(tmp_path_factory: pytest.TempPathFactory, content: str) -> None:
    file = tmp_path_factory.getbasetemp() / "any.csv"
    file.write_text(content, encoding="utf-8", newline="")
    with open_text(file, None) as text:
        assert text.read() == content.removeprefix("\ufeff")


def test_a_damaged_byte_does_not_turn_utf_8_into_another_encoding(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes("Île\nétage\n".encode() + b"\xff\n")
    assert detect_encoding(file) == "utf-8"
    with open_text(file, None) as text:
        lines = text.read().splitlines()
    assert [is_damaged(line) for line in lines] == [False, False, True]


def test_characters_across_the_border_of_two_reads_count_once(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(b"x" * ((1 << 20) - 1) + "é".encode())
    assert detect_encoding(file) == "utf-8"


def test_an_encoding_that_was_named_is_believed(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes("Łódź".encode("cp1250"))
    with open_text(file, "cp1250") as text:
        assert text.read() == "Łódź"


def test_a_named_encoding_that_does_not_fit_is_told(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(b"ab+\x01\x02")
    with pytest.raises(Malformed, match="utf-7"), open_text(file, "utf-7") as text:
        text.read()


@pytest.mark.parametrize(("name", "reason"), [("gone.csv", "no such file"), ("folder.csv", "cannot be read")])
def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "folder.csv" / "something").touch()
    with pytest.raises(Misconfigured, match=f"{name}.*{reason}"), open_text(tmp_path / name, "utf-8"):
        pass


def test_a_file_of_zero_bytes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.csv").touch()
    with pytest.raises(Misconfigured, match="0 bytes"), open_text(tmp_path / "list.csv", None):
        pass
