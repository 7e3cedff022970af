"""Cells of tables that people open in a spreadsheet."""

from typing import Final

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would carry out."""


def cell(text: str) -> str:
    """The text; what would be taken for a formula begins with an apostrophe."""
    return f"'{text}" if text.startswith(FORMULA) else text
