"""Instants in columns: microseconds since 1970."""

from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

NEVER_US: Final = int(np.iinfo(np.int64).min)
"""An instant that is not known."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(instant: datetime) -> int:
    """Since 1970, of an aware instant."""
    return round(instant.timestamp() * 1e6)


def instant(since_1970_us: int) -> datetime:
    return EPOCH + timedelta(microseconds=since_1970_us)
