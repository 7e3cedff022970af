"""When a network is looked at next. Pure: the state stands in its report, so that whoever takes it over goes on.

closed ──(failure, again and again; or refused once)──> open ──(a try succeeds)──> closed

While closed, a failure is tried again sooner than the refresh, each time after twice as long. An open breaker lets
one try through after a wait that doubles up to a quarter of an hour, or the refresh where that is longer. What a
recorder said about when to come back is kept to. Every wait has jitter: networks that failed together do not come
back together.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from adapters.contract.errors import AdapterError, Refused
from broker.catalog.models import BreakerState, NetworkReport

FAILURES_TO_OPEN: Final = 5
FIRST_RETRY_S: Final = 5.0
LONGEST_PROBE_S: Final = 900.0
LONGEST_TOLD_S: Final = 3600.0
"""A recorder that asks for longer is asked again nevertheless."""
SPREAD: Final = 0.05
"""Of a refresh; the mean stays the refresh."""


@dataclass(frozen=True)
class Pace:
    """How a network does at being reached, and when it is tried next."""

    failures: int
    failing_since: datetime | None
    breaker: BreakerState
    next_attempt_at: datetime


def after_success(at: datetime, refresh_s: float, jitter: random.Random) -> Pace:
    """The next round is a refresh away."""
    wait_s = refresh_s * jitter.uniform(1 - SPREAD, 1 + SPREAD)
    return Pace(0, None, BreakerState.CLOSED, at + timedelta(seconds=wait_s))


def after_failure(
    earlier: NetworkReport | None,
    at: datetime,
    refresh_s: float,
    jitter: random.Random,
    error: Exception | None = None,
) -> Pace:
    """`earlier` is the report before; `error` what went wrong, where it says more than that it did."""
    failures = (earlier.failures if earlier else 0) + 1
    since = (earlier.failing_since if earlier else None) or at
    was_open = earlier is not None and earlier.breaker is BreakerState.OPEN
    # wrong credentials are not tried again and again: recorders lock accounts
    is_open = was_open or failures >= FAILURES_TO_OPEN or isinstance(error, Refused)
    wait_s = _probe_wait_s(failures, refresh_s) if is_open else _retry_wait_s(failures, refresh_s)
    told_s = error.retry_after_s if isinstance(error, AdapterError) else None
    wait_s = max(wait_s * jitter.uniform(1.0, 1.0 + 2 * SPREAD), min(told_s or 0.0, LONGEST_TOLD_S))
    breaker = BreakerState.OPEN if is_open else BreakerState.CLOSED
    return Pace(failures, since, breaker, at + timedelta(seconds=wait_s))


def _retry_wait_s(failures: int, refresh_s: float) -> float:
    return min(refresh_s, FIRST_RETRY_S * 2.0 ** min(failures - 1, FAILURES_TO_OPEN))


def _probe_wait_s(failures: int, refresh_s: float) -> float:
    """Twice the refresh after the breaker opened, and on."""
    doublings = min(max(failures - FAILURES_TO_OPEN, 0) + 1, 32)
    return max(refresh_s, min(LONGEST_PROBE_S, max(refresh_s, FIRST_RETRY_S) * 2.0**doublings))
