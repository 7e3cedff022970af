"""What verifying found, sentence by sentence; the shape behind `entrevue verify --json`."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator

from adapters.contract.models import Model


class Check(StrEnum):
    """What a finding is about."""

    SUBJECT = "subject"
    ARCHIVE = "archive"
    MANIFEST = "manifest"
    SIGNATURE = "signature"
    CERTIFICATE = "certificate"
    TRUST = "trust"
    FILES = "files"
    CLIP = "clip"
    LOG = "log"
    WITNESS = "witness"
    CLOCK = "clock"
    TIME_STAMP = "time_stamp"
    SOURCE = "source"


class Result(StrEnum):
    """`not_proven` is no fault: it says what this file cannot show."""

    PROVEN = "proven"
    FAILED = "failed"
    NOT_PROVEN = "not_proven"


def _printable(text: str) -> str:
    """Names in a damaged or hostile file must not steer the terminal that shows them."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


Sentence = Annotated[str, AfterValidator(_printable)]


class Finding(Model):
    """One sentence. `by` is who vouches for it, `where` the file or part of the bundle that it is about."""

    check: Check
    result: Result
    sentence: Sentence
    by: Sentence | None = None
    where: Sentence | None = None


class Verification(Model):
    """The verdict over one file: `ok` where nothing failed."""

    ok: bool
    subject: Sentence
    findings: tuple[Finding, ...]


def conclude(subject: str, findings: Iterable[Finding]) -> Verification:
    """The verdict that the findings amount to; nothing proven at all is no success."""
    found = tuple(findings)
    results = {finding.result for finding in found}
    return Verification(
        ok=Result.PROVEN in results and Result.FAILED not in results, subject=subject, findings=found
    )


def proven(check: Check, sentence: str, *, by: str | None = None, where: str | None = None) -> Finding:
    return Finding(check=check, result=Result.PROVEN, sentence=sentence, by=by, where=where)


def failed(check: Check, sentence: str, *, where: str | None = None) -> Finding:
    return Finding(check=check, result=Result.FAILED, sentence=sentence, where=where)


def not_proven(check: Check, sentence: str, *, where: str | None = None) -> Finding:
    return Finding(check=check, result=Result.NOT_PROVEN, sentence=sentence, where=where)
