"""Reads a file that is one JSON document. Owns how large it may be and what an unreadable one means."""

import json
from pathlib import Path
from typing import Any

from adapters.contract.errors import Malformed, TooLarge
from adapters.lists.rows import Unusable
from adapters.lists.text_files import explaining, is_damaged, open_text


def load_json(path: Path, encoding: str | None, max_mb: float) -> Any:
    """The document. It is read whole, hence `TooLarge` beyond `max_mb` (10^6 bytes); `Malformed` for no JSON."""
    with explaining(path):
        size_mb = path.stat().st_size / 1e6
    if size_mb > max_mb:
        raise TooLarge(f"{path}: is {size_mb:.0f} MB; max_geojson_mb allows {max_mb:g}")
    with open_text(path, encoding) as text:
        try:
            return json.loads(text.read())
        except (ValueError, RecursionError) as error:
            raise Malformed(f"{path}: is not JSON: {error}") from error


def plain_text(value: Any, field: str) -> str:
    """A JSON value as a CSV would write it, stripped; `Unusable` names `field` where it is none of the plain
    ones. The items of a list are joined by `;`."""
    text = _as_text(value, field).strip()
    if is_damaged(text):
        raise Unusable(f"{field} holds a NUL or half a character")
    return text


def _as_text(value: Any, field: str) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list) and not any(isinstance(item, list | dict) for item in value):
        return ";".join(_as_text(item, field) for item in value)
    raise Unusable(f"{field} is not a plain value")
