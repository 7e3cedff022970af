"""Where things lie: adapters have the same files, tests mirror the tree, and no file says what it must not."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from adapters.contract.protocol import Manifest
from adapters.registry import MODULES
from tests.architecture.sources import ROOT, SHIPPED, packages, texts

NOT_ADAPTERS = frozenset({"conformance", "contract", "lists", "transport"})
ADAPTERS = tuple(
    sorted(
        folder.name
        for folder in (ROOT / "adapters").iterdir()
        if (folder / "__init__.py").exists() and folder.name not in NOT_ADAPTERS
    )
)
TESTED_ELSEWHERE = frozenset({Path("broker"), Path("adapters"), Path("broker/demo/networks")})
"""The roots' own modules are tested beside their folders; the demo's cameras are data, tested with the world."""

FORBIDDEN_WORDS = (
    re.compile(r"(?<![\w.])/" + r"(work|tmp/v|root|home)/\w"),
    re.compile(r"pypi" + r"\.org|pythonhosted" + r"\.org|registry\." + r"npmjs|yarnpkg" + r"\.com"),
)


def forbidden_words(text: str) -> list[str]:
    return [found[0] for pattern in FORBIDDEN_WORDS for found in pattern.finditer(text)]


@pytest.mark.parametrize("kind", ADAPTERS)
def test_an_adapter_has_the_files_that_every_adapter_has(kind: str) -> None:
    folder = ROOT / "adapters" / kind
    wanted = {"README.md", "adapter.py", "config.py", "manifest.py"}
    assert wanted - {path.name for path in folder.iterdir()} == set()


@pytest.mark.parametrize("kind", ADAPTERS)
def test_a_manifest_carries_the_name_that_the_registry_knows(kind: str) -> None:
    manifest = import_module(f"adapters.{kind}.manifest").MANIFEST
    assert isinstance(manifest, Manifest)
    assert manifest.name == kind
    assert manifest.summary


def test_the_registry_names_exactly_the_adapters_that_there_are() -> None:
    assert {name: f"adapters.{name}.adapter" for name in ADAPTERS} == MODULES
    for module in MODULES.values():
        assert callable(import_module(module).create)


@pytest.mark.parametrize("package", [path for root in SHIPPED for path in packages(root)], ids=str)
def test_every_package_has_its_tests_at_the_same_place(package: Path) -> None:
    if package in TESTED_ELSEWHERE:
        return
    assert list((ROOT / "tests" / package).rglob("test_*.py")), f"tests/{package} holds no tests"


def test_every_folder_of_tests_mirrors_a_package() -> None:
    for root in SHIPPED:
        for folder in {path.parent for path in (ROOT / "tests" / root).rglob("test_*.py")}:
            mirrored = folder.relative_to(ROOT / "tests")
            assert (ROOT / mirrored / "__init__.py").exists(), f"tests/{mirrored} mirrors nothing"


def test_no_file_names_a_machine_of_ours_or_a_package_registry() -> None:
    found = {name: words for name, text in texts() if (words := forbidden_words(text))}
    assert found == {}


def test_the_search_for_forbidden_words_finds_them() -> None:
    for bad in ("see /" + "work/main/broker", "https://" + "pypi" + ".org/simple", "/" + "tmp/v/env"):
        assert forbidden_words(bad)
    assert not forbidden_words("a framework/main and ../shared/data, /srv/nvr, /v1/requests")
