"""Emergencies from outside: seen at once, told at once, over at the minute, reviewed, and denied to everyone else."""

from typing import Any

import pytest

from broker.agencies.models import Role
from tests.world import SignedIn, TestBroker

REASON = "A person on the tracks"
START = {"reason": REASON, "agency": "rail"}


async def seen(officer: SignedIn, purpose: str = "accident") -> dict[str, Any]:
    """By id, what a search shows; `accident` is a purpose of no agreement."""
    found = await officer.get("/v1/cameras", purpose, params={"bbox": "2,48,3,49"})
    return {each["id"]: each["properties"] for each in found.json()["features"]}


async def started(broker: TestBroker, officer: SignedIn, **more: Any) -> dict[str, Any]:
    await broker.synchronise()
    answer = await officer.post("/v1/emergencies", START | more, "accident")
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def code_of(officer: SignedIn, path: str, body: Any = None) -> str:
    answer = await officer.post(path, body)
    return str(answer.json().get("code", answer.status_code))


async def test_an_operator_sees_beyond_the_agreement_until_the_minute_it_ends(broker: TestBroker) -> None:
    await broker.synchronise()
    operator = await broker.officer("police", Role.OPERATOR)
    assert set(await seen(operator)) == {"police-list:p1"}
    emergency = await started(broker, operator)
    found = await seen(operator)
    assert set(found) == {
        "police-list:p1",
        "rail-cctv:r1",
        "rail-cctv:r2",
    }  # no reserved one, no other owner's
    assert found["rail-cctv:r1"]["basis"] == [f"emergency:{emergency['id']}"]
    assert "request_clip" not in found["rail-cctv:r1"]["actions"]
    assert {"locate", "view_snapshot", "hold"} <= set(found["rail-cctv:r1"]["actions"])
    broker.clock.advance(minutes=59, seconds=59)
    assert "rail-cctv:r1" in await seen(operator)
    broker.clock.advance(seconds=1)
    assert set(await seen(operator)) == {"police-list:p1"}
    assert (await operator.get(f"/v1/emergencies/{emergency['id']}")).json()["state"] == "over"


async def test_it_is_its_officers_alone(broker: TestBroker) -> None:
    await started(broker, await broker.officer("police", Role.OPERATOR))
    assert set(await seen(await broker.officer("police", Role.OPERATOR))) == {"police-list:p1"}


async def test_it_reaches_no_further_than_its_area(broker: TestBroker) -> None:
    operator = await broker.officer("police", Role.OPERATOR)
    await started(broker, operator, area={"lat": 48.89, "lon": 2.3553, "radius_m": 500})
    assert set(await seen(operator)) == {"police-list:p1"}
    await started(broker, operator, area={"lat": 48.8809, "lon": 2.3553, "radius_m": 500})
    assert "rail-cctv:r1" in await seen(operator)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OPERATOR])
async def test_no_other_role_starts_one(broker: TestBroker, role: Role) -> None:
    assert await code_of(await broker.officer("police", role), "/v1/emergencies", START) == "role_denied"


async def test_it_starts_towards_a_party_only_and_with_a_place_and_a_reason(broker: TestBroker) -> None:
    operators = [await broker.officer(agency, Role.OPERATOR) for agency in ("town", "police")]
    assert await code_of(operators[0], "/v1/emergencies", START) == "action_denied"
    assert await code_of(operators[1], "/v1/emergencies", START | {"agency": "town"}) == "action_denied"
    assert await code_of(operators[1], "/v1/emergencies", START | {"agency": "nobody"}) == "action_denied"
    for wrong in ({"reason": " "}, {"agency": None}, {"area": {"lat": 48, "lon": 2, "radius_m": 5001}}):
        assert await code_of(operators[1], "/v1/emergencies", START | wrong) == "invalid"


async def test_those_concerned_are_told_at_once_and_nobody_else(broker: TestBroker) -> None:
    emergency = await started(broker, await broker.officer("police", Role.OPERATOR))
    told = {("rail", Role.CUSTODIAN), ("rail", Role.AUDITOR), ("police", Role.AUDITOR)}
    for agency in ("rail", "metro", "police", "town"):
        for role in Role:
            officer = await broker.officer(agency, role)
            notices = (await officer.get("/v1/notices")).json().get("notices", [])
            assert [n["subject"] for n in notices] == ([emergency["id"]] if (agency, role) in told else [])
            listed = (await officer.get("/v1/emergencies")).json().get("emergencies", [])
            knows = (agency, role) in {*told, ("rail", Role.DPO), ("police", Role.DPO)}
            assert [e["id"] for e in listed] == ([emergency["id"]] if knows else [])
            shown = await officer.get(f"/v1/emergencies/{emergency['id']}")
            assert shown.status_code == (200 if knows else shown.status_code)
            assert knows or shown.json()["code"] in ("not_found", "role_denied")


@pytest.mark.parametrize("ends", ["its officer", "an owner's custodian"])
async def test_it_ends_before_its_time(broker: TestBroker, ends: str) -> None:
    operator, custodian = (
        await broker.officer("police", Role.OPERATOR),
        await broker.officer("rail", Role.CUSTODIAN),
    )
    emergency = await started(broker, operator)
    path = f"/v1/emergencies/{emergency['id']}/end"
    for other in (
        await broker.officer("metro", Role.CUSTODIAN),
        await broker.officer("police", Role.OPERATOR),
    ):
        assert await code_of(other, path) == "not_found"
    assert await code_of(await broker.officer("rail", Role.AUDITOR), path) == "role_denied"
    who = operator if ends == "its officer" else custodian
    assert (await who.post(path, None)).json()["ended_by"] == who.id
    assert set(await seen(operator)) == {"police-list:p1"}
    assert await code_of(who, path) == "state_conflict"


async def test_each_owner_reviews_once_it_is_over_and_the_last_one_closes_it(broker: TestBroker) -> None:
    operator = await broker.officer("police", Role.OPERATOR, Role.CUSTODIAN)
    area = {"lat": 48.8809, "lon": 2.3553, "radius_m": 500}
    emergency = await started(broker, operator, agency=None, area=area)
    assert emergency["owners"] == ["metro", "rail"]
    path, verdict = f"/v1/emergencies/{emergency['id']}/review", {"verdict": "justified", "reason": "Checked"}
    custodians = [await broker.officer(agency, Role.CUSTODIAN) for agency in ("rail", "metro")]
    assert await code_of(custodians[0], path, verdict) == "state_conflict"
    broker.clock.advance(minutes=60)
    assert await code_of(operator, path, verdict) == "role_denied"
    first = (await custodians[0].post(path, verdict)).json()
    assert (first["state"], first["unreviewed"]) == ("over", ["metro"])
    assert await code_of(custodians[0], path, verdict) == "state_conflict"
    last = (await custodians[1].post(path, verdict | {"verdict": "unjustified"})).json()
    assert (last["state"], last["unreviewed"]) == ("closed", [])
    assert {review["owner"]: review["verdict"] for review in last["reviews"]} == {
        "rail": "justified",
        "metro": "unjustified",
    }


async def test_one_that_nobody_reviewed_keeps_its_officer_from_the_next(broker: TestBroker) -> None:
    operator = await broker.officer("police", Role.OPERATOR)
    emergency = await started(broker, operator)
    broker.clock.advance(minutes=60)
    broker.clock.advance(hours=71, minutes=59)
    assert await code_of(operator, "/v1/emergencies", START) == "201"
    broker.clock.advance(minutes=1)
    assert await code_of(operator, "/v1/emergencies", START) == "emergency_unreviewed"
    assert await code_of(await broker.officer("police", Role.OPERATOR), "/v1/emergencies", START) == "201"
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    path = f"/v1/emergencies/{emergency['id']}/review"
    assert await code_of(custodian, path, {"verdict": "justified", "reason": "Checked"}) == "200"
    assert await code_of(operator, "/v1/emergencies", START) == "201"


async def test_the_same_keyed_call_starts_one(broker: TestBroker) -> None:
    operator = await broker.officer("police", Role.OPERATOR)
    ids = {
        (await operator.post("/v1/emergencies", START, **{"Idempotency-Key": "k"})).json()["id"]
        for _ in range(2)
    }
    assert len(ids) == 1


async def test_every_step_is_in_the_log_of_both_sides(broker: TestBroker) -> None:
    operator = await broker.officer("police", Role.OPERATOR)
    emergency = await started(broker, operator)
    await operator.post(f"/v1/emergencies/{emergency['id']}/end", None)
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    verdict = {"verdict": "justified", "reason": "Checked"}
    await custodian.post(f"/v1/emergencies/{emergency['id']}/review", verdict)
    for agency in ("rail", "police"):
        auditor = await broker.officer(agency, Role.AUDITOR)
        entries = (await auditor.get("/v1/audit/entries", params={"limit": 1000})).json()["entries"]
        assert {"start_emergency", "end_emergency", "review_emergency"} <= {e["action"] for e in entries}
        assert REASON not in str(entries)
