"""Adapters of a ZoneMinder, and what they say."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from adapters.contract.models import Interval
from adapters.contract.protocol import AdapterContext
from adapters.zoneminder.adapter import ZoneMinderAdapter, create
from tests.servers.zoneminder import PASSWORD, USER


@asynccontextmanager
async def adapter_of(url: str, base_dir: Path, **options: Any) -> AsyncIterator[ZoneMinderAdapter]:
    (base_dir / "password").write_text(PASSWORD)
    given = {"url": url, "username": USER, "password": {"file": "password"}, "auth": "basic"}
    context = AdapterContext("net", base_dir, base_dir / "cache", lambda: datetime.now(UTC))
    adapter = create({**given, **options}, context)
    try:
        yield adapter
    finally:
        await adapter.aclose()


def today() -> Interval:
    now = datetime.now(UTC)
    return Interval(start=now - timedelta(days=1), end=now + timedelta(minutes=1))
