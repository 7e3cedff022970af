"""How a check says that a claim does not hold, and what came of running one."""

from dataclasses import dataclass
from enum import StrEnum


class NotConformant(Exception):
    """The adapter does not keep a claim; the text says what was seen."""


def demand(holds: bool, says: str) -> None:
    """Raises `NotConformant` where the claim does not hold."""
    if not holds:
        raise NotConformant(says)


class Result(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    LEFT_OUT = "left out"


@dataclass(frozen=True)
class Outcome:
    """What came of one check; `says` why it failed or was left out."""

    check: str
    result: Result
    says: str
