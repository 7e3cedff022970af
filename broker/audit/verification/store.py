"""Reads the log's rows in order, a block at a time: memory does not grow with the log.

Statements are written here once more, on purpose: they know the tables by name and nothing of the writer.
"""

import heapq
import sqlite3
from collections.abc import Iterator
from operator import itemgetter
from types import TracebackType
from typing import Any, Final, Self

from sqlalchemy import Connection, CursorResult

from broker.audit.verification.models import EntryRow, PartRow, PersonRow

BLOCK: Final = 2_000
"""Rows fetched at once."""
MOST_CURSORS: Final = 64

_PARTS: Final = "SELECT sequence, agency, salt, content, request_id FROM audit_parts"
_BY_SEQUENCE: Final = itemgetter(0)


class Undecodable(Exception):
    """A text in the database is not UTF-8: somebody wrote it who is not the broker."""


class LogRows:
    """Many readings of one view of the database, side by side; leaving it ends them all.

    Texts that are not UTF-8 end a reading as `Undecodable`, unless it is `lenient`, which is slower: then their bytes
    come as lone surrogates, which no entry can hold.
    """

    def __init__(self, connection: Connection, *, lenient: bool = False) -> None:
        self._driver = connection.connection.driver_connection
        self._lenient = lenient and isinstance(self._driver, sqlite3.Connection)
        self._connection = connection.execution_options(stream_results=True, max_row_buffer=BLOCK)
        self._mark = {"qmark": "?", "format": "%s", "pyformat": "%s"}[connection.dialect.paramstyle]
        self._results: list[CursorResult[Any]] = []

    def __enter__(self) -> Self:
        if self._lenient:
            self._driver.text_factory = _lenient_text  # type: ignore[union-attr]  # SQLite's
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for result in self._results:
            result.close()
        if self._lenient:
            self._driver.text_factory = str  # type: ignore[union-attr]  # SQLite's

    def entries(self) -> Iterator[EntryRow]:
        statement = (
            "SELECT sequence, at, agency, operation, action, decision, purpose, commitments "
            "FROM audit_entries ORDER BY sequence"
        )
        return map(EntryRow._make, self._rows(statement))

    def people(self) -> Iterator[PersonRow]:
        statement = "SELECT sequence, at, salt, content FROM audit_people ORDER BY sequence"
        return map(PersonRow._make, self._rows(statement))

    def parts(self) -> Iterator[PartRow]:
        """Every agency's parts, merged by sequence: each agency's lie in that order, so nothing has to be sorted."""
        names = [name for (name,) in self._rows("SELECT DISTINCT agency FROM audit_parts")]
        if len(names) > MOST_CURSORS or not all(isinstance(name, str) and _is_text(name) for name in names):
            return map(PartRow._make, self._rows(f"{_PARTS} ORDER BY sequence"))
        own = (self._rows(f"{_PARTS} WHERE agency = ? ORDER BY sequence", name) for name in names)
        return map(PartRow._make, heapq.merge(*own, key=_BY_SEQUENCE))

    def tiles(self, level: int) -> Iterator[tuple[int, object]]:
        """Number and hashes of the tiles of one level, in order."""
        statement = "SELECT n, hashes FROM log_tiles WHERE level = ? ORDER BY n"
        for n, hashes in self._rows(statement, level):
            yield n, bytes(hashes) if isinstance(hashes, memoryview) else hashes

    def levels(self) -> list[int]:
        return [level for (level,) in self._rows("SELECT DISTINCT level FROM log_tiles ORDER BY level")]

    def checkpoints(self, *, newest_first: bool = False) -> Iterator[tuple[int, object]]:
        """Size and note of every stored checkpoint, smallest first unless asked otherwise."""
        order = "DESC" if newest_first else "ASC"
        yield from self._rows(f"SELECT size, note FROM log_checkpoints ORDER BY size {order}")  # noqa: S608 - two words

    def cosignatures(self) -> Iterator[tuple[int, str, object, object]]:
        """Size, witness, its line, and the note that it stands under, None where that is missing."""
        statement = (
            "SELECT c.size, c.name, c.line, k.note FROM log_cosignatures c "
            "LEFT JOIN log_checkpoints k ON k.size = c.size ORDER BY c.size, c.name"
        )
        yield from self._rows(statement)

    def last_erasure(self, action: str) -> int:
        """Sequence of the newest entry that says that people were erased, 0 where there is none."""
        statement = (
            "SELECT max(sequence) FROM audit_entries WHERE operation = ? AND action = ? AND agency IS NULL"
        )
        ((sequence,),) = self._rows(statement, "erasure", action)
        return sequence if isinstance(sequence, int) else 0

    def _rows(self, statement: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """Rows as plain tuples; `?` stands for a value."""
        result = self._connection.exec_driver_sql(statement.replace("?", self._mark), values)
        self._results.append(result)
        # SQLite's cursor is the faster way; where rows are streamed, the result has taken the first ones already
        source = result.cursor if isinstance(self._driver, sqlite3.Connection) else result
        try:
            while source is not None and (block := source.fetchmany(BLOCK)):
                yield from block
        except sqlite3.OperationalError as error:
            if "decode" in str(error):
                raise Undecodable from error
            raise


def _lenient_text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
