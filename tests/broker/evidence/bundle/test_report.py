"""The report says everything the manifest says, in both languages, and nothing in a name becomes markup."""

from html.parser import HTMLParser

import pytest

from broker.evidence.bundle.models import RequestFacts, Signer
from broker.evidence.bundle.report import render_report
from broker.evidence.bundle.texts import TEXTS, Language
from tests.broker.evidence.bundle.sealed import NOW, SOFTWARE, facts_of, item_of, tiny_mp4

SIGNER = Signer(
    agency="rail", certificate_path="certificates/rail.pem", certificate_sha256="0" * 64, issuers_sha256=()
)


class Page(HTMLParser):
    """Tags, attributes and visible text of a page."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.feed(content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.texts)


def page(facts: RequestFacts, language: Language = "en") -> Page:
    return Page(render_report(facts, (SIGNER,), NOW, SOFTWARE, language))


@pytest.mark.parametrize("language", TEXTS)
def test_every_fact_that_matters_is_on_the_page(language: Language) -> None:
    item = item_of(1, "rail", [tiny_mp4("a"), tiny_mp4("b")])
    denied = item_of(2, "metro", [])
    text = page(facts_of(item, denied), language).text
    for fact in (
        "2026/17",
        "judicial_requisition",
        "R-7",
        "Officer One",
        "0042",
        "rail-net:cam1",
        "metro-net:cam2",
        "outside the agreement",
        "12.5 ms",
        *(clip.sha256 for clip in item.clips),
        *(f"{gap}".split("/")[0] for gap in item.gaps),
        TEXTS[language].no_clips,
        TEXTS[language].gaps,
    ):
        assert fact in text


def test_an_unknown_clock_is_said_in_words() -> None:
    text = page(facts_of(item_of(1, "rail", [], clock_offset_ms=None))).text
    assert TEXTS["en"].clock_unknown in text


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "{{ 7 * 7 }}",
        "كاميرا ١ \u202e reversed",
        "x" * 5000,
    ],
    ids=["script", "attribute", "template", "rtl", "long"],
)
def test_a_name_is_shown_as_it_is_and_never_becomes_markup(name: str) -> None:
    item = item_of(1, "rail", [])
    renamed = item.model_copy(update={"camera": item.camera.model_copy(update={"name": name})})
    plain, shown = page(facts_of(item)), page(facts_of(renamed))
    assert name in "".join(shown.texts)
    assert shown.tags == plain.tags
    assert shown.attributes == plain.attributes


def test_the_page_stands_alone() -> None:
    shown = page(facts_of(item_of(1, "rail", [tiny_mp4("a")])))
    assert shown.tags.isdisjoint({"script", "img", "link", "iframe", "object"})
    assert shown.attributes.isdisjoint({"src", "href", "onclick", "onload"})
