"""What every dialect yields: a row whose cells are those of a camera list, by name instead of by column."""

from collections.abc import Iterable

from adapters.lists.mapping import CameraCells
from adapters.lists.rows import TextRow

_EMPTY = CameraCells(*[""] * len(CameraCells._fields))
_TAG_MARKS = str.maketrans(dict.fromkeys(",;|", " "))


def camera_row(where: str, **cells: str) -> TextRow:
    """The row with these cells; all others are unknown."""
    return TextRow(where, _EMPTY._replace(**cells))


def joined_tags(tags: Iterable[str]) -> str:
    """The cell `tags` that is read back as exactly these, but for the marks that separate tags."""
    return ";".join(" ".join(tag.translate(_TAG_MARKS).split()) for tag in tags)


def joined_numbers(numbers: Iterable[float | None]) -> str:
    """Numbers, one for each view; unknown ones are empty."""
    return ";".join("" if number is None else f"{number:g}" for number in numbers)
