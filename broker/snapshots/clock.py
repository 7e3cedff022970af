"""Whether the time that a recorder states for a picture can be true."""

from datetime import datetime, timedelta
from typing import Final

AHEAD_AT_MOST: Final = timedelta(seconds=30)
"""Past this, a picture from the future is no matter of when two clocks were read."""

OFFSET_AT_MOST_MS: Final = 60_000.0
"""A recorder that is known to be wrong by more needs setting: what it burns into pictures is wrong as well."""

LATE_AT_MOST: Final = timedelta(minutes=20)
"""A picture that is new since the last look was taken after it, but for what a recorder needs to hand it out. Zones are
whole quarters of an hour apart, and half an hour at least in practice."""


def is_wrong(
    captured_at: datetime | None,
    now: datetime,
    offset_ms: float | None,
    last_fetched_at: datetime | None,
) -> bool:
    """`captured_at` with the offset taken off already; `last_fetched_at` is when another picture was fetched last.

    False where nothing is known.
    """
    if offset_ms is not None and abs(offset_ms) > OFFSET_AT_MOST_MS:
        return True
    if captured_at is None:
        return False
    if captured_at - now > AHEAD_AT_MOST:
        return True
    return last_fetched_at is not None and last_fetched_at - captured_at > LATE_AT_MOST
