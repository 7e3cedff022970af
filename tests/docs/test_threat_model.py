"""The threat model names tests; they exist."""

import ast
import re

from tests.docs.pages import ROOT

PAGE = ROOT / "docs" / "design" / "threat-model.md"
NAMED = re.compile(r"`(test_\w+)`")


def existing() -> set[str]:
    """The name of every test function of the tree."""
    names = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                names.add(node.name)
    return names


def test_every_test_that_the_threat_model_names_exists() -> None:
    named = set(NAMED.findall(PAGE.read_text()))
    assert len(named) > 40
    assert named - existing() == set()


def test_every_row_of_the_threat_model_names_a_test() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| ") and "| --- |" not in line]
    claims = [row for row in rows if not row.startswith("| threat |")]
    assert claims
    assert [row for row in claims if not NAMED.search(row)] == []
