"""Reads CSV a row at a time. Owns delimiters, quoting and row numbers; a broken row costs only itself.

Dialect: RFC 4180 with any of `; , tab |`. Row numbers are those of a spreadsheet: the header is row 1. A row
that cannot be split is given up at its first line, and reading goes on at the line after it, so that a
stray quote does not swallow the rest of the list.
"""

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import TextIO

from adapters.contract.errors import Misconfigured
from adapters.contract.models import Rejection
from adapters.lists.rows import TextRow, Unusable, Wanted, find_columns, fold_column
from adapters.lists.text_files import is_damaged, open_text

DELIMITERS = (";", ",", "\t", "|")
MAX_LINE_CHARACTERS = 100_000
"""Below `csv.field_size_limit()`, which is a setting of the whole process and not ours to change."""
MAX_ROW_LINES = 64
"""A quoted field may contain line ends; one that goes on for longer was never closed."""


class _Lines:
    """The lines of a file, of which those of a row given up can be read again."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._again: deque[str] = deque()
        self._taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self._taken) >= MAX_ROW_LINES:
            raise Unusable(f"a quote opens and does not close within {MAX_ROW_LINES} lines")
        line = self._again.popleft() if self._again else self._text.readline(MAX_LINE_CHARACTERS)
        if not line:
            if self._taken:
                raise Unusable("a quote opens and does not close before the end of the file")
            raise StopIteration
        self._taken.append(line)
        if len(line) == MAX_LINE_CHARACTERS and not line.endswith(("\n", "\r")):
            while (rest := self._text.readline(MAX_LINE_CHARACTERS)) and not rest.endswith(("\n", "\r")):
                pass
            raise Unusable(f"longer than {MAX_LINE_CHARACTERS} characters")
        return line

    @property
    def row_length(self) -> int:
        """How many lines the present row took."""
        return len(self._taken)

    def begin_row(self) -> None:
        self._taken.clear()

    def give_up_first(self) -> None:
        """All lines of the row but its first will come again."""
        self._again.extendleft(reversed(self._taken[1:]))


def _split(text: TextIO, delimiter: str) -> Iterator[list[str] | Unusable]:
    """Each row's fields, `[]` for an empty line, or why the row cannot be split."""
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    width = 0
    while True:
        lines.begin_row()
        try:
            fields = next(reader)
        except StopIteration:
            return
        except Unusable as problem:
            lines.give_up_first()
            yield problem
        except csv.Error as error:
            lines.give_up_first()
            yield Unusable(f"quotes are misplaced: {error}")
        else:
            width = width or len(fields)
            if lines.row_length > 1 and len(fields) != width:
                # The quote that ended this field began another one, in a later row.
                lines.give_up_first()
                yield Unusable("a quote opens and does not close in this row")
            else:
                yield fields


def _detect_delimiter(lines: Sequence[str], wanted: Sequence[Wanted]) -> str:
    """The delimiter under which most wanted columns appear in the header, then the one giving most fields."""
    columns = {fold_column(want.column) for want in wanted}

    def score(delimiter: str) -> tuple[int, int]:
        try:
            header = next(csv.reader(lines, delimiter=delimiter, strict=True), [])
        except csv.Error:
            return -1, 0
        return len(columns & {fold_column(name) for name in header}), len(header)

    return max(DELIMITERS, key=score)


def read_csv(
    path: Path, wanted: Sequence[Wanted], delimiter: str | None, encoding: str | None
) -> Iterator[TextRow | Rejection]:
    """The wanted cells of each row. Rows without any text are passed over.

    `Misconfigured` for a file without a header, or one that lacks a required column.
    """
    with open_text(path, encoding) as text:
        if delimiter is None:
            lines = (text.readline(MAX_LINE_CHARACTERS) for _ in range(MAX_ROW_LINES))
            delimiter = _detect_delimiter([line for line in lines if line.strip()], wanted)
            text.seek(0)
        rows = enumerate(_split(text, delimiter), start=1)
        header = _read_header(path, rows)
        places = find_columns(path.name, header, wanted)
        width = len(header)
        # the field behind the last one is empty, and picked once more, so that one column is a tuple too
        pick = itemgetter(*(-1 if place is None else place for place in places), -1)
        for number, fields in rows:
            where = f"{path.name} row {number}"
            if isinstance(fields, Unusable):
                yield Rejection(where=where, reason=str(fields))
                continue
            if len(fields) != width:
                if not any(field.strip() for field in fields):
                    continue
                if len(fields) < width or any(field.strip() for field in islice(fields, width, None)):
                    reason = f"has {len(fields)} fields where the header has {width}"
                    yield Rejection(where=where, reason=reason)
                    continue
            fields.append("")
            cells = tuple(map(str.strip, pick(fields)))[:-1]
            text_of_row = "".join(cells)
            if (not text_of_row.isascii() or "\0" in text_of_row) and is_damaged(text_of_row):
                reason = "holds a NUL or bytes that are not text in the file's encoding"
                yield Rejection(where=where, reason=reason)
            elif text_of_row or any(field.strip() for field in fields):
                yield TextRow(where, cells)


def _read_header(path: Path, rows: Iterator[tuple[int, list[str] | Unusable]]) -> list[str]:
    for _, fields in rows:
        if isinstance(fields, Unusable):
            raise Misconfigured(f"{path}: the header cannot be read: {fields}") from fields
        if any(field.strip() for field in fields):
            return fields
    raise Misconfigured(f"{path}: has no header row")
