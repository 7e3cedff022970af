"""A camera that the caller may not locate and one that is not there cannot be told apart by anything measured.

The one difference is a row more in the log's own transaction: the owner's auditors read that somebody reached for it.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis
from sqlalchemy import event
from sqlalchemy.engine import Engine

from broker.agencies.models import Role
from tests.world import LAST_MINUTES, SignedIn, TestBroker, submission

HIDDEN, UNKNOWN = "rail-cctv:secret", "rail-cctv:nothere"
ROUTES = ("", "/snapshot", "/footage")


@contextmanager
def statements() -> Iterator[Counter[str]]:
    """How often each statement reached the ledger, beside the rows of a log entry."""
    counted: Counter[str] = Counter()

    def count(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if not statement.startswith("INSERT INTO audit_"):
            counted[statement] += 1

    event.listen(Engine, "before_cursor_execute", count)
    try:
        yield counted
    finally:
        event.remove(Engine, "before_cursor_execute", count)


async def commands(redis: Redis) -> dict[str, int]:
    """How often each command was carried out by the catalog's server."""
    stats: dict[str, Any] = await redis.info("commandstats")
    return {name: int(value["calls"]) for name, value in stats.items() if name != "cmdstat_info"}


async def ask(officer: SignedIn, camera_id: str, route: str) -> httpx.Response:
    return await officer.get(f"/v1/cameras/{camera_id}{route}", "public_safety")


def spoken(answer: httpx.Response, camera_id: str) -> tuple[int, str, dict[str, str]]:
    """Status, body and headers, with the camera's id taken out."""
    return (
        answer.status_code,
        answer.text.replace(camera_id, "ID"),
        dict(answer.headers) | {"content-length": ""},
    )


@pytest.mark.parametrize("route", ROUTES)
async def test_both_are_answered_alike_and_with_the_same_work(
    broker: TestBroker, redis: Redis, route: str
) -> None:
    officer = await broker.officer("police", Role.OPERATOR, Role.INVESTIGATOR)
    seen = {}
    for camera_id in (HIDDEN, UNKNOWN, HIDDEN, UNKNOWN):
        before = await commands(redis)
        with statements() as counted:
            answer = await ask(officer, camera_id, route)
        after = await commands(redis)
        asked = {name: after[name] - before.get(name, 0) for name in after}
        seen[camera_id] = (spoken(answer, camera_id), counted, asked)
    assert seen[HIDDEN] == seen[UNKNOWN]
    assert seen[HIDDEN][0][0] == 404


async def test_a_submission_that_names_either_is_refused_alike(broker: TestBroker, redis: Redis) -> None:
    officer = await broker.officer("police", Role.OPERATOR, Role.INVESTIGATOR)
    for path in ("/v1/requests", "/v1/holds"):
        seen = {}
        for camera_id in (HIDDEN, UNKNOWN, HIDDEN, UNKNOWN):
            named = {"camera_ids": [camera_id], "interval": str(LAST_MINUTES), "reason": "Theft"}
            body = submission([camera_id], LAST_MINUTES) if path == "/v1/requests" else named
            with statements() as counted:
                answer = await officer.post(path, body)
            seen[camera_id] = (spoken(answer, camera_id), counted)
        assert seen[HIDDEN] == seen[UNKNOWN]
        assert seen[HIDDEN][0][0] == 422


async def test_metrics_count_both_as_the_same_and_name_no_camera(broker: TestBroker) -> None:
    officer = await broker.officer("police", Role.OPERATOR)
    counted = []
    for camera_id in (HIDDEN, UNKNOWN):
        before = set((await broker.http.get("/metrics")).text.splitlines())
        await ask(officer, camera_id, "")
        text = (await broker.http.get("/metrics")).text
        changed = {line.rpartition(" ")[0] for line in set(text.splitlines()) - before if line[0] != "#"}
        counted.append({name for name in changed if "_created{" not in name and "seconds" not in name})
        assert "rail-cctv:" not in text
    assert counted[0] == counted[1]


async def test_a_hidden_camera_more_changes_nothing_that_a_partner_reads(broker: TestBroker) -> None:
    """The same searches before and after the reserved camera is gone: answers, pages and cursors are the same."""
    officer = await broker.officer("police", Role.OPERATOR, Role.INVESTIGATOR)
    paths = (
        "/v1/cameras?lat=48.8809&lon=2.3553&radius_m=100",
        "/v1/cameras?lat=48.8809&lon=2.3553&radius_m=100&limit=1",
        "/v1/cameras?bbox=2.3,48.8,2.4,48.9&sort=rank",
        "/v1/places?q=camera",
        "/v1/networks",
        "/v1/holds",
        "/v1/requests",
    )

    async def read() -> list[Any]:
        return [(await officer.get(path)).json() for path in paths]

    with_it = await read()
    broker.rail.cameras = [record for record in broker.rail.cameras if record.native_id != "secret"]  # type: ignore[union-attr]
    await broker.synchronise()
    assert await read() == with_it
