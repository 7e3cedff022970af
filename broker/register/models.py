"""A line of the register, and a month of them."""

from datetime import UTC, datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from adapters.contract.models import Instant


class Event(StrEnum):
    """What is recorded of a recording."""

    MADE = "made"
    HANDED_OVER = "handed_over"
    DESTROYED = "destroyed"


class What(StrEnum):
    CLIP = "clip"
    HOLD = "hold"


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Line(Model):
    """`requisition` is the legal basis and its reference, `recipient` the agency and service that it was handed to,
    `sha256` of each file, `entry` the number of the log's entry that proves it."""

    at: Instant
    event: Event
    what: What
    network: str
    authorisation: str | None
    camera_id: str
    camera_name: str
    interval: str
    request_id: str | None
    hold_id: str | None
    requisition: str | None
    recipient: str | None
    sha256: tuple[str, ...]
    entry: int


class Register(Model):
    """One agency's lines of one month, oldest first; `authorisations` are its networks' numbers and last days."""

    agency: str
    agency_name: str
    month: str
    authorisations: tuple[tuple[str, str | None, str | None], ...]
    lines: tuple[Line, ...]


def month_of(text: str) -> tuple[datetime, datetime]:
    """The first instants of a month `2026-06` and of the next, in UTC; `ValueError` for anything else."""
    start = datetime.fromisoformat(f"{text}-01").replace(tzinfo=UTC)
    return start, start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
