"""Officers are designated with a purpose, once for each keyed call, and their token is shown once."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from broker.agencies.models import Role
from tests.world import SignedIn, TestBroker

KEY = {"Idempotency-Key": "first"}


def body(**more: Any) -> dict[str, Any]:
    return {
        "agency": "rail",
        "name": "Test rail",
        "service": "Tests",
        "personnel_number": "T-1",
        "roles": ["operator"],
    } | more


@pytest.fixture
async def administrator(broker: TestBroker) -> SignedIn:
    return await broker.officer("rail", Role.ADMINISTRATOR)


async def count(broker: TestBroker) -> int:
    return len(await broker.broker.services.officers.list_officers())


async def test_of_two_keyed_calls_at_once_one_designates_and_shows_the_token(
    broker: TestBroker, administrator: SignedIn
) -> None:
    before = await count(broker)
    answers = await asyncio.gather(*(administrator.post("/v1/officers", body(), **KEY) for _ in range(3)))
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len([answer for answer in answers if answer.json()["token"] is not None]) == 1
    assert await count(broker) == before + 1


async def test_a_call_without_a_key_designates_each_time(broker: TestBroker, administrator: SignedIn) -> None:
    first, second = [(await administrator.post("/v1/officers", body())).json() for _ in range(2)]
    assert first["id"] != second["id"]
    assert None not in (first["token"], second["token"])


async def test_a_key_finds_its_officer_also_after_their_designation_ended(
    broker: TestBroker, administrator: SignedIn
) -> None:
    short = body(until=(broker.clock.now() + timedelta(hours=1)).isoformat())
    first = (await administrator.post("/v1/officers", short, **KEY)).json()
    broker.clock.advance(hours=2)
    again = await administrator.post("/v1/officers", short, **KEY)
    assert (again.status_code, again.json()) == (201, {"id": first["id"], "token": None})


async def test_a_key_is_its_callers_own(broker: TestBroker, administrator: SignedIn) -> None:
    other = await broker.officer("rail", Role.ADMINISTRATOR)
    ids = [
        (await officer.post("/v1/officers", body(), **KEY)).json()["id"] for officer in (administrator, other)
    ]
    assert ids[0] != ids[1]


async def test_a_key_gives_nobody_a_right_that_ended(broker: TestBroker) -> None:
    brief = await broker.officer("rail", Role.ADMINISTRATOR, until=broker.clock.now() + timedelta(hours=1))
    assert (await brief.post("/v1/officers", body(), **KEY)).status_code == 201
    operator = await broker.officer("rail", Role.OPERATOR)
    assert (await operator.post("/v1/officers", body(), **KEY)).status_code == 403
    broker.clock.advance(hours=1)
    assert (await brief.post("/v1/officers", body(), **KEY)).status_code in (401, 403)


async def test_a_call_that_was_refused_uses_its_key_up_no_more_than_it_designates(
    broker: TestBroker, administrator: SignedIn
) -> None:
    past = body(until=(broker.clock.now() - timedelta(hours=1)).isoformat())
    assert (await administrator.post("/v1/officers", past, **KEY)).status_code == 422
    assert (await administrator.post("/v1/officers", body(), **KEY)).status_code == 201


async def test_designating_and_revoking_say_in_the_log_what_they_were_for(
    broker: TestBroker, administrator: SignedIn
) -> None:
    added = (await administrator.post("/v1/officers", body(), "public_safety")).json()
    headers = administrator.headers("public_safety", **{"Entrevue-Case": "PV-9"})
    address = f"/v1/officers/{added['id']}/tokens"
    assert (await broker.http.delete(address, headers=headers)).status_code == 204
    auditor = await broker.officer("rail", Role.AUDITOR)
    entries = (await auditor.get("/v1/audit/entries")).json()["entries"]
    told = [
        (e["action"], e["purpose"], e["case_ref"]) for e in entries if e["officer_id"] == administrator.id
    ]
    assert told == [("add_officer", "public_safety", None), ("revoke_tokens", "public_safety", "PV-9")]


async def test_without_a_purpose_nobody_is_designated_and_no_token_revoked(
    broker: TestBroker, administrator: SignedIn
) -> None:
    operator, before = await broker.officer("rail", Role.OPERATOR), await count(broker)
    refused = [
        await administrator.post("/v1/officers", body(), None),
        await broker.http.delete(f"/v1/officers/{operator.id}/tokens", headers=administrator.headers(None)),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in refused] == [
        (403, "purpose_missing")
    ] * 2
    assert await count(broker) == before
    assert (await operator.get("/v1/me", None)).status_code == 200


async def test_a_purpose_of_the_session_serves_administrators_as_it_serves_all(
    broker: TestBroker, administrator: SignedIn
) -> None:
    assert (await administrator.get("/v1/officers", None)).status_code == 403
    said = await broker.http.put(
        "/v1/me/purpose", json={"purpose": "public_safety"}, headers=administrator.headers(None)
    )
    assert said.status_code == 200, said.text
    assert (await administrator.get("/v1/officers", None)).status_code == 200
