"""Growing waits after failed sign-ins, for a user name and for an address: pure functions from what failed to when the
next try counts.

A name that has no account is counted as one that has: nobody learns from a wait who is there.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from broker.identity.models import Failures

FORGOTTEN_AFTER: Final = timedelta(days=1)


@dataclass(frozen=True)
class Patience:
    """So many failures are free; then each doubles the wait, up to the longest."""

    free: int
    first: timedelta
    longest: timedelta


OF_NAME: Final = Patience(free=5, first=timedelta(seconds=30), longest=timedelta(minutes=15))
OF_ADDRESS: Final = Patience(free=20, first=timedelta(seconds=30), longest=timedelta(hours=1))
"""Many officers may sit behind one address."""


def subject_of_name(username: str) -> str:
    return "name:" + hashlib.sha256(username.encode()).hexdigest()


def subject_of_address(address: str) -> str:
    return "address:" + hashlib.sha256(address.encode()).hexdigest()


def after_failure(before: Failures | None, patience: Patience, at: datetime) -> Failures:
    count = 1 if before is None or at - before.at >= FORGOTTEN_AFTER else before.count + 1
    locked_until = None
    if count >= patience.free:
        doublings = min(count - patience.free, 32)
        locked_until = at + min(patience.first * 2**doublings, patience.longest)
    return Failures(count=count, at=at, locked_until=locked_until)


def wait_s(failures: Failures | None, at: datetime) -> float:
    """Seconds until the next try counts, 0 where it counts now."""
    if failures is None or failures.locked_until is None:
        return 0.0
    return max(0.0, (failures.locked_until - at).total_seconds())
