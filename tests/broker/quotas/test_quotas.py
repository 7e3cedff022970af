"""An officer, an agency and an address have their calls of a minute, counted for all processes, and never uncounted."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from redis.asyncio import ConnectionPool, Redis
from redis.exceptions import ConnectionError as RedisGone

from broker.agencies.models import Role
from broker.errors import Problem
from broker.quotas.service import PARTS, Quotas
from broker.quotas.store import Counts
from broker.settings.sections import LimitSettings
from tests.servers.catalogs import all_keys
from tests.world import SignedIn, TestBroker, open_test_broker, settings


def quotas(redis: Redis, **limits: int) -> Quotas:
    """Those of one process."""
    return Quotas(LimitSettings(**limits), Counts(redis))


async def taken(one: Quotas, count: int, officer: str = "off_1", agency: str = "rail") -> int:
    """How many of so many calls are answered."""
    answered = 0
    for _ in range(count):
        try:
            await one.take(officer, agency)
            answered += 1
        except Problem as problem:
            assert problem.code == "too_many_calls"
    return answered


@pytest.mark.parametrize("limit", [1, 3, 19, 20, 40, 100, 1000])
async def test_an_officer_has_their_number_and_not_one_more(redis: Redis, limit: int) -> None:
    assert await taken(quotas(redis, officer_per_min=limit), limit + 50) == limit // max(
        1, limit // PARTS
    ) * max(1, limit // PARTS)


async def test_officers_and_agencies_are_counted_apart(redis: Redis) -> None:
    one = quotas(redis, officer_per_min=10, agency_per_min=15)
    assert await taken(one, 20, "off_1") == 10
    assert await taken(one, 20, "off_2") < 10
    assert await taken(one, 20, "off_3", "metro") == 10


async def test_processes_share_a_limit_and_each_gets_some(redis: Redis) -> None:
    processes = [quotas(redis, officer_per_min=100) for _ in range(3)]
    rounds = [[await taken(process, 1) for process in processes] for _ in range(100)]
    answered = [sum(column) for column in zip(*rounds, strict=True)]
    assert 85 <= sum(answered) <= 100
    assert min(answered) > 20


async def test_calls_at_once_are_counted_each(redis: Redis) -> None:
    one = quotas(redis, officer_per_min=100)
    assert sum(await asyncio.gather(*(taken(one, 1) for _ in range(200)))) == 100


async def test_an_address_that_signs_in_is_counted_whatever_its_form(redis: Redis) -> None:
    one = quotas(redis, sign_in_per_min=2)
    for address in ("192.0.2.1", "2001:db8::1", "fe80::1%eth0", "::1"):
        for _ in range(2):
            await one.take_sign_in(address)
        with pytest.raises(Problem, match="2 calls"):
            await one.take_sign_in(address)


async def test_keys_are_the_documented_ones_and_end(redis: Redis) -> None:
    await taken(quotas(redis), 1)
    keys = sorted(await all_keys(redis))
    assert [key.rsplit("/", 3)[0] for key in keys] == [
        "entrevue:calls:agency/rail",
        "entrevue:calls:officer/off_1",
    ]
    assert all([0 < await redis.ttl(key) <= 60 for key in keys])


class Gone(ConnectionPool):
    """A server that refuses every connection."""

    tried = 0

    async def get_connection(self, *args: object, **options: object) -> object:
        self.tried += 1
        raise RedisGone("gone")


async def test_while_redis_is_away_each_process_counts_for_itself_and_asks_seldom() -> None:
    pool = Gone()
    one = Quotas(LimitSettings(officer_per_min=40), Counts(Redis.from_pool(pool)))
    assert await taken(one, 100) == 40
    assert pool.tried == 1


class Silent(ConnectionPool):
    """A server that never answers."""

    async def get_connection(self, *args: object, **options: object) -> object:
        return await asyncio.get_running_loop().create_future()


async def test_a_redis_that_does_not_answer_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("broker.quotas.store.ANSWER_S", 0.01)
    assert await taken(Quotas(LimitSettings(officer_per_min=20), Counts(Redis.from_pool(Silent()))), 30) == 20


@pytest.fixture
async def narrow(tmp_path: Path, redis: Redis) -> AsyncIterator[TestBroker]:
    few = {"officer_per_min": 20, "agency_per_min": 1000, "sign_in_per_min": 3}
    configured = settings(tmp_path / "data").model_copy(update={"limits": LimitSettings(**few)})
    async with open_test_broker(tmp_path / "data", redis, configuration=configured) as opened:
        await opened.synchronise()
        yield opened


async def told(officer: SignedIn, path: str, count: int) -> list[int]:
    return [(await officer.get(path)).status_code for _ in range(count)]


@pytest.mark.parametrize("path", ["/v1/cameras", "/v1/me"])
async def test_a_call_beyond_is_answered_429_with_when_to_come_back(narrow: TestBroker, path: str) -> None:
    officer, other = [await narrow.officer("rail", Role.OPERATOR) for _ in "ab"]
    assert await told(officer, path, 21) == [200] * 20 + [429]
    answer = await officer.get(path)
    assert (answer.json()["code"], answer.headers["retry-after"]) == ("too_many_calls", "60")
    assert await told(other, path, 1) == [200]


async def test_signing_in_is_counted_by_address(narrow: TestBroker) -> None:
    form = {"username": "nobody", "password": "x"}
    answers: list[httpx.Response] = [
        await narrow.http.post("/auth/signin", data=form, headers={"Origin": "http://127.0.0.1:8080"})
        for _ in range(4)
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
