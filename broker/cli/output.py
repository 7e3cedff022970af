"""Prints answers: JSON as the API sent it, or a table for a person."""

import json
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from broker.cli.answers import Link
from broker.cli.texts import printable, printable_json

PIPE_WIDTH: Final = 10_000
ID_COLUMNS: Final = frozenset(
    {"camera", "request", "hold", "officer", "agreement", "network", "gazetteer", "place", "id"}
)


class ReaderGone(Exception):
    """Whoever read our output has closed it, as `head` does: nothing more is to be said."""


def write(text: str) -> None:
    """To standard output. Typer makes a closed pipe a failure, for us it is an end: hence an error of our own."""
    try:
        sys.stdout.write(text)
    except BrokenPipeError as error:
        raise ReaderGone from error


def tell(lines: Iterable[str]) -> None:
    """Lines that somebody waits for: they leave at once."""
    print_lines(lines)
    sys.stdout.flush()


def tell_json(body: Any) -> None:
    """JSON on one line that somebody waits for: it leaves at once."""
    print_json_line(body)
    sys.stdout.flush()


def print_json(body: Any) -> None:
    write(printable_json(json.dumps(body, ensure_ascii=False, indent=2)) + "\n")


def print_json_line(body: Any) -> None:
    """One line of JSON Lines."""
    write(printable_json(json.dumps(body, ensure_ascii=False)) + "\n")


def print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        write(printable(line) + "\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Plain columns; None is an empty cell. Text is never read as markup. Ids are never broken, and in a pipe
    nothing is."""
    texts = [[_text(cell) for cell in row] for row in rows]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for n, column in enumerate(columns):
        unbroken = column in ID_COLUMNS
        longest = max((len(row[n]) for row in texts), default=0)
        table.add_column(column, overflow="fold", no_wrap=unbroken, min_width=longest if unbroken else None)
    for row in texts:
        table.add_row(*(Text(cell) for cell in row))
    console = Console() if sys.stdout.isatty() else Console(width=PIPE_WIDTH, force_terminal=False)
    with console.capture() as captured:  # written by us, so that a closed pipe is met in one place
        console.print(table)
    write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


def _text(cell: object) -> str:
    if isinstance(cell, datetime):  # as the API writes it
        return cell.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return "" if cell is None else printable(str(cell))


@contextmanager
def waiting(for_what: str, after_s: float = 0.0) -> Iterator[None]:
    """Shows on a terminal that the command is alive, from the beginning or once it took so long; silent in a pipe."""
    if not sys.stderr.isatty():
        yield
        return
    status = Console(stderr=True).status(Text(printable(for_what)))
    later = threading.Timer(after_s, status.start) if after_s else None
    if later is None:
        status.start()
    else:
        later.start()
    try:
        yield
    finally:
        if later is not None:
            later.cancel()
            later.join()
        status.stop()


def note_more(links: Sequence[Link]) -> None:
    """Says on standard error that the table is not the whole answer."""
    if any(link.rel == "next" for link in links):
        sys.stderr.write("entrevue: there are more: raise --limit or ask more narrowly\n")
