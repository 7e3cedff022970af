"""What may be asked of footage and for how long it may be kept; requests and urgent holds share it."""

from datetime import datetime, timedelta

from adapters.contract.models import Interval
from broker.errors import Problem


def check_interval(interval: Interval, at: datetime, longest_s: float) -> None:
    """Refuses what has not passed yet and what is longer than allowed."""
    if interval.end > at:
        raise Problem(
            "interval_in_future", f"{interval} has not passed yet: ask for it once it has been recorded"
        )
    if interval.duration.total_seconds() > longest_s:
        raise Problem(
            "interval_too_long", f"{interval} is longer than the allowed {longest_s:g} s: shorten it"
        )


def hold_until(at: datetime, *limits_days: float | None) -> datetime | None:
    """The earliest of the limits, None where there is none."""
    days = [limit for limit in limits_days if limit is not None]
    return at + timedelta(days=min(days)) if days else None
