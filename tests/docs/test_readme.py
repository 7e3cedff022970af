"""README's commands are the ones that the project itself uses, and what it says of the repository is so."""

import re

from tests.docs.pages import ROOT, page

RUN = "pip install . && entrevue demo"
TEST = 'pip install -e ".[test]" && pytest'


def test_the_two_commands_are_stated_alone() -> None:
    assert [block.strip() for block in page("README.md").blocks("sh")] == [RUN, TEST]


def check_script() -> str:
    """The project's own check, without quotes and the folder of its environment."""
    return (ROOT / ".ci/run").read_text().replace('"', "").replace("$bin/", "")


def test_the_projects_own_check_uses_the_two_commands() -> None:
    lines = check_script().splitlines()
    installed = [line.split()[-1] for line in lines if line.startswith(("step pip install", "pip install"))]
    assert installed == [".[test]", "."], (
        "README's second command installs the extra, its first the package alone"
    )
    assert any("ENTREVUE_REQUIRE_ALL=1" in line and "pytest" in line for line in lines)
    (journey,) = {word for line in lines for word in line.split() if word.startswith("tests/journeys/")}
    assert '"demo"' in (ROOT / journey).read_text()


def test_contributing_names_five_commands_and_the_script_that_runs_them() -> None:
    (commands,) = page("CONTRIBUTING.md").blocks("sh")
    assert len(commands.strip().splitlines()) == 5
    for tool in ("ruff format", "ruff check", "mypy", "lint-imports", "pytest"):
        assert tool in commands
        assert tool in check_script()


def test_the_map_of_folders_names_every_folder() -> None:
    text = page("README.md").text
    told = set(re.findall(r"`([a-z_]+)/(?:[a-z_]+/)?`", text))
    there = {path.parent.name for top in ROOT.iterdir() if top.is_dir() for path in top.glob("*.py")}
    assert {name for name in there if (ROOT / name).is_dir()} - told == set()
