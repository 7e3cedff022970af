"""The register as a table for spreadsheets, and as a page to print."""

import csv
from io import StringIO
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from adapters.contract.models import format_instant
from broker.register.models import Line, Register
from broker.spreadsheets import cell

_TEMPLATES: Final = Path(__file__).parent / "templates"
COLUMNS: Final = tuple(Line.model_fields)


def as_csv(register: Register) -> str:
    """RFC 4180, with a head; digests are separated by blanks."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for line in register.lines:
        facts = line.model_dump(mode="json") | {"sha256": " ".join(line.sha256)}
        writer.writerow(["" if facts[name] is None else cell(str(facts[name])) for name in COLUMNS])
    return text.getvalue()


def as_html(register: Register) -> str:
    """One page that stands alone, in French and English, for paper."""
    page = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template("register.html.j2")
    return page.render(register=register, instant=format_instant)
