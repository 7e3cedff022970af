"""How names are compared when a person types them."""

import re
import unicodedata
from typing import Final

_NOT_WORDS: Final = re.compile(r"[\W_]+")
_LIGATURES: Final = str.maketrans({"œ": "oe", "æ": "ae"})


class _Unaccented(dict[int, int | None]):
    """For `str.translate`: leaves out what combines with a letter, and learns each character when it is first met."""

    def __missing__(self, character: int) -> int | None:
        self[character] = None if unicodedata.combining(chr(character)) else character
        return self[character]


_UNACCENTED: Final = _Unaccented()


def folded(text: str) -> str:
    """Without accents and case, for comparison."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKD", text).translate(_UNACCENTED).casefold()


def folded_name(text: str) -> str:
    """The words of a place's name: folded, ligatures written out, hyphens and apostrophes as blanks.

    Nobody remembers whether it is Châtelet-Les Halles or Châtelet les Halles.
    """
    return _NOT_WORDS.sub(" ", folded(text).translate(_LIGATURES)).strip()
