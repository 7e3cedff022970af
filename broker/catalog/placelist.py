"""Many places in the order in which they are shown: found by id, by words of their names, and by a whole name.

Names are folded once, when the list is made. A list never changes: what is new is another list, so that whoever
reads one while others wait for the event loop finds every place once.
"""

import asyncio
import heapq
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import count, islice, takewhile
from math import isnan, nan
from operator import itemgetter
from typing import Final, NamedTuple

from adapters.contract.models import Position
from broker.catalog.models import Place
from broker.catalog.names import folded_name

LONGEST_KEY: Final = 100
"""Of a name as much as orders a list: the key of a page's last row goes into a link."""

SORTED_AT_ONCE: Final = 4_096
SCANNED_AT_ONCE: Final = 4_096
"""So many names take about a millisecond: what is longer lets other calls run in between."""
OFTEN: Final = 40
"""The longest word is the rarest, mostly; where it is found more often in a part, the others are counted too."""


class PlaceRow(NamedTuple):
    """A place as stores hold it."""

    id: str
    name: str
    lat: float
    lon: float
    elevation_m: float | None
    accuracy_m: float | None


def row_of(place: Place) -> PlaceRow:
    position = place.position
    return PlaceRow(
        place.id, place.name, position.lat, position.lon, position.elevation_m, position.accuracy_m
    )


def place_key(place: Place) -> str:
    """What lists of places are ordered by: name, then id."""
    return _key(folded_name(place.name), place.id)


def _key(folded: str, identifier: str) -> str:
    return f"{folded[:LONGEST_KEY]}\0{identifier}"


_Keyed = tuple[str, str, str, str, float, float, float | None, float | None]
"""A key, a folded name, and a row: of plain values only, so that the garbage collector soon leaves it alone."""


def _emptied(part: list[_Keyed]) -> Iterator[_Keyed]:
    while part:
        yield part.pop()


class PlaceList:
    """Columns: a region has some hundred thousand streets. Folded names are one text, a line each, which is searched
    many times faster than as many texts."""

    def __init__(self, rows: Iterable[PlaceRow]) -> None:
        """Sorts and lets go in parts, so that a thread that makes a long list does not keep the interpreter to
        itself."""
        parts: list[list[_Keyed]] = [[]]
        for row in rows:
            if len(parts[-1]) == SORTED_AT_ONCE:
                parts.append([])
            folded = folded_name(row.name)
            parts[-1].append((_key(folded, row.id), folded, *row))
        key = itemgetter(0)
        for part in parts:
            part.sort(key=key, reverse=True)
        self._ids: list[str] = []
        self._names: list[str] = []
        self._numbers = array("d")
        self._begins = array("q", [0])
        lines = []
        for _, folded, identifier, name, *numbers in heapq.merge(*map(_emptied, parts), key=key):
            self._ids.append(identifier)
            self._names.append(name)
            self._numbers.extend(nan if number is None else number for number in numbers)
            self._begins.append(self._begins[-1] + len(folded) + 1)
            lines.append(f"{folded}\n")
        self._lines = "".join(lines)
        self._at = {identifier: n for n, identifier in enumerate(self._ids)}

    @classmethod
    def of(cls, places: Iterable[Place]) -> "PlaceList":
        return cls(map(row_of, places))

    def __len__(self) -> int:
        return len(self._ids)

    def get(self, identifier: str) -> Place | None:
        n = self._at.get(identifier)
        return None if n is None else self._place(n)

    def named(self, name: str, at_most: int) -> list[Place]:
        """Places of exactly this name, accents, case, hyphens and apostrophes aside."""
        wanted = folded_name(name)
        if not wanted:
            return []
        begin = bisect_left(range(len(self)), _key(wanted, ""), key=self._key_at)
        alike = takewhile(lambda n: n < len(self) and self._begins_alike(n, wanted), count(begin))
        exact = (n for n in alike if self._folded(n) == wanted)
        return [self._place(n) for n, _ in zip(exact, range(at_most), strict=False)]

    async def holding(self, text: str, after: str | None, at_most: int) -> list[Place]:
        """The first places after this key whose name holds every word of the text; all without a word."""
        words = sorted(set(folded_name(text).split()), key=len, reverse=True)
        if text.strip() and not words:
            return []
        start = 0 if after is None else bisect_right(range(len(self)), after, key=self._key_at)
        if not words:
            return [self._place(n) for n in range(start, min(start + at_most, len(self)))]
        found: list[int] = []
        while start < len(self) and len(found) < at_most:
            end = min(start + SCANNED_AT_ONCE, len(self))
            found += islice(self._scan(words, start, end), at_most - len(found))
            start = end
            await asyncio.sleep(0)
        return [self._place(n) for n in found]

    def _scan(self, words: Sequence[str], start: int, end: int) -> Iterator[int]:
        """Which of the places from `start` to `end` hold all words: looked for where the rarest word is."""
        at, stop = self._begins[start], self._begins[end]
        rarest, *others = words
        if others and self._lines.count(rarest, at, stop) > OFTEN:
            rarest, *others = sorted(words, key=lambda word: self._lines.count(word, at, stop))
        while (at := self._lines.find(rarest, at, stop)) >= 0:
            n = bisect_right(self._begins, at, start, end) - 1
            line, at = self._lines[self._begins[n] : self._begins[n + 1]], self._begins[n + 1]
            for word in others:
                if word not in line:
                    break
            else:
                yield n

    def _folded(self, n: int) -> str:
        return self._lines[self._begins[n] : self._begins[n + 1] - 1]

    def _key_at(self, n: int) -> str:
        return _key(self._folded(n), self._ids[n])

    def _begins_alike(self, n: int, folded: str) -> bool:
        return self._folded(n)[:LONGEST_KEY] == folded[:LONGEST_KEY]

    def _place(self, n: int) -> Place:
        lat, lon, *unsure = self._numbers[4 * n : 4 * n + 4]
        elevation_m, accuracy_m = (None if isnan(number) else number for number in unsure)
        position = Position(lat=lat, lon=lon, elevation_m=elevation_m, accuracy_m=accuracy_m)
        return Place(id=self._ids[n], name=self._names[n], position=position)
