"""Designations are listed, added and ended by the agency's own administrator; without one nothing is shown."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from broker.agencies.models import Role
from tests.broker.identity.browsers import actions
from tests.world import NOW, SignedIn, TestBroker


@pytest.fixture
async def administrator(broker: TestBroker) -> SignedIn:
    return await broker.officer("rail", Role.ADMINISTRATOR)


@pytest.fixture
async def officer(broker: TestBroker) -> SignedIn:
    return await broker.officer("rail", Role.OPERATOR)


def at(**later: float) -> str:
    return (NOW + timedelta(**later)).isoformat().replace("+00:00", "Z")


async def listed(administrator: SignedIn, officer: SignedIn) -> list[dict[str, Any]]:
    answer = await administrator.get(f"/v1/officers/{officer.id}/designations")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["designations"])


async def end(by: SignedIn, officer: SignedIn, designation: str) -> httpx.Response:
    return await by.http.delete(f"/v1/officers/{officer.id}/designations/{designation}", headers=by.headers())


async def sees(officer: SignedIn) -> str | int:
    answer = await officer.get("/v1/cameras")
    return len(answer.json()["features"]) if answer.is_success else str(answer.json()["code"])


async def test_one_that_is_ended_early_shows_nothing_more_and_says_who_ended_it(
    administrator: SignedIn, officer: SignedIn
) -> None:
    (first,) = await listed(administrator, officer)
    assert (first["designated_by"], first["from"], first["until"]) == ("tests", at(), None)
    assert await sees(officer) == 2
    ended = await end(administrator, officer, first["id"])
    assert (ended.status_code, ended.json()["until"], ended.json()["ended_by"]) == (
        200,
        at(),
        administrator.id,
    )
    assert await sees(officer) == "not_designated"
    again = await end(administrator, officer, first["id"])
    assert (again.status_code, again.json()["code"]) == (409, "state_conflict")


async def test_one_that_begins_later_counts_from_then_on(
    broker: TestBroker, administrator: SignedIn, officer: SignedIn
) -> None:
    await end(administrator, officer, (await listed(administrator, officer))[0]["id"])
    body = {"from": at(hours=1), "until": at(hours=2)}
    added = await administrator.post(f"/v1/officers/{officer.id}/designations", body)
    assert (added.status_code, added.json()["designated_by"]) == (201, administrator.id)
    told = []
    for _ in range(3):
        told.append(await sees(officer))
        broker.clock.advance(hours=1)
    assert told == ["not_designated", 2, "not_designated"]


async def test_one_that_has_not_begun_can_be_taken_back(
    broker: TestBroker, administrator: SignedIn, officer: SignedIn
) -> None:
    await end(administrator, officer, (await listed(administrator, officer))[0]["id"])
    body = {"from": at(hours=1)}
    added = (await administrator.post(f"/v1/officers/{officer.id}/designations", body)).json()
    assert (await end(administrator, officer, added["id"])).json()["until"] == at(hours=1)
    broker.clock.advance(hours=2)
    assert await sees(officer) == "not_designated"


@pytest.mark.parametrize(
    "body",
    [
        {"from": at(hours=-1)},
        {"until": at(hours=-1)},
        {"until": at()},
        {"from": at(hours=2), "until": at(hours=1)},
        {"from": "soon"},
        {"designated_by": "off_1"},
        {"from": "2026-06-15T12:00:00"},
    ],
    ids=str,
)
async def test_one_that_makes_no_sense_is_refused(
    administrator: SignedIn, officer: SignedIn, body: dict[str, str]
) -> None:
    answer = await administrator.post(f"/v1/officers/{officer.id}/designations", body)
    assert answer.status_code == 422
    assert len(await listed(administrator, officer)) == 1


async def test_a_keyed_call_adds_one(administrator: SignedIn, officer: SignedIn) -> None:
    path, body = f"/v1/officers/{officer.id}/designations", {"until": at(days=9)}
    answers = [(await administrator.post(path, body, **{"Idempotency-Key": "k"})).json() for _ in "ab"]
    assert answers[0] == answers[1]
    assert len(await listed(administrator, officer)) == 2


async def test_others_than_the_agencys_administrator_are_refused_and_that_is_recorded(
    broker: TestBroker, administrator: SignedIn, officer: SignedIn
) -> None:
    (first,) = await listed(administrator, officer)
    foreign = await broker.officer("metro", Role.ADMINISTRATOR)
    everything_else = await broker.officer("rail", *(set(Role) - {Role.ADMINISTRATOR}))
    path = f"/v1/officers/{officer.id}/designations"
    for one, status in ((foreign, 404), (everything_else, 403)):
        answers = [await one.get(path), await one.post(path, {}), await end(one, officer, first["id"])]
        assert [answer.status_code for answer in answers] == [status] * 3
    assert (await actions(broker))[-3:] == [
        ("list_designations", "denied"),
        ("designate", "denied"),
        ("end_designation", "denied"),
    ]
    assert (await end(administrator, administrator, first["id"])).status_code == 404


async def test_an_administrator_who_ends_their_own_ends_what_they_may_do(administrator: SignedIn) -> None:
    (own,) = await listed(administrator, administrator)
    assert (await end(administrator, administrator, own["id"])).status_code == 200
    answer = await administrator.get("/v1/officers")
    assert answer.json()["code"] == "not_designated"
