"""How names are compared when a person types them."""

import unicodedata


def folded(text: str) -> str:
    """Without accents and case, for comparison."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()


def holds_words(text: str, words: str) -> bool:
    """Whether the text holds every one of the words, in any order, accents and case folded."""
    within = folded(text)
    return all(word in within for word in folded(words).split())
