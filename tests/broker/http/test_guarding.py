"""Every answer tells browsers what not to do with it, and the broker answers to its own name only."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from redis.asyncio import Redis

from broker.agencies.models import Role
from tests.world import TestBroker, open_test_broker, settings

WANTED = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
POLICY = ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'")


def check(answer: httpx.Response) -> None:
    assert {name: answer.headers.get(name) for name in WANTED} == WANTED, answer.request.url
    assert all(part in answer.headers["content-security-policy"] for part in POLICY)
    assert "camera=()" in answer.headers["permissions-policy"]
    names = [name.lower() for name, _ in answer.headers.raw]
    assert all(names.count(name.encode()) == 1 for name in WANTED)


@pytest.fixture
async def public(tmp_path: Path, redis: Redis) -> AsyncIterator[TestBroker]:
    configured = settings(tmp_path / "data", public_url="https://Cameras.example")
    async with open_test_broker(tmp_path / "data", redis, configuration=configured) as opened:
        yield opened


async def test_every_sort_of_answer_carries_the_headers(broker: TestBroker) -> None:
    officer = await broker.officer("rail", Role.OPERATOR)
    paths = ["/v1/cameras", "/v1/me", "/health/live", "/metrics", "/openapi.json", "/auth/signin", "/nowhere"]
    for path in (*paths, "/v1/cameras?limit=no", "/v1/officers"):
        check(await officer.get(path))
    check(await broker.http.get("/v1/me"))
    check(await broker.http.post("/v1/me"))
    check(await broker.http.post("/v1/requests", content=b"x" * 2_000_000))
    check(await broker.http.get("/v1/me", headers={"Host": "evil.test"}))


async def test_an_unplanned_failure_carries_them_too(
    broker: TestBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise ValueError("unplanned")

    monkeypatch.setattr(broker.broker.services.authority, "authenticate", fail)
    answer = await (await broker.officer("rail", Role.OPERATOR)).get("/v1/me")
    assert answer.status_code == 500
    check(answer)


async def test_only_an_address_with_tls_asks_to_be_called_by_tls(
    broker: TestBroker, public: TestBroker
) -> None:
    plain = await broker.http.get("/health/live")
    assert "strict-transport-security" not in plain.headers
    guarded = await public.http.get("/health/live")
    assert guarded.headers["strict-transport-security"] == "max-age=31536000"


@pytest.mark.parametrize(
    "host",
    [
        "cameras.example",
        "CAMERAS.example",
        "cameras.example:443",
        "127.0.0.1:8080",
        "localhost",
        "[::1]:8080",
        "127.9.9.9",
    ],
)
async def test_the_brokers_own_name_and_this_machines_are_answered(public: TestBroker, host: str) -> None:
    for _ in range(2):
        assert (await public.http.get("/health/live", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.test",
        "cameras.example.evil.test",
        "evil.test#cameras.example",
        "cameras.example@evil.test",
        "evil.test/cameras.example",
        "cameras.example:x",
        "cameras.example:99999",
        "10.0.0.1",
        "[::1",
        "",
        "caméras.example",
    ],
)
async def test_any_other_name_is_refused_before_anything_is_looked_at(public: TestBroker, host: str) -> None:
    sent = [(b"host", host.encode())]
    answer = await public.http.get("/v1/me", headers=cast(Any, sent))
    assert (answer.status_code, answer.json()["code"]) == (421, "host_unknown")


async def test_two_hosts_or_none_are_refused(public: TestBroker) -> None:
    hosts = [(b"host", b"cameras.example"), (b"host", b"evil.test")]
    answer = await public.http.get("/health/live", headers=cast(Any, hosts))
    assert answer.status_code == 421
