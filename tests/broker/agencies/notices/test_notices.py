"""Notices reach whom they are addressed to, once where they are to come once, and in pages."""

from datetime import timedelta

import pytest

from broker.agencies.models import Role
from broker.agencies.notices.service import Addressee, Notices
from tests.world import NOW, SignedIn, TestBroker


@pytest.fixture
def notices(broker: TestBroker) -> Notices:
    return broker.broker.services.notices


async def told(officer: SignedIn, query: str = "") -> list[tuple[str, str | None, str]]:
    answer = await officer.get(f"/v1/notices{query}")
    assert answer.status_code == 200, answer.text
    return [(n["kind"], n["role"], n["subject"]) for n in answer.json()["notices"]]


async def tell(broker: TestBroker, notices: Notices, to: Addressee, kind: str, *, once: bool = False) -> None:
    tells = notices.tell_once if once else notices.tell
    await broker.broker.ledger.write(lambda c: tells(c, [to], kind, "req_1", NOW))


@pytest.mark.parametrize("role", Role)
async def test_a_role_of_an_agency_is_told_and_nobody_else(
    broker: TestBroker, notices: Notices, role: Role
) -> None:
    everybody = {
        (agency, each): await broker.officer(agency, each) for agency in ("rail", "metro") for each in Role
    }
    await tell(broker, notices, Addressee("rail", role), "decision_due")
    found = {who for who, officer in everybody.items() if await told(officer)}
    assert found == {("rail", role)}
    assert await told(everybody["rail", role]) == [("decision_due", role.value, "req_1")]


async def test_one_officer_is_told_alone(broker: TestBroker, notices: Notices) -> None:
    one, other = [await broker.officer("rail", Role.INVESTIGATOR) for _ in range(2)]
    await tell(broker, notices, Addressee("rail", officer_id=one.id), "request_expired")
    assert await told(one) == [("request_expired", None, "req_1")]
    assert await told(other) == []


async def test_what_is_told_once_comes_once_to_each(broker: TestBroker, notices: Notices) -> None:
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    mine = Addressee("rail", officer_id=custodian.id)
    for to in (Addressee("rail", Role.CUSTODIAN), mine, Addressee("rail", Role.CUSTODIAN), mine):
        await tell(broker, notices, to, "decision_due", once=True)
    await tell(broker, notices, mine, "request_expired", once=True)
    assert sorted(await told(custodian), key=str) == [
        ("decision_due", "custodian", "req_1"),
        ("decision_due", None, "req_1"),
        ("request_expired", None, "req_1"),
    ]


async def test_many_come_in_pages_and_none_twice(broker: TestBroker, notices: Notices) -> None:
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    for n in range(7):
        await tell(broker, notices, Addressee("rail", Role.CUSTODIAN), f"kind_{n}")
    found, path = [], "/v1/notices?limit=3"
    while path:
        page = (await custodian.get(path)).json()
        found += [notice["kind"] for notice in page["notices"]]
        path = next((link["href"] for link in page["links"]), "")
    assert found == [f"kind_{n}" for n in range(7)]


async def test_it_is_there_with_what_it_tells_of_or_not_at_all(broker: TestBroker, notices: Notices) -> None:
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    to = [Addressee("rail", Role.CUSTODIAN)]

    def fails(connection: object) -> None:
        notices.tell(connection, to, "decision_due", "req_1", NOW + timedelta(seconds=1))
        raise RuntimeError("what it tells of did not happen")

    with pytest.raises(RuntimeError):
        await broker.broker.ledger.write(fails)
    assert await told(custodian) == []
