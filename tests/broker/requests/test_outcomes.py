"""A requester closes a finished request; owners are not told what came of it."""

from typing import Any

import pytest

from broker.agencies.models import Role
from broker.requests.models import Outcome
from tests.broker.requests.people import decide, shown, submit
from tests.world import SignedIn, TestBroker


@pytest.fixture
async def investigator(broker: TestBroker) -> SignedIn:
    return await broker.officer("police", Role.INVESTIGATOR)


@pytest.fixture
async def custodian(broker: TestBroker) -> SignedIn:
    return await broker.officer("rail", Role.CUSTODIAN)


@pytest.fixture
async def delivered(broker: TestBroker, investigator: SignedIn, custodian: SignedIn) -> str:
    request_id: str = (await submit(investigator, "rail-cctv:r1"))["id"]
    await broker.work()
    await decide(custodian, "approve", request_id)
    await broker.work()
    assert (await shown(investigator, request_id))["state"] == "completed"
    return request_id


async def close(officer: SignedIn, request_id: str, outcome: str, **more: Any) -> Any:
    return await officer.post(f"/v1/requests/{request_id}/outcome", {"outcome": outcome} | more, None)


@pytest.mark.parametrize("outcome", Outcome)
async def test_the_requester_says_what_came_of_it(
    broker: TestBroker, investigator: SignedIn, delivered: str, outcome: Outcome
) -> None:
    assert (await shown(investigator, delivered))["outcome"] is None
    answer = await close(investigator, delivered, outcome.value, reason="Seen by two")
    assert answer.status_code == 200, answer.text
    said = {"outcome": outcome.value, "reason": "Seen by two", "at": "2026-06-15T12:00:00Z"}
    assert answer.json()["outcome"] == said
    assert (await shown(investigator, delivered))["outcome"] == said


async def test_the_latest_word_counts_and_the_log_keeps_them_all(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn, delivered: str
) -> None:
    await close(investigator, delivered, "not_viewed")
    await close(investigator, delivered, "useful")
    assert (await shown(investigator, delivered))["outcome"]["outcome"] == "useful"
    told = {}
    for agency in ("police", "rail"):
        auditor = await broker.officer(agency, Role.AUDITOR)
        entries = (await auditor.get("/v1/audit/entries?limit=1000")).json()["entries"]
        told[agency] = [e["query"]["outcome"] for e in entries if e["action"] == "close_request"]
    assert told == {"police": ["not_viewed", "useful"], "rail": []}


async def test_an_owner_does_not_see_it(investigator: SignedIn, custodian: SignedIn, delivered: str) -> None:
    before = await shown(custodian, delivered)
    await close(investigator, delivered, "identified", reason="A name that is nobody else's")
    assert await shown(custodian, delivered) == before
    assert before["outcome"] is None


async def test_it_is_said_at_the_end_and_not_before(broker: TestBroker, investigator: SignedIn) -> None:
    request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
    answer = await close(investigator, request_id, "useful")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_ready")
    assert (await shown(investigator, request_id))["outcome"] is None


async def test_of_footage_that_never_came_nothing_else_can_be_said(
    investigator: SignedIn, custodian: SignedIn
) -> None:
    request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
    await decide(custodian, "deny", request_id)
    for outcome in ("identified", "excluded", "useful", "unusable"):
        answer = await close(investigator, request_id, outcome)
        assert (answer.status_code, answer.json()["code"]) == (409, "state_conflict")
    assert (await close(investigator, request_id, "not_viewed")).status_code == 200


async def test_nobody_else_says_it(broker: TestBroker, custodian: SignedIn, delivered: str) -> None:
    answer = await close(custodian, delivered, "useful")
    assert (answer.status_code, answer.json()["code"]) == (403, "role_denied")
    colleague = await broker.officer("police", Role.INVESTIGATOR)
    answer = await close(colleague, delivered, "useful")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "body", [{}, {"outcome": "guilty"}, {"outcome": None}, {"outcome": "useful", "by": "x"}]
)
async def test_other_words_are_refused(investigator: SignedIn, delivered: str, body: Any) -> None:
    answer = await investigator.post(f"/v1/requests/{delivered}/outcome", body, None)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
