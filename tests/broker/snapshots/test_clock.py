"""A recorder's time for a picture is doubted only where it cannot be true."""

from datetime import UTC, datetime, timedelta

import pytest

from broker.snapshots.clock import is_wrong

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


def ago(**duration: float) -> datetime:
    return NOW - timedelta(**duration)


@pytest.mark.parametrize(
    ("captured_at", "offset_ms", "last_fetched_at", "expected"),
    [
        (None, None, None, False),
        (None, 0.0, ago(minutes=1), False),
        (ago(seconds=3), 0.0, ago(minutes=1), False),
        (ago(seconds=-20), None, None, False),
        (ago(seconds=-40), None, None, True),
        (ago(hours=-2), 0.0, None, True),
        (ago(minutes=3), 0.0, ago(minutes=1), False),
        (ago(hours=1), None, ago(minutes=1), True),
        (ago(hours=1), None, ago(minutes=50), False),
        (ago(days=300), None, None, False),
        (ago(seconds=3), 59_000.0, None, False),
        (ago(seconds=3), -61_000.0, None, True),
        (None, 3_600_000.0, None, True),
    ],
)
def test_what_cannot_be_true_is_wrong_and_what_is_not_known_is_not(
    captured_at: datetime | None, offset_ms: float | None, last_fetched_at: datetime | None, expected: bool
) -> None:
    assert is_wrong(captured_at, NOW, offset_ms, last_fetched_at) is expected
