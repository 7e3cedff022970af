"""A substitute decides as a custodian does, for as long and in the hours that they were named for, and no longer."""

from datetime import timedelta
from typing import Any

import pytest

from broker.agencies.models import Approval, Role
from tests.broker.requests.people import agree, decide, submit
from tests.world import NOW, SignedIn, TestBroker

EVENINGS = {"zone": "UTC", "windows": [{"days": ["mon"], "start": "18:00", "end": "22:00"}]}


@pytest.fixture
async def custodian(broker: TestBroker) -> SignedIn:
    return await broker.officer("rail", Role.CUSTODIAN)


@pytest.fixture
async def operator(broker: TestBroker) -> SignedIn:
    return await broker.officer("rail", Role.OPERATOR)


async def named(by: SignedIn, substitute: SignedIn, status: int = 201, **more: Any) -> dict[str, Any]:
    body = {"officer_id": substitute.id, "until": "2026-07-01T00:00:00Z", "reason": "Leave"} | more
    answer = await by.post("/v1/substitutes", body)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def roles(officer: SignedIn) -> set[str]:
    return set((await officer.get("/v1/me")).json()["roles"])


async def requested(broker: TestBroker) -> str:
    investigator = await broker.officer("police", Role.INVESTIGATOR)
    return str((await submit(investigator, "rail-cctv:r1"))["id"])


async def test_a_substitute_sees_what_waits_and_decides_in_their_own_name(
    broker: TestBroker, custodian: SignedIn, operator: SignedIn
) -> None:
    request_id = await requested(broker)
    assert (await decide(operator, "approve", request_id)).status_code == 404
    made = await named(custodian, operator)
    assert (made["in_force"], made["principal_id"]) == (True, custodian.id)
    assert await roles(operator) == {"operator", "custodian"}
    waiting = (await operator.get("/v1/requests?to_decide=true")).json()["requests"]
    assert [each["id"] for each in waiting] == [request_id]
    approved = await decide(operator, "approve", request_id)
    assert approved.status_code == 200, approved.text
    (by,) = approved.json()["items"][0]["decision"]["by"]
    assert by["personnel_number"].startswith("T-rail-")


async def test_it_is_in_force_in_its_time_and_hours_alone(
    broker: TestBroker, custodian: SignedIn, operator: SignedIn
) -> None:
    later = (NOW + timedelta(hours=1)).isoformat()
    await named(custodian, operator, start=later, hours=EVENINGS, until="2026-06-23T00:00:00Z")
    in_force = []
    for hours in (0, 2, 4.1, 5.8, 24 * 7 - 5.8, 24 * 7):
        broker.clock.advance(hours=hours)
        in_force.append("custodian" in await roles(operator))
    assert in_force == [False, False, True, False, True, False]


@pytest.mark.parametrize("how", ["ended", "designation"])
async def test_it_ends_at_once_when_it_is_ended_or_its_custodian_is_none_any_more(
    broker: TestBroker, custodian: SignedIn, operator: SignedIn, how: str
) -> None:
    request_id = await requested(broker)
    made = await named(custodian, operator)
    administrator = await broker.officer("rail", Role.ADMINISTRATOR)
    if how == "ended":
        answer = await administrator.http.delete(
            f"/v1/substitutes/{made['id']}", headers=administrator.headers()
        )
        assert (answer.status_code, answer.json()["in_force"]) == (200, False)
        again = await administrator.http.delete(
            f"/v1/substitutes/{made['id']}", headers=administrator.headers()
        )
        assert (again.status_code, again.json()["code"]) == (409, "state_conflict")
    else:
        path = f"/v1/officers/{custodian.id}/designations"
        (designation,) = (await administrator.get(path)).json()["designations"]
        ended = await administrator.http.delete(
            f"{path}/{designation['id']}", headers=administrator.headers()
        )
        assert ended.status_code in (200, 204), ended.text
    assert await roles(operator) == {"operator"}
    assert (await decide(operator, "approve", request_id)).status_code == 404


async def test_a_substitute_names_no_other_and_ones_own_designation_still_counts(
    broker: TestBroker, custodian: SignedIn, operator: SignedIn
) -> None:
    await named(custodian, operator)
    third = await broker.officer("rail", Role.OPERATOR)
    assert (await named(operator, third, 403))["code"] == "role_denied"
    assert (await named(custodian, custodian, 422))["code"] == "invalid"
    stranger = await broker.officer("metro", Role.OPERATOR)
    assert (await named(custodian, stranger, 404))["code"] == "not_found"
    assert (await named(custodian, third, 422, until="2026-01-01T00:00:00Z"))["code"] == "invalid"
    assert (await named(third, operator, 403))["code"] == "role_denied"


async def test_two_persons_may_be_a_custodian_and_their_substitute_and_the_first_word_outlasts_the_time(
    broker: TestBroker, custodian: SignedIn, operator: SignedIn
) -> None:
    await agree(broker, custodian, approval=Approval.TWO_PERSON)
    request_id = await requested(broker)
    await named(custodian, operator, until=(NOW + timedelta(hours=2)).isoformat())
    first = await decide(operator, "approve", request_id)
    assert first.json()["items"][0]["state"] == "pending"
    broker.clock.advance(hours=3)
    assert (await decide(operator, "approve", request_id)).status_code == 404
    second = await decide(custodian, "approve", request_id)
    assert second.json()["items"][0]["state"] == "approved"


async def test_others_do_not_learn_of_it(broker: TestBroker, custodian: SignedIn, operator: SignedIn) -> None:
    made = await named(custodian, operator)
    metro = await broker.officer("metro", Role.CUSTODIAN)
    assert (await metro.get("/v1/substitutes")).json()["substitutes"] == []
    answer = await metro.http.delete(f"/v1/substitutes/{made['id']}", headers=metro.headers())
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    (listed,) = (await custodian.get("/v1/substitutes")).json()["substitutes"]
    assert listed == made
