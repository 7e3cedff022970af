"""How names are compared when a person types them."""

import re
import unicodedata
from typing import Final

_NOT_WORDS: Final = re.compile(r"[\W_]+")
_LIGATURES: Final = str.maketrans({"œ": "oe", "æ": "ae"})


def folded(text: str) -> str:
    """Without accents and case, for comparison."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()


def folded_name(text: str) -> str:
    """The words of a place's name: folded, ligatures written out, hyphens and apostrophes as blanks.

    Nobody remembers whether it is Châtelet-Les Halles or Châtelet les Halles.
    """
    return _NOT_WORDS.sub(" ", folded(text).translate(_LIGATURES)).strip()
