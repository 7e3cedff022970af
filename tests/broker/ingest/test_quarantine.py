"""Bad records are gathered by reason: counted without bound, remembered in bounded memory, written when they differ."""

from datetime import timedelta

import pytest
from redis.asyncio import Redis

from adapters.contract.errors import TimedOut
from adapters.contract.models import Rejection
from broker.catalog.models import Quarantined
from broker.ingest.quarantine import EXAMPLES_KEPT, REASONS_KEPT, Rejections
from tests.broker.ingest.test_synchronise import writes
from tests.servers.catalogs import forget_stats
from tests.world import NOW, TestBroker

NETWORK = "rail-cctv"


def test_a_million_bad_records_are_counted_and_few_kept() -> None:
    rejections = Rejections()
    for n in range(20_000):
        rejections.add(Rejection(where=f"row {n}", reason=f"reason {n % 3000}"))
    kept = rejections.quarantine((), NOW)
    assert rejections.count == 20_000
    assert len(kept) == REASONS_KEPT
    assert all(record.count >= 6 for record in kept)
    assert len(rejections.told) == REASONS_KEPT
    assert max(len(record.examples) for record in kept) <= EXAMPLES_KEPT


def test_the_most_frequent_reason_comes_first_and_one_known_before_keeps_since_when() -> None:
    before = (Quarantined(reason="old", count=9, first_seen_at=NOW - timedelta(days=3), examples=()),)
    rejections = Rejections()
    for where, reason in (("a", "old"), ("b", "new"), ("c", "new")):
        rejections.add(Rejection(where=where, reason=reason))
    first, second = rejections.quarantine(before, NOW)
    assert (first.reason, first.count, first.first_seen_at) == ("new", 2, NOW)
    assert (second.reason, second.count, second.first_seen_at) == ("old", 1, NOW - timedelta(days=3))


def test_a_reason_that_quotes_a_whole_file_is_cut() -> None:
    rejections = Rejections()
    rejections.add(Rejection(where="x" * 10_000, reason="y" * 10_000))
    (record,) = rejections.quarantine((), NOW)
    assert len(record.reason) + len(record.examples[0]) < 1_000


async def test_the_quarantine_is_written_when_it_changes_and_not_else(
    broker: TestBroker, redis: Redis
) -> None:
    broker.rail.cameras.append(Rejection(where="row 5", reason="no position"))
    await broker.synchronise()
    await forget_stats(redis)
    await broker.broker.ingest.synchronise(NETWORK)
    assert await writes(redis) == {"hset": 1, "xadd": 1}
    broker.rail.cameras.pop()
    await broker.broker.ingest.synchronise(NETWORK)
    assert await broker.broker.catalog.quarantine(NETWORK) == []


@pytest.mark.parametrize("method", ["list_places", "list_cameras"])
async def test_a_list_that_broke_off_leaves_the_quarantine_as_it_was(broker: TestBroker, method: str) -> None:
    broker.rail.cameras.append(Rejection(where="row 5", reason="no position"))
    await broker.synchronise()
    before = await broker.broker.catalog.quarantine(NETWORK)
    broker.rail.failing[method] = TimedOut("silence")
    await broker.broker.ingest.synchronise(NETWORK)
    assert await broker.broker.catalog.quarantine(NETWORK) == before
    assert len(before) == 1
