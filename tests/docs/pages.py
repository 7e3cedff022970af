"""The pages that people read, taken apart: links, headings and fenced blocks. Judges nothing."""

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Page:
    """One Markdown file."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def prose(self) -> str:
        """The text without its fenced blocks."""
        return FENCE.sub("", self.text)

    @property
    def links(self) -> list[str]:
        return LINK.findall(self.prose)

    @property
    def anchors(self) -> set[str]:
        """What `#…` can name: headings as a forge writes them."""
        headings = re.findall(r"^#+ (.+)$", self.prose, re.MULTILINE)
        return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}

    def blocks(self, language: str) -> list[str]:
        """The content of the fenced blocks in that language, in order."""
        return [content for known, content in FENCE.findall(self.text) if known == language]


def pages() -> tuple[Page, ...]:
    """Every Markdown page: at the top, below docs, and beside the adapters."""
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "adapters").rglob("*.md")]
    return tuple(Page(path) for path in sorted(found))


def page(name: str) -> Page:
    return Page(ROOT / name)


def shell_commands(block: str) -> Iterator[str]:
    """The lines of a shell block with continued ones joined, comments and here-documents left out."""
    joined = re.sub(r"<<(\w+)$.*?^\1$", "", block, flags=re.MULTILINE | re.DOTALL).replace("\\\n", " ")
    for line in joined.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            yield line.strip()


def installed_path() -> str:
    """A PATH on which `entrevue` and `python3` are those of this test run."""
    return f"{Path(sys.executable).parent}:{os.environ.get('PATH', '/usr/bin:/bin')}"
