"""The row of text that every format is reduced to. Owns which column feeds which field; judges no value."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pydantic import BaseModel

from adapters.contract.errors import Misconfigured


class Unusable(ValueError):
    """One row cannot be used; the message is the reason, for a person."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A field and the column that holds it. A required column that is missing stops the whole file."""

    field: str
    column: str
    required: bool


class TextRow(NamedTuple):
    """The wanted cells in the order they were asked for, stripped; an empty text is unknown.

    `extent_m` is how far what the row speaks of reaches from its position: 0 for a point.
    """

    where: str
    cells: tuple[str, ...]
    extent_m: float = 0.0


def wanted_fields(*columns: BaseModel, always: Iterable[str] = ()) -> tuple[Wanted, ...]:
    """A `Wanted` for each field of a model of columns; later models overrule earlier ones of the same class.

    A field that no model maps is looked for under its own name, and may be missing unless in `always`.
    """
    needed = frozenset(always)
    wanted = []
    for field in type(columns[0]).model_fields:
        mapped = [name for model in columns if (name := getattr(model, field)) is not None]
        wanted.append(Wanted(field, mapped[-1] if mapped else field, bool(mapped) or field in needed))
    return tuple(wanted)


def fold_column(name: str) -> str:
    """What two spellings of a column's name have in common: case, surrounding blanks, composed accents."""
    return unicodedata.normalize("NFC", name).strip().casefold()


def find_columns(file_name: str, header: Sequence[str], wanted: Sequence[Wanted]) -> tuple[int | None, ...]:
    """Where each wanted column stands in the header; None where it is missing and may be.

    `Misconfigured` for a required column that is missing, one that stands twice, or half a coordinate.
    """
    folded = [fold_column(name) for name in header]
    repeats = Counter(folded)
    found: dict[str, int | None] = {}
    for want in wanted:
        key = fold_column(want.column)
        if repeats[key] > 1:
            raise Misconfigured(
                f"{file_name}: column {want.column!r} stands {repeats[key]} times in the header"
            )
        if not repeats[key] and want.required:
            raise Misconfigured(missing_column(file_name, want, header))
        found[want.field] = folded.index(key) if repeats[key] else None
    if (found.get("lat") is None) != (found.get("lon") is None):
        has, lacks = ("lat", "lon") if found.get("lon") is None else ("lon", "lat")
        raise Misconfigured(f"{file_name}: has a column for {has} but none for {lacks}; {_present(header)}")
    return tuple(found.values())


def missing_column(file_name: str, want: Wanted, header: Iterable[str]) -> str:
    """What to tell a person whose configuration names a column that the file lacks."""
    remedy = "" if want.column != want.field else f"; map {want.field} to one of them"
    return f"{file_name}: has no column {want.column!r} (for {want.field}); {_present(header)}{remedy}"


def _present(header: Iterable[str]) -> str:
    names = [repr(name.strip()[:60]) for name in header]
    return f"columns present: {', '.join(names[:40])}{', …' if len(names) > 40 else ''}"
