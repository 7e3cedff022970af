"""The import contracts of pyproject.toml hold, and each of them notices the import that it is there for."""

import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, SHIPPED

LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"


@dataclass(frozen=True)
class Forbidden:
    """An import that somebody might write: in which file, and the contract that must refuse it."""

    file: str
    line: str
    contract: str


FORBIDDEN = (
    Forbidden("adapters/contract/models.py", "import adapters.lists.rows", "adapters"),
    Forbidden("adapters/camera_list/adapter.py", "import adapters.folder.pattern", "adapters"),
    Forbidden("adapters/transport/http.py", "import adapters.lists.rows", "adapters"),
    Forbidden("adapters/folder/client.py", "import broker.errors", "adapters-alone"),
    Forbidden("broker/ingest/service.py", "import adapters.folder.adapter", "contract-only"),
    Forbidden("broker/ingest/recorder.py", "import adapters.registry", "contract-only"),
    Forbidden("broker/audit/store.py", "import broker.agencies.models", "domains"),
    Forbidden("broker/ledger/tables.py", "import broker.catalog.models", "domains"),
    Forbidden("broker/catalog/service.py", "import broker.requests.states", "domains"),
    Forbidden("broker/evidence/bundle/verify.py", "import broker.vault.store", "domains"),
    Forbidden("broker/requests/service.py", "import broker.http.paging", "http"),
    Forbidden("broker/catalog/routes.py", "import broker.catalog.store", "routes"),
    Forbidden("broker/holds/routes.py", "import sqlalchemy", "routes"),
    Forbidden("broker/agencies/store.py", "import broker.agencies.policy", "stores"),
    Forbidden("broker/catalog/gazetteers/store.py", "import broker.catalog.service", "stores"),
    Forbidden("broker/catalog/routes.py", "import broker.catalog.gazetteers.store", "routes"),
    Forbidden("broker/requests/models.py", "import broker.requests.store", "models"),
    Forbidden("broker/catalog/gazetteers/models.py", "import broker.catalog.gazetteers.store", "models"),
    Forbidden("broker/requests/decisions.py", "import broker.agencies.store", "agencies-store"),
    Forbidden("broker/work/worker.py", "import broker.requests.queue", "requests-store"),
    Forbidden("broker/work/worker.py", "import broker.holds.store", "holds-store"),
    Forbidden("broker/requests/delivery.py", "import broker.catalog.store", "catalog-store"),
    Forbidden("broker/ingest/service.py", "import broker.catalog.gazetteers.store", "gazetteers-store"),
    Forbidden("broker/agencies/officers.py", "import broker.identity.accounts", "domains"),
    Forbidden("broker/identity/accounts.py", "import broker.http.browser", "http"),
    Forbidden("broker/identity/sign_in/routes.py", "import broker.identity.store", "routes"),
    Forbidden("broker/catalog/service.py", "import broker.identity.store", "identity-store"),
    Forbidden("broker/http/calls.py", "import broker.quotas.store", "quotas-store"),
    Forbidden("broker/evidence/bundle/archive.py", "import broker.evidence.cut.boxes", "evidence"),
)


def lint(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache", "--config", str(tree / "pyproject.toml"), *arguments],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )


def contracts() -> dict[str, str]:
    """Id and name of every contract."""
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    return {contract["id"]: contract["name"] for contract in linter["contracts"]}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the packages, for tests to spoil."""
    folder: Path = tmp_path_factory.mktemp("tree")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in SHIPPED:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_every_import_goes_the_allowed_way() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("case", FORBIDDEN, ids=lambda case: f"{case.file}: {case.line}")
def test_a_forbidden_import_is_refused_by_its_contract(tree: Path, case: Forbidden) -> None:
    file = tree / case.file
    sound = file.read_text()
    file.write_text(f"{sound}\n{case.line}\n")
    try:
        done = lint(tree, "--contract", case.contract)
    finally:
        file.write_text(sound)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 broken" in done.stdout
    target = case.line.removeprefix("import ")
    assert target in " ".join(done.stdout.split()), done.stdout


def test_a_new_adapter_or_domain_must_be_given_its_place(tree: Path) -> None:
    for package, contract in (("adapters/telepathy", "adapters"), ("broker/telepathy", "domains")):
        added = tree / package
        added.mkdir()
        (added / "__init__.py").touch()
        try:
            done = lint(tree, "--contract", contract)
        finally:
            shutil.rmtree(added)
        assert done.returncode == 1, done.stdout
        assert "telepathy" in done.stdout + done.stderr


def test_every_contract_has_an_import_that_it_refuses() -> None:
    assert {case.contract for case in FORBIDDEN} == set(contracts())
