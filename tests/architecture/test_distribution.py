"""What is installed: every import is declared, everything declared is used, and a wheel holds what it needs."""

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, SHIPPED, Source, sources
from tests.architecture.test_source_rules import imports_of

IMPORTED_BY_NOBODY = {
    "python-multipart": "FastAPI reads forms with it",
    "tzdata": "zones of recorders' file names, on machines without a zone database",
}
"""Declared, never imported, and why."""


@cache
def installed() -> Mapping[str, list[str]]:
    """Distributions by the top-level names that they bring."""
    return packages_distributions()


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {re.split(r"[\[><=~! ]", line, maxsplit=1)[0].lower() for line in project["dependencies"]}


def distributions_of(source: Source) -> set[str]:
    """Names of the distributions that a file imports from."""
    tops = {module.split(".")[0] for _, module, _ in imports_of(source.tree)}
    foreign = tops - set(sys.stdlib_module_names) - {*SHIPPED, "benchmarks", "tests"}
    return {installed().get(top, [top])[0].lower().replace("_", "-") for top in foreign}


def test_every_import_is_a_declared_dependency() -> None:
    undeclared = {
        source.name: missing
        for source in sources(*SHIPPED)
        if (missing := distributions_of(source) - declared())
    }
    assert undeclared == {}


def test_every_declared_dependency_is_imported() -> None:
    imported = {name for source in sources(*SHIPPED) for name in distributions_of(source)}
    assert declared() - imported == set(IMPORTED_BY_NOBODY)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_a_wheel_holds_the_packages_with_their_data_and_nothing_else(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert tops == set(SHIPPED)
    tracked = {path.relative_to(ROOT).as_posix() for top in SHIPPED for path in (ROOT / top).rglob("*")}
    wanted = {name for name in tracked if name.endswith((".py", ".j2", ".mako", ".md", ".template"))}
    assert wanted - set(names) == set()
    assert "broker/evidence/bundle/templates/report.html.j2" in names
    assert "adapters/conformance/template/fixtures/snapshot.jpg" in names
    assert any(name.startswith("broker/ledger/migrations/versions/0001") for name in names)
    assert any(name.endswith("/licenses/LICENSE") for name in names)


def test_a_source_distribution_can_be_tested(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = opened.getnames()
    inside = {name.split("/", 1)[1] for name in names if "/" in name}
    for wanted in (*SHIPPED, "benchmarks", "docs", "fixtures", "tests"):
        assert any(name.startswith(f"{wanted}/") for name in inside), wanted
    for wanted in (
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "README.md",
        "pyproject.toml",
        "tests/world.py",
    ):
        assert wanted in inside
    assert not [name for name in inside if "__pycache__" in name]
