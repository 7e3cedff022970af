"""Prints answers: JSON as the API sent it, or a table for a person."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table

PIPE_WIDTH: Final = 10_000


def print_json(body: Any) -> None:
    sys.stdout.write(json.dumps(body, ensure_ascii=False, indent=2) + "\n")


def print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(line + "\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Plain columns; None is an empty cell. Text is never read as markup. The first column, which holds ids,
    is never broken, and in a pipe nothing is."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for n, column in enumerate(columns):
        table.add_column(column, overflow="fold", no_wrap=n == 0)
    for row in rows:
        table.add_row(*("" if cell is None else _escaped(str(cell)) for cell in row))
    console = Console()
    console.print(table, width=None if console.is_terminal else PIPE_WIDTH)


def _escaped(text: str) -> str:
    """Names come from elsewhere: neither Rich's markup nor a terminal's control codes may act."""
    printable = "".join(letter if letter.isprintable() else "�" for letter in text)
    return printable.replace("[", r"\[")
