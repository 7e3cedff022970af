"""What goes, and why."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from adapters.contract.models import Instant


class Rule(StrEnum):
    """Which rule lets it go."""

    EVIDENCE = "evidence"
    HOLD = "hold"
    SNAPSHOT = "snapshot"
    PEOPLE = "people"


class Going(BaseModel):
    """So many things that go from `at` on; `subject` is the request, hold or camera, `log` for people in the log."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: Rule
    subject: str
    at: Instant
    count: int
    owners: tuple[str, ...]
