"""A ledger without room refuses what changes anything, whole and in the one shape; with room again all goes on."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
from sqlalchemy import Connection

from broker.agencies.models import Role
from tests.world import LAST_MINUTES, SignedIn, TestBroker, submission

pytestmark = pytest.mark.sqlite

TABLES = ("requests", "request_items", "holds", "audit_entries", "idempotency_keys")
LONG = "x" * 4000
HOLD = {"camera_ids": ["rail-cctv:r1"], "interval": str(LAST_MINUTES), "reason": LONG}


@asynccontextmanager
async def without_room(broker: TestBroker) -> AsyncIterator[None]:
    """As SQLite meets a full disk: no page can be added, and none is free."""
    ledger = broker.broker.ledger

    def limit(connection: Connection) -> None:
        free = connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()
        size = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
        connection.exec_driver_sql("CREATE TABLE filler (bytes BLOB)")
        connection.exec_driver_sql("INSERT INTO filler VALUES (zeroblob(?))", (free * size,))
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    await ledger.write(limit)
    yield
    await ledger.write(lambda c: c.exec_driver_sql("PRAGMA max_page_count=1000000").scalar_one())


async def counts(broker: TestBroker) -> list[int]:
    def count(connection: Connection) -> list[int]:
        return [
            connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one()  # noqa: S608 - our names
            for name in TABLES
        ]

    return await broker.broker.ledger.read(count)


async def _request(officer: SignedIn) -> httpx.Response:
    body = submission(["rail-cctv:r1", "metro-cctv:m1"], LAST_MINUTES, reason=LONG)
    return await officer.post("/v1/requests", body, **{"Idempotency-Key": "k"})


async def _hold(officer: SignedIn) -> httpx.Response:
    return await officer.post("/v1/holds", HOLD, **{"Idempotency-Key": "k"})


@pytest.mark.parametrize("call", [_request, _hold], ids=["request", "hold"])
async def test_what_finds_no_room_is_refused_whole_and_succeeds_once_there_is_room(
    broker: TestBroker, call: Callable[[SignedIn], Awaitable[httpx.Response]]
) -> None:
    officer = await broker.officer("police", Role.INVESTIGATOR, Role.OPERATOR)
    async with without_room(broker):
        before = await counts(broker)
        for _ in range(2):
            refused = await call(officer)
            assert refused.headers["content-type"] == "application/problem+json"
            assert (refused.status_code, refused.json()["code"]) == (507, "storage_full")
            assert "nothing was changed" in refused.json()["detail"]
        assert await counts(broker) == before
    made = await call(officer)
    assert made.status_code == 201, made.text
    assert (await call(officer)).json() == made.json()


async def test_what_cannot_be_logged_for_want_of_room_is_not_shown(broker: TestBroker) -> None:
    officer = await broker.officer("police", Role.OPERATOR)
    around = "/v1/cameras?lat=48.8809&lon=2.3553&radius_m=100"
    async with without_room(broker):
        answers = [await officer.get(around) for _ in range(200)]
        refused = [answer for answer in answers if answer.status_code != 200]
        assert refused, "two hundred entries fit into the last page"
        assert {answer.json()["code"] for answer in refused} == {"storage_full"}
        assert all("rail-cctv" not in answer.text for answer in refused)
    assert (await officer.get(around)).status_code == 200
