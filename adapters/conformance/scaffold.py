"""Writes a new adapter as a project of its own: package, simulated recorder, harness, fixtures, test. What it writes
passes the suite, so that its author changes one thing after the other and sees what breaks."""

import keyword
import re
from collections.abc import Iterable
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template
from typing import Final

from adapters.contract.errors import Misconfigured

NAME: Final = re.compile(r"[a-z][a-z0-9_]{1,30}")
SUFFIX: Final = ".template"
TEMPLATE: Final = "template"


def write_adapter(name: str, folder: Path, known: Iterable[str]) -> tuple[Path, ...]:
    """The files written below `folder`, which must be empty or new. `Misconfigured` for a name that is not usable or
    is one of the `known` adapters'."""
    if not NAME.fullmatch(name) or keyword.iskeyword(name) or name.endswith("_"):
        raise Misconfigured(f"{name!r} cannot be an adapter's name: write it in small letters, digits and _")
    if name in known:
        raise Misconfigured(f"there is an adapter {name!r} already")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Misconfigured(f"{folder} is there already and not empty")
    package = f"entrevue_{name}"
    words = {
        "kind": name,
        "slug": name.replace("_", "-"),
        "package": package,
        "class_name": "".join(part.capitalize() for part in name.split("_")),
    }
    written = []
    root = files("adapters.conformance") / TEMPLATE
    for parts, source in _below(root, ()):
        target = folder.joinpath(*(package if part == "package" else part for part in parts))
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.name.endswith(SUFFIX):
            target = target.with_name(target.name.removesuffix(SUFFIX))
            text = Template(source.read_text(encoding="utf-8")).substitute(words)
            target.write_text(text, encoding="utf-8")
        else:
            target.write_bytes(source.read_bytes())
        written.append(target)
    return tuple(sorted(written))


def _below(folder: Traversable, parts: tuple[str, ...]) -> Iterable[tuple[tuple[str, ...], Traversable]]:
    for entry in folder.iterdir():
        inside = (*parts, entry.name)
        if entry.is_dir():
            yield from _below(entry, inside)
        else:
            yield inside, entry
