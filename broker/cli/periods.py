"""Days and instants as they are typed."""

from datetime import UTC, datetime, time

from broker.cli.failures import USAGE, Failure


def start_of(text: str | None, option: str) -> datetime | None:
    """A date is its begin in UTC; an instant needs a zone."""
    return _instant(text, option, time.min)


def end_of(text: str | None, option: str) -> datetime | None:
    """A date is its end in UTC; an instant needs a zone."""
    return _instant(text, option, time.max)


def _instant(text: str | None, option: str, of_day: time) -> datetime | None:
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise Failure(f"{option} {text!r} is neither a date nor an instant", USAGE) from error
    if len(text) == len("2026-01-01"):
        return datetime.combine(instant.date(), of_day, UTC)
    if instant.tzinfo is None:
        raise Failure(f"{option} {text!r} has no zone: write it with Z", USAGE)
    return instant
