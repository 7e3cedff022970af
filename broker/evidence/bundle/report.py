"""What people read in a bundle: the report for a court, and the instructions to check it without Entrevue.

The page stands alone: no script, no external asset, printable. All its words come from `texts`, all its facts
from the request, escaped by Jinja2. It states and never judges.
"""

from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from adapters.contract.models import Interval, format_instant
from broker.evidence.bundle.models import Person, RequestFacts, Signer, Software
from broker.evidence.bundle.texts import TEXTS, Language

_TEMPLATES = Path(__file__).parent / "templates"


def render_report(
    facts: RequestFacts,
    signers: tuple[Signer, ...],
    sealed_at: datetime,
    software: Software,
    language: Language,
) -> bytes:
    """The report as one HTML page in UTF-8."""

    def person(someone: Person) -> str:
        agency = facts.agency_name(someone.agency)
        return f"{someone.name} · {agency}, {someone.service}, {someone.number} ({someone.officer_id})"

    page = _environment().get_template("report.html.j2")
    return page.render(
        facts=facts,
        signers=signers,
        sealed_at=sealed_at,
        software=software,
        language=language,
        texts=TEXTS[language],
        person=person,
        instant=format_instant,
        interval=_readable,
    ).encode()


def render_instructions(
    signers: tuple[Signer, ...], facts: RequestFacts, sealed_at: datetime, language: Language
) -> bytes:
    """VERIFY.txt: how to check the bundle by openssl, sha256sum and Python alone, as of the instant of sealing."""
    page = _environment().get_template(f"VERIFY.{language}.txt.j2")
    return page.render(signers=signers, facts=facts, sealed_epoch_s=int(sealed_at.timestamp())).encode()


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _readable(interval: Interval) -> str:
    seconds = interval.duration.total_seconds()
    return f"{format_instant(interval.start)} → {format_instant(interval.end)} ({seconds:g} s)"
