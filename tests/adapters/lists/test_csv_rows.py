"""CSV is split whatever its dialect, and a broken row costs only itself."""

import csv
import io
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.errors import Misconfigured
from adapters.contract.models import Rejection
from adapters.lists.csv_rows import DELIMITERS, MAX_LINE_CHARACTERS, MAX_ROW_LINES, read_csv
from adapters.lists.rows import TextRow, Wanted

WANTED = (Wanted("id", "id", required=True), Wanted("name", "Nom", required=True))


def read(file: Path, content: str | bytes, delimiter: str | None = None) -> list[TextRow | Rejection]:
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read_csv(file, WANTED, delimiter, None))


def cells(rows: list[TextRow | Rejection]) -> list[tuple[str, ...]]:
    return [row.cells for row in rows if isinstance(row, TextRow)]


def rejected(rows: list[TextRow | Rejection]) -> list[str]:
    return [f"{row.where}: {row.reason}" for row in rows if isinstance(row, Rejection)]


field = st.text(alphabet="éàÎç abcXYZ09;,|\t\"'\n.", max_size=12)


@given(
    rows=st.lists(st.tuples(st.text(alphabet="abc019", min_size=1, max_size=4), field), max_size=8),
    delimiter=st.sampled_from(DELIMITERS),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    line_end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_any_dialect_and_encoding_gives_the_fields_that_were_written(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str]],
    delimiter: str,
    encoding: str,
    line_end: str,
    quoting: Literal[0, 1],
) -> None:
    written = io.StringIO()
    writer = csv.writer(written, delimiter=delimiter, lineterminator=line_end, quoting=quoting)
    writer.writerows([("id", "Nom"), *rows])
    file = tmp_path_factory.getbasetemp() / "dialect.csv"
    read_back = read(file, written.getvalue().encode(encoding))
    assert cells(read_back) == [(native_id, name.strip()) for native_id, name in rows]


def test_the_delimiter_is_the_one_that_shows_the_wanted_columns(tmp_path: Path) -> None:
    content = "id;Nom;a, b, c, d, e, f\n1;Parvis;x\n"
    assert cells(read(tmp_path / "list.csv", content)) == [("1", "Parvis")]


def test_columns_are_found_whatever_their_case_and_composition(tmp_path: Path) -> None:
    assert cells(read(tmp_path / "list.csv", " ID ,NOM\n1,Parvis\n")) == [("1", "Parvis")]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("id;Libellé\n1;a\n", "has no column 'Nom' .*columns present: 'id', 'Libellé'"),
        ("id;Nom;nom\n1;a;b\n", "stands 2 times"),
        ("\n\n;;\n", "no header"),
        ('"id;Nom\n1;a\n', "header cannot be read"),
    ],
)
def test_a_header_that_does_not_fit_stops_the_file(tmp_path: Path, content: str, reason: str) -> None:
    with pytest.raises(Misconfigured, match=reason):
        read(tmp_path / "list.csv", content)


def test_half_a_coordinate_in_the_header_stops_the_file(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("id;lat\n1;48\n")
    wanted = [Wanted(name, name, required=False) for name in ("id", "lat", "lon")]
    with pytest.raises(Misconfigured, match="column for lat but none for lon"):
        list(read_csv(tmp_path / "list.csv", wanted, None, None))


def test_a_header_alone_is_an_empty_list(tmp_path: Path) -> None:
    assert read(tmp_path / "list.csv", "id;Nom\n") == []


def test_empty_rows_are_passed_over_but_counted(tmp_path: Path) -> None:
    rows = read(tmp_path / "list.csv", "id;Nom\n\n;\n;;;\n1;a;b\n2;b;\n")
    assert rejected(rows) == ["list.csv row 5: has 3 fields where the header has 2"]
    assert cells(rows) == [("2", "b")]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"2", "has 1 fields where the header has 2"),
        (b"2;a;b", "has 3 fields where the header has 2"),
        (b"2;a\0", "holds a NUL"),
        (b"2;a\xff", "holds a NUL or bytes that are not text"),
        (b'2;"a', "quote"),
        (b'2;"a" b', "quotes are misplaced"),
        (b"2;" + b"a" * (3 * MAX_LINE_CHARACTERS), f"longer than {MAX_LINE_CHARACTERS} characters"),
    ],
)
@pytest.mark.parametrize("after", ["3;é\n", '3;"é"\n', "3;é\n" + "4;x\n" * MAX_ROW_LINES])
def test_a_broken_row_costs_only_itself(tmp_path: Path, row: bytes, reason: str, after: str) -> None:
    rows = read(tmp_path / "list.csv", "id;Nom\n1;é\n".encode() + row + b"\n" + after.encode())
    assert cells(rows)[:2] == [("1", "é"), ("3", "é")]
    assert len(cells(rows)) == 1 + after.count("\n")
    (only,) = rejected(rows)
    assert only.startswith("list.csv row 3: ")
    assert reason in only


def test_a_stray_quote_closed_by_a_later_row_does_not_swallow_what_lies_between(tmp_path: Path) -> None:
    rows = read(tmp_path / "list.csv", 'id;Nom\n1;"a\n2;b\n3;";c"\n')
    assert cells(rows) == [("2", "b"), ("3", ";c")]
    assert rejected(rows) == ["list.csv row 2: a quote opens and does not close in this row"]


def test_rows_are_read_one_at_a_time(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("id;Nom\n" + "1;a\n" * 200_000)
    rows = read_csv(file, WANTED, ";", "utf-8")
    assert isinstance(next(rows), TextRow)
    with file.open("r+") as shortened:
        shortened.truncate(0)
    assert sum(1 for _ in rows) < 100_000
