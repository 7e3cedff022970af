"""Links inside the pages lead somewhere, and every page can be reached from the first one."""

from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.docs.pages import ROOT, Page, page, pages

WEB = ("https://", "http://")


def broken(one: Page) -> list[str]:
    """The links of a page that lead nowhere."""
    found = []
    for link in one.links:
        if link.startswith(WEB):
            continue
        name, _, anchor = link.partition("#")
        target = one.path if not name else (one.path.parent / unquote(name)).resolve()
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in Page(target).anchors):
            found.append(link)
    return found


@pytest.mark.parametrize("one", pages(), ids=lambda one: one.name)
def test_every_link_leads_somewhere(one: Page) -> None:
    assert broken(one) == []


def test_a_broken_link_is_noticed(tmp_path: Path) -> None:
    spoiled = tmp_path / "page.md"
    spoiled.write_text("[a](missing.md) [b](#nowhere)\n# Here\n[c](#here)\n")
    assert broken(Page(spoiled)) == ["missing.md", "#nowhere"]


def test_every_page_is_reached_from_the_first() -> None:
    seen: set[Path] = set()
    waiting = [page("README.md")]
    while waiting:
        one = waiting.pop()
        if one.path in seen:
            continue
        seen.add(one.path)
        for link in one.links:
            target = (one.path.parent / unquote(link.partition("#")[0])).resolve()
            if target.suffix == ".md" and target.is_file():
                waiting.append(Page(target))
    assert {one.name for one in pages()} - {Page(path).name for path in seen} == set()


def test_pictures_ask_no_other_host_for_anything() -> None:
    drawings = list((ROOT / "docs").rglob("*.svg"))
    assert drawings
    for drawing in drawings:
        text = drawing.read_text().replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert "http" not in text
        assert "prefers-color-scheme: dark" in text
