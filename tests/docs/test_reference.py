"""The reference is complete and says what the code says."""

import tomllib

import pytest
import typer

from broker.cli.main import command_line
from broker.errors import KINDS
from broker.settings import Settings
from docs.reference import generate
from tests.docs.pages import ROOT, page


@pytest.mark.parametrize("name", sorted(generate.PAGES))
def test_a_generated_page_is_what_the_code_says(name: str) -> None:
    stated = page(f"docs/reference/{name}").text
    assert stated == generate.PAGES[name](), "run python docs/reference/generate.py"


def test_every_setting_is_documented_and_nothing_else_is() -> None:
    meanings = tomllib.loads((ROOT / "docs/reference/settings.toml").read_text(encoding="utf-8"))
    models = Settings.model_json_schema()["$defs"]
    assert {model for _, model in generate.SECTIONS} == set(models)
    for model, schema in models.items():
        assert set(meanings[model]) - {"about"} == set(schema["properties"]), model
    assert set(meanings) - {"page"} == set(models)
    tables = {title.strip("[]").partition(".")[0] for title, _ in generate.SECTIONS if title.startswith("[")}
    assert set(Settings.model_fields) == {*tables, "base_dir"}


def test_every_error_code_has_its_row() -> None:
    text = page("docs/reference/errors.md").text
    for code, kind in KINDS.items():
        assert f"| `{code}` | {kind.status} | {kind.title} |" in text


def test_every_command_has_its_section_with_all_its_options() -> None:
    text = page("docs/reference/commands.md").text
    sections = dict(part.split("\n", 1) for part in text.split("\n## ")[1:])
    found = list(generate.commands(typer.main.get_command(command_line())))
    assert {f"`{' '.join(path)}`" for path, _ in found} == set(sections)
    for path, command in found:
        options = [name for parameter in command.params for name in parameter.opts if name.startswith("--")]
        missing = [
            name
            for name in options
            if name != "--help" and f"`{name}`" not in sections[f"`{' '.join(path)}`"]
        ]
        assert missing == [], path


def test_every_call_has_its_section() -> None:
    described = generate.create_api(None).openapi()
    text = page("docs/reference/http.md").text
    for path, operations in described["paths"].items():
        for method in operations:
            assert f"### `{method.upper()} {path}`\n" in text


def test_a_stale_page_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(generate.PAGES, "errors.md", lambda: "another text")
    with pytest.raises(AssertionError):
        test_a_generated_page_is_what_the_code_says("errors.md")
