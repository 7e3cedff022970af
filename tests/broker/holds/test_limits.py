"""How long a hold may be and last: what the agreement behind it says, and the broker's own limits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from adapters.contract.models import Interval
from broker.agencies.models import Role
from broker.holds.limits import hold_until
from broker.settings import Settings
from tests.world import LAST_MINUTES, NOW, SignedIn, TestBroker, open_test_broker, settings

MINUTE = Interval(start=LAST_MINUTES.start, end=LAST_MINUTES.start + timedelta(seconds=60))
"""The agreements of these tests allow no more at once."""


def agreed(data: Path, *agreements: dict[str, Any]) -> Settings:
    """Rail lets the police hold under each of these terms."""
    configured = settings(data, urgent_hold_h=24 * 7)
    known = next(agreement for agreement in configured.agreement if agreement.owner == "rail")
    return configured.model_copy(
        update={
            "agreement": tuple(
                known.model_copy(update={"id": f"rail-police-{n}", **terms})
                for n, terms in enumerate(agreements)
            )
        }
    )


@asynccontextmanager
async def operating(data: Path, redis: Redis, *agreements: dict[str, Any]) -> AsyncIterator[SignedIn]:
    """An operator of the police under these agreements."""
    async with open_test_broker(data, redis, configuration=agreed(data, *agreements)) as broker:
        await broker.synchronise()
        yield await broker.officer("police", Role.OPERATOR)


async def order(operator: SignedIn, interval: Interval) -> Any:
    body = {"camera_ids": ["rail-cctv:r1"], "interval": str(interval), "reason": "Seen live"}
    return await operator.post("/v1/holds", body)


async def until(operator: SignedIn, interval: Interval = MINUTE) -> str | None:
    answer = await order(operator, interval)
    assert answer.status_code == 201, answer.text
    found: str | None = answer.json()["holds"][0]["held"]["until"]
    return found


async def test_an_agreement_caps_the_length_of_an_urgent_hold(tmp_path: Path, redis: Redis) -> None:
    async with operating(tmp_path, redis, {"max_clip_s": 60.0}) as operator:
        assert (await order(operator, MINUTE)).status_code == 201
        longer = Interval(start=MINUTE.start, end=MINUTE.end + timedelta(milliseconds=1))
        refused = await order(operator, longer)
        assert (refused.status_code, refused.json()["code"]) == (422, "interval_too_long")
        assert refused.json()["cameras"] == ["rail-cctv:r1"]
        assert "agreement" in refused.json()["detail"]
        assert len((await operator.get("/v1/holds")).json()["holds"]) == 1


async def test_an_agreement_caps_how_long_an_urgent_hold_lasts(tmp_path: Path, redis: Redis) -> None:
    async with operating(tmp_path, redis, {"hold_max_days": 3.0}) as operator:
        assert await until(operator) == "2026-06-18T12:00:00Z"


async def test_an_agreement_never_prolongs_what_the_broker_allows(tmp_path: Path, redis: Redis) -> None:
    async with operating(tmp_path, redis, {"hold_max_days": 300.0}) as operator:
        assert await until(operator) == "2026-06-22T12:00:00Z"


@pytest.mark.parametrize("turned", [False, True])
async def test_of_several_agreements_the_most_generous_that_allows_the_interval_counts(
    tmp_path: Path, redis: Redis, turned: bool
) -> None:
    narrow, wide = {"max_clip_s": 60.0, "hold_max_days": 5.0}, {"max_clip_s": 600.0, "hold_max_days": 2.0}
    terms = (wide, narrow) if turned else (narrow, wide)
    async with operating(tmp_path, redis, *terms) as operator:
        assert await until(operator) == "2026-06-20T12:00:00Z"
        assert await until(operator, LAST_MINUTES) == "2026-06-17T12:00:00Z"


async def test_no_agreement_limits_a_hold_on_ones_own_cameras(broker: TestBroker) -> None:
    operator = await broker.officer("rail", Role.OPERATOR)
    assert await until(operator, LAST_MINUTES) == "2026-06-17T12:00:00Z"


def test_the_shortest_limit_counts_and_none_is_no_limit() -> None:
    assert hold_until(NOW, None, None) is None
    assert hold_until(NOW, None, 30.0) == NOW + timedelta(days=30)
    assert hold_until(NOW, 30.0, 3.0) == NOW + timedelta(days=3)
