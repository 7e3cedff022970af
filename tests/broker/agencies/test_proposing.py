"""Proposing over HTTP: by a custodian of a party, by the rules of the configuration, once a key, of no effect yet."""

from typing import Any

import pytest

from broker.agencies.models import Role
from tests.world import SignedIn, TestBroker

AREA = {"type": "Polygon", "coordinates": [[[2, 48], [3, 48], [3, 49], [2, 48]]]}
BODY: dict[str, Any] = {
    "id": "rail-town",
    "owner": "rail",
    "partners": ["town"],
    "area": AREA,
    "actions": ["locate"],
    "purposes": ["public_safety"],
    "valid": "2026-01-01T00:00:00Z/2027-01-01T00:00:00Z",
    "hours": {"zone": "Europe/Paris", "windows": [{"days": ["mon"], "start": "08:00", "end": "20:00"}]},
}


async def propose(officer: SignedIn, **more: Any) -> Any:
    return await officer.post("/v1/agreements", BODY | more)


@pytest.mark.parametrize("agency", ["rail", "town"])
async def test_either_partys_custodian_proposes_and_it_waits_for_the_owner(
    broker: TestBroker, agency: str
) -> None:
    answer = await propose(await broker.officer(agency, Role.CUSTODIAN))
    assert (answer.status_code, answer.headers["ETag"]) == (201, '"1-proposed"')
    terms = answer.json()["terms"]
    assert (terms["area"]["type"], terms["hours"], terms["lead_in"]) == ("Polygon", BODY["hours"], True)
    town = await broker.officer("town", Role.OPERATOR)
    found = await town.get("/v1/cameras", "public_safety", params={"bbox": "2,48,3,49"})
    assert found.json()["features"] == []


async def test_nobody_else_proposes(broker: TestBroker) -> None:
    answer = await propose(await broker.officer("metro", Role.CUSTODIAN))
    assert (answer.status_code, answer.json()["code"]) == (403, "action_denied")
    for role in set(Role) - {Role.CUSTODIAN}:
        assert (await propose(await broker.officer("rail", role))).json()["code"] == "role_denied"


async def test_an_id_of_others_is_taken_and_says_no_more(broker: TestBroker) -> None:
    town = await broker.officer("town", Role.CUSTODIAN)
    answer = await propose(town, id="rail-police")
    assert (answer.status_code, answer.json()["code"]) == (409, "state_conflict")
    assert "rail-police is taken" in answer.json()["detail"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"networks": ["metro-cctv"]},
        {"purposes": ["unheard_of"]},
        {"partners": ["nobody"]},
        {"area": {"type": "Point", "coordinates": [2, 48]}},
        {"area": {"type": "Polygon", "coordinates": [[2, 48]]}},
        {"valid": "2027-01-01T00:00:00Z/2026-01-01T00:00:00Z"},
        {"hours": {"zone": "Nowhere", "windows": BODY["hours"]["windows"]}},
        {"approval": "nobody"},
        {"requires": True},
    ],
)
async def test_what_the_configuration_would_refuse_is_refused(broker: TestBroker, wrong: Any) -> None:
    answer = await propose(await broker.officer("rail", Role.CUSTODIAN), **wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def test_the_same_keyed_call_proposes_once(broker: TestBroker) -> None:
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    versions = [
        (await custodian.post("/v1/agreements", BODY, **key)).json()["version"]
        for key in ({"Idempotency-Key": "k"}, {"Idempotency-Key": "k"}, {"Idempotency-Key": "l"})
    ]
    assert versions == [1, 1, 2]
