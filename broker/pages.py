"""One page of a list: what follows a key, up to a number. A key names its row for good, so nothing comes twice."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Cut(Generic[T]):
    """The rows of one page; `last` is the key of the last one where more follow."""

    rows: list[T]
    last: str | None


@dataclass(frozen=True)
class Page:
    """What a caller asked for: at most `limit` rows after the key `after`, None from the beginning."""

    limit: int
    after: str | None = None

    def cut(self, rows: Iterable[T], key: Callable[[T], str]) -> Cut[T]:
        """The page of these rows, in the order of their keys."""
        following = sorted((row for row in rows if self.after is None or key(row) > self.after), key=key)
        return self.ended(following[: self.limit + 1], key)

    def ended(self, rows: list[T], key: Callable[[T], str]) -> Cut[T]:
        """The page of rows that are in order already and one more than a page where more follow."""
        shown = rows[: self.limit]
        return Cut(shown, key(shown[-1]) if len(rows) > self.limit else None)
