"""The repository's own files, read as text and as syntax trees. Knows where things lie; judges nothing."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ("adapters", "broker")
WRITTEN = (*SHIPPED, "benchmarks", "docs", "fixtures", "tests", ".ci")
"""Folders whose files people write; the files at the top are added by `texts`."""

TEXT_SUFFIXES = frozenset(
    {".csv", ".geojson", ".j2", ".jsonl", ".mako", ".md", ".py", ".svg", ".toml", ".txt", ""}
)


@dataclass(frozen=True)
class Source:
    """One Python file."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        """The path below the root, for messages."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def module(self) -> str:
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    """Every Python file below the folders, sorted."""
    return tuple(
        Source(path, path.read_text(encoding="utf-8"))
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
    )


def texts() -> Iterator[tuple[str, str]]:
    """Name and content of every text file that people write."""
    beside = [path for path in ROOT.iterdir() if path.is_file() and path.name != ".git"]
    below = [path for folder in WRITTEN for path in (ROOT / folder).rglob("*") if path.is_file()]
    for path in sorted((*beside, *below)):
        if path.suffix in TEXT_SUFFIXES and "__pycache__" not in path.parts:
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8", errors="replace")


def packages(folder: str) -> tuple[Path, ...]:
    """Every package below the folder that holds modules of its own, relative to the root."""
    return tuple(
        path.parent.relative_to(ROOT)
        for path in sorted((ROOT / folder).rglob("__init__.py"))
        if any(module.name != "__init__.py" for module in path.parent.glob("*.py"))
    )
