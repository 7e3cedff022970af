"""A decision counts on what was read: the ETag changes with what there is to decide, and with nothing else."""

from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from adapters.contract.errors import Unreachable
from broker.agencies.models import Role
from tests.broker.requests.people import decide, shown, submit
from tests.world import SignedIn, TestBroker, open_test_broker, settings


@pytest.fixture
async def investigator(broker: TestBroker) -> SignedIn:
    return await broker.officer("police", Role.INVESTIGATOR)


@pytest.fixture
async def custodian(broker: TestBroker) -> SignedIn:
    return await broker.officer("rail", Role.CUSTODIAN)


async def etag(officer: SignedIn, request_id: str) -> str:
    answer = await officer.get(f"/v1/requests/{request_id}", None)
    assert answer.headers["ETag"] == f'"{answer.json()["version"]}"'
    return str(answer.headers["ETag"])


async def decided(officer: SignedIn, verb: str, request_id: str, etag: str) -> Any:
    return await decide(officer, verb, request_id, **{"If-Match": etag})


async def test_what_the_submission_answered_is_still_current_once_its_hold_is_placed(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn
) -> None:
    answer = await submit(investigator, "rail-cctv:r1")
    seen = await etag(custodian, answer["id"])
    await broker.work()
    assert (await shown(custodian, answer["id"]))["items"][0]["held"]["state"] == "held"
    assert f'"{answer["version"]}"' == await etag(investigator, answer["id"])
    assert (await decided(custodian, "approve", answer["id"], seen)).status_code == 200


@pytest.mark.parametrize("verb", ["approve", "deny"])
async def test_a_decision_on_what_was_decided_since_is_refused_and_changes_nothing(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn, verb: str
) -> None:
    request_id = (await submit(investigator, "rail-cctv:r1", "rail-cctv:r2"))["id"]
    seen, asked = await etag(custodian, request_id), await etag(investigator, request_id)
    other = await broker.officer("rail", Role.CUSTODIAN)
    assert (await decide(other, verb, request_id, {"n": 1})).status_code == 200
    before = await shown(custodian, request_id)
    for officer, stale, late in (
        (custodian, seen, "approve"),
        (custodian, seen, "deny"),
        (investigator, asked, "cancel"),
    ):
        answer = await decided(officer, late, request_id, stale)
        assert (answer.status_code, answer.json()["code"]) == (412, "version_conflict")
    assert await shown(custodian, request_id) == before
    answer = await decided(custodian, verb, request_id, await etag(custodian, request_id))
    assert answer.status_code == 200
    assert answer.headers["ETag"] == await etag(custodian, request_id) != seen


async def test_the_first_of_two_approvals_changes_what_the_second_is_about(
    tmp_path: Path, redis: Redis
) -> None:
    configured = settings(tmp_path)
    twice = tuple(a.model_copy(update={"approval": "two_person"}) for a in configured.agreement)
    configured = configured.model_copy(update={"agreement": twice})
    async with open_test_broker(tmp_path, redis, configuration=configured) as broker:
        await broker.synchronise()
        investigator = await broker.officer("police", Role.INVESTIGATOR)
        first, second = [await broker.officer("rail", Role.CUSTODIAN) for _ in range(2)]
        request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
        seen = await etag(second, request_id)
        await decide(first, "approve", request_id)
        assert (await decided(second, "approve", request_id, seen)).status_code == 412
        assert (
            await decided(second, "approve", request_id, await etag(second, request_id))
        ).status_code == 200


async def test_what_another_owner_decides_changes_nothing_for_ones_own_items(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn
) -> None:
    metro = await broker.officer("metro", Role.CUSTODIAN)
    request_id = (await submit(investigator, "rail-cctv:r1", "metro-cctv:m1"))["id"]
    seen, asked = await etag(custodian, request_id), await etag(investigator, request_id)
    await decide(metro, "deny", request_id)
    assert await etag(custodian, request_id) == seen
    assert await etag(investigator, request_id) != asked
    assert (await decided(custodian, "approve", request_id, seen)).status_code == 200


async def test_work_under_way_keeps_nobody_from_withdrawing_and_its_end_does(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn
) -> None:
    request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
    await decide(custodian, "approve", request_id)
    seen = await etag(investigator, request_id)
    broker.rail.failing["open_footage"] = Unreachable("away")
    await broker.work()
    assert await etag(investigator, request_id) == seen
    (job,) = [job for job in broker.broker.worker._jobs if job.name == "make clips"]
    broker.clock.advance(seconds=301)
    assert await job.claim(broker.broker.worker._lease("working")) is not None
    assert (await shown(investigator, request_id))["state"] == "processing"
    assert await etag(investigator, request_id) == seen
    broker.rail.failing.clear()
    broker.clock.advance(seconds=31)
    await broker.work()
    assert (await decided(investigator, "cancel", request_id, seen)).status_code == 412


@pytest.mark.parametrize("tag", ['"0"', '""', '"of another thing"', '"a", "b"'])
async def test_a_tag_that_is_none_of_this_request_is_a_conflict(investigator: SignedIn, tag: str) -> None:
    request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
    assert (await decided(investigator, "cancel", request_id, tag)).status_code == 412
    assert (await decided(investigator, "cancel", request_id, "*")).status_code == 200


async def test_two_requests_that_look_alike_have_different_tags(investigator: SignedIn) -> None:
    first, second = [(await submit(investigator, "rail-cctv:r1"))["version"] for _ in range(2)]
    assert first != second
