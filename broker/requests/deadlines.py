"""By when an item has to be decided on, and why by then: pure functions.

An item expires at its deadline. It presses earlier where its footage is not kept: once the first of it is overwritten,
a decision comes too late for that.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple


class Limit(StrEnum):
    """Whose limit a deadline is."""

    BROKER = "broker"
    LEGAL_BASIS = "legal_basis"
    AGREEMENT = "agreement"
    HOLD = "hold"
    OVERWRITE = "overwrite"


SENTENCES: Final = {
    Limit.BROKER: "nobody decided in the time that this broker gives",
    Limit.LEGAL_BASIS: "nobody decided in the time that the legal basis gives",
    Limit.AGREEMENT: "nobody decided in the time that the agreement gives",
    Limit.HOLD: "nobody decided as long as the footage was held",
    Limit.OVERWRITE: "nobody decided before the recorder overwrote the footage",
}


class Deadline(NamedTuple):
    """The instant, and whose limit it is."""

    at: datetime
    limit: Limit


def deadline(
    submitted_at: datetime,
    *,
    broker_h: float,
    basis_h: float | None,
    agreement_h: float | None,
    hold_until: datetime | None,
) -> Deadline:
    """The earliest of the limits; of the same instant the first in their order."""
    hours = ((Limit.BROKER, broker_h), (Limit.LEGAL_BASIS, basis_h), (Limit.AGREEMENT, agreement_h))
    limits = [Deadline(submitted_at + timedelta(hours=h), limit) for limit, h in hours if h is not None]
    if hold_until is not None:
        limits.append(Deadline(hold_until, Limit.HOLD))
    return min(limits, key=lambda each: each.at)


def presses_at(decide_by: datetime, overwrite_at: datetime | None, *, is_kept: bool) -> datetime:
    """When a decision begins to be too late."""
    return decide_by if is_kept or overwrite_at is None else min(decide_by, overwrite_at)


def without_hold(known: Deadline, gone_at: datetime | None) -> Deadline:
    """The deadline of footage that nobody keeps; `gone_at` is when the last of it is overwritten, None unknown."""
    if gone_at is None:
        return known
    return min(known, Deadline(gone_at, Limit.OVERWRITE), key=lambda each: each.at)


def why_expired(limit: Limit, approvals: int, needed: int) -> str:
    """What an item says that nobody decided on in time."""
    some = f"; {approvals} of {needed} approvals had come" if approvals else ""
    return SENTENCES[limit] + some
