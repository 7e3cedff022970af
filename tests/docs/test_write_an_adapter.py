"""Who follows the guide ends with an adapter that passes the suite, and sees it fail where the guide says so."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.conformance.scaffold import write_adapter
from tests.docs.pages import page

GUIDE = "docs/guide/write-an-adapter.md"


def applied(project: Path, block: str) -> None:
    """Does what the first line of a block says: puts the rest before or instead of a line."""
    head, _, rest = block.partition("\n")
    where, _, line = head.removeprefix("# ").partition(": ")
    name, _, how = where.partition(", ")
    file = project / name
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    at = [number for number, each in enumerate(lines) if each.strip() == line.strip()]
    assert len(at) == 1, f"{name} has {len(at)} lines {line!r}"
    after = at[0] + {"before": 0, "instead of": 1}[how]
    file.write_text("".join((*lines[: at[0]], rest, *lines[after:])), encoding="utf-8")


def suite(project: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """The new adapter's own tests but the one that wants it installed."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *more],
        cwd=project,
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_adapter("harbour", tmp_path / "entrevue-harbour", ())
    return tmp_path / "entrevue-harbour"


def test_the_guides_steps_lead_to_an_adapter_that_passes(project: Path) -> None:
    blocks = page(GUIDE).blocks("python")
    for number, block in enumerate(blocks):
        applied(project, block)
        if number == 0:
            broken = suite(project, "-k", "sorted or expected")
            assert broken.returncode == 1, "the guide says that it fails once the ability is declared"
        if number == len(blocks) - 2:
            two = suite(project, "-k", "zone or repeated_hour")
            assert "2 failed" in two.stdout, two.stdout
    done = suite(project, "-k", "not finds_it_by_its_name")
    assert done.returncode == 0, done.stdout


def test_every_file_that_the_guide_names_is_written(project: Path) -> None:
    named = ("manifest.py", "config.py", "client.py", "mapping.py", "adapter.py")
    for name in (*(f"entrevue_harbour/{each}" for each in named), "tests/recorder.py", "tests/harness.py"):
        assert (project / name).is_file()
        assert f"`{name.removeprefix('entrevue_harbour/')}`" in page(GUIDE).text


def test_a_step_that_fits_nowhere_is_noticed(project: Path) -> None:
    with pytest.raises(AssertionError, match="0 lines"):
        applied(project, "# tests/harness.py, before: no such line\nx = 1\n")
