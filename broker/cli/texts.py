"""Makes text from elsewhere harmless: names, reasons and server messages may hold anything."""

import json


def printable(text: str) -> str:
    """One line without control codes: white space becomes a blank, what cannot be printed a mark."""
    return "".join(_shown(letter) for letter in text)


def _shown(letter: str) -> str:
    if letter.isprintable():
        return letter
    return " " if letter.isspace() else "\N{REPLACEMENT CHARACTER}"


def printable_json(text: str) -> str:
    """The same JSON with every unprintable character written as its escape."""
    return "".join(
        letter if letter.isprintable() or letter == "\n" else json.dumps(letter)[1:-1] for letter in text
    )
