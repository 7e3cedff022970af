"""Dialect → what reads it, as a table."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from adapters.contract.models import Rejection
from adapters.lists.config import Dialect
from adapters.lists.dialects import osm, otcm, tfl
from adapters.lists.json_files import load_json
from adapters.lists.rows import TextRow

READERS: Mapping[Dialect, Callable[[Any, str], Iterator[TextRow | Rejection]]] = {
    "osm": osm.rows,
    "tfl": tfl.rows,
    "otcm": otcm.rows,
    "otcm_v1": otcm.rows_v1,
}


def read_dialect(
    path: Path, dialect: Dialect, encoding: str | None, max_mb: float
) -> Iterator[TextRow | Rejection]:
    """The rows of a file in one of the dialects, each with the cells of `CameraCells`.

    The file is read whole, hence `TooLarge` beyond `max_mb`; `Malformed` for a file of another kind.
    """
    yield from READERS[dialect](load_json(path, encoding, max_mb), path.name)
