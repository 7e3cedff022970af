"""Which adapters are enrolled in the suite, and what one that is registered lacks."""

import re
from importlib import import_module
from pathlib import Path

from adapters.conformance.harness import Harness
from adapters.conformance.running import wrong_excuses
from adapters.registry import MODULES

ROOT = Path(__file__).parents[2]
HARNESSES = "tests.conformance"


def harness_of(kind: str) -> Harness:
    found: Harness = import_module(f"{HARNESSES}.{kind}").HARNESS
    return found


def enrolled() -> dict[str, Harness]:
    """Every registered adapter that has a harness; the others are told by `lacking`."""
    return {kind: harness_of(kind) for kind in sorted(MODULES) if (ROOT / _harness_file(kind)).is_file()}


def _harness_file(kind: str) -> Path:
    return Path(*HARNESSES.split("."), f"{kind}.py")


def lacking(kind: str, root: Path = ROOT) -> list[str]:
    """What the adapter lacks of what every adapter has: its harness, its fixtures, its row in README.md."""
    lacks = []
    if not (root / _harness_file(kind)).is_file():
        lacks.append(f"{_harness_file(kind)} with its HARNESS")
    if not any((root / "fixtures" / kind).glob("*")):
        lacks.append(f"fixtures/{kind}")
    readme = (root / "README.md").read_text(encoding="utf-8")
    if not re.search(
        rf"^\| \[`{re.escape(kind)}`\]\(adapters/{re.escape(kind)}/README\.md\) \|", readme, re.M
    ):
        lacks.append(f"the row [`{kind}`](adapters/{kind}/README.md) in README.md's table of adapters")
    return lacks


def misfits(kind: str, harness: Harness) -> list[str]:
    """What is wrong with a harness itself."""
    wrong = wrong_excuses(harness)
    wrong += [
        f"{name}: an excuse wants a reason" for name, reason in harness.excuses.items() if len(reason) < 20
    ]
    if harness.manifest.name != kind:
        wrong.append(f"its manifest is that of {harness.manifest.name}")
    if ROOT / "fixtures" / kind not in harness.expected.parents:
        wrong.append(f"what it expects lies outside fixtures/{kind}")
    return wrong
