"""Camera lists as files: the worlds of `benchmarks.search`, as an agency would share them."""

import csv
import math
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from benchmarks.search.world import KINDS, LEVELS, WORDS, World

HEADER: Final = ("id", "name", "lat", "lon", "level", "kind", "heading_deg", "fov_deg", "range_m", "tags")


def rows_of(world: World, rows: range) -> Iterator[Sequence[str]]:
    """Cameras of the world, a line each; empty is unknown."""
    columns = world.columns
    for row in rows:
        word = WORDS[int(columns.word[row])]
        view = ("", "", "")
        if not math.isnan(columns.fov_deg[row]):
            view = (
                f"{columns.heading_deg[row]:.1f}",
                f"{columns.fov_deg[row]:g}",
                f"{columns.range_m[row]:g}",
            )
        yield (
            f"C-{row:07}",
            f"{word.capitalize()} {row % 997}, caméra {row}",
            f"{columns.lat_deg[row]:.7f}",
            f"{columns.lon_deg[row]:.7f}",
            LEVELS[int(columns.level[row])],
            KINDS[int(columns.kind[row])],
            *view,
            f"street,{word}",
        )


def write_list(world: World, rows: range, file: Path, *, shuffled: bool = False) -> None:
    lines = list(rows_of(world, rows))
    if shuffled:
        random.Random(11).shuffle(lines)  # noqa: S311 - any other order will do
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened, delimiter=";")
        writer.writerow(HEADER)
        writer.writerows(lines)
