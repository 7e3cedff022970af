"""What nobody decides in time ends by itself, says why, and those who could have decided were told before."""

from datetime import timedelta

import pytest

from adapters.contract.capabilities import Capability
from broker.agencies.models import Approval, Role
from broker.requests.expiring import DUE, EXPIRED, OVERDUE
from broker.requests.states import ItemState
from tests.broker.requests.people import agree, decide, in_ledger, shown, submit
from tests.world import ALL_CAPABILITIES, NOW, SignedIn, TestBroker

WEEK_H = 7 * 24.0


@pytest.fixture
async def investigator(broker: TestBroker) -> SignedIn:
    return await broker.officer("police", Role.INVESTIGATOR)


@pytest.fixture
async def custodian(broker: TestBroker) -> SignedIn:
    return await broker.officer("rail", Role.CUSTODIAN)


async def notices(officer: SignedIn) -> list[tuple[str, str]]:
    answer = await officer.get("/v1/notices?limit=1000")
    assert answer.status_code == 200, answer.text
    return [(notice["kind"], notice["subject"]) for notice in answer.json()["notices"]]


async def pass_h(broker: TestBroker, hours: float) -> None:
    broker.clock.advance(hours=hours)
    await broker.work()


async def actions(broker: TestBroker, agency: str, request_id: str) -> list[str]:
    auditor = await broker.officer(agency, Role.AUDITOR)
    answer = await auditor.get(f"/v1/audit/entries?request_id={request_id}&limit=1000")
    return [entry["action"] for entry in answer.json()["entries"]]


async def test_an_item_says_by_when_it_has_to_be_decided(broker: TestBroker, investigator: SignedIn) -> None:
    body = await submit(investigator, "rail-cctv:r1")
    assert body["items"][0]["decide_by"] == "2026-06-22T12:00:00Z"
    assert body["items"][0]["decide_by_limit"] == "broker"


async def test_what_nobody_decided_expires_and_says_why(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn
) -> None:
    request_id = (await submit(investigator, "rail-cctv:r1", judicial=False))["id"]
    await broker.work()
    assert len(broker.rail.holds) == 1
    await pass_h(broker, WEEK_H - 0.01)
    assert (await shown(investigator, request_id))["state"] == "pending"
    await pass_h(broker, 0.01)
    body = await shown(investigator, request_id)
    assert (body["state"], body["items"][0]["state"]) == ("expired", "expired")
    assert body["items"][0]["state_reason"] == "nobody decided in the time that this broker gives"
    assert body["items"][0]["decide_by"] is None
    assert body["items"][0]["held"]["state"] == "released"
    assert broker.rail.holds == {}
    assert body["sealed_at"] is not None
    for agency in ("police", "rail"):
        assert "item_expired" in await actions(broker, agency, request_id)
    answer = await decide(custodian, "approve", request_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "state_conflict")


async def test_a_judicial_hold_outlives_the_request_until_it_is_released(
    broker: TestBroker, investigator: SignedIn
) -> None:
    request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
    await broker.work()
    await pass_h(broker, WEEK_H)
    body = await shown(investigator, request_id)
    assert (body["state"], body["items"][0]["held"]["state"]) == ("expired", "held")
    hold_id = (await in_ledger(broker, request_id)).items[0].hold_id
    released = await broker.http.delete(f"/v1/holds/{hold_id}", headers=investigator.headers())
    assert released.status_code == 200
    await broker.work()
    assert broker.rail.holds == {}


async def test_custodians_are_reminded_once_then_who_may_designate_others_and_the_requester_of_the_end(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn
) -> None:
    administrator = await broker.officer("rail", Role.ADMINISTRATOR)
    strangers = [
        await broker.officer("metro", Role.CUSTODIAN),
        await broker.officer("metro", Role.ADMINISTRATOR),
        await broker.officer("police", Role.INVESTIGATOR),
        await broker.officer("rail", Role.OPERATOR),
    ]
    request_id = (await submit(investigator, "rail-cctv:r1", "rail-cctv:r2"))["id"]
    await broker.work()
    await pass_h(broker, WEEK_H - 24.01)
    assert await notices(custodian) == []
    for _ in range(3):
        await pass_h(broker, 0.01)
    assert await notices(custodian) == [(DUE, request_id)]
    assert await notices(administrator) == []
    await pass_h(broker, 20)
    assert await notices(custodian) == [(DUE, request_id)]
    assert await notices(administrator) == [(OVERDUE, "rail")]
    assert await notices(investigator) == []
    await pass_h(broker, 4)
    assert await notices(custodian) == [(DUE, request_id), (EXPIRED, request_id)]
    assert await notices(investigator) == [(EXPIRED, request_id)]
    assert await notices(administrator) == [(OVERDUE, "rail")]
    for stranger in strangers:
        assert await notices(stranger) == []


async def test_what_was_decided_is_left_alone(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn
) -> None:
    request_id = (await submit(investigator, "rail-cctv:r1", "metro-cctv:m1"))["id"]
    await broker.work()
    await decide(custodian, "approve", request_id)
    await broker.work()
    await pass_h(broker, WEEK_H)
    body = await shown(investigator, request_id)
    assert [item["state"] for item in body["items"]] == ["completed", "expired"]
    assert body["state"] == "partially_completed"


async def test_the_legal_bases_limit_counts_where_it_is_shorter(
    broker: TestBroker, investigator: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    bases = broker.broker.services.settings.broker.bases
    shorter = bases["judicial_requisition"].model_copy(update={"decide_within_h": 48})
    monkeypatch.setitem(bases, "judicial_requisition", shorter)
    body = await submit(investigator, "rail-cctv:r1")
    assert (body["items"][0]["decide_by"], body["items"][0]["decide_by_limit"]) == (
        "2026-06-17T12:00:00Z",
        "legal_basis",
    )


async def test_the_agreements_limit_counts_and_its_grace_keeps_the_footage_after(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn
) -> None:
    await agree(broker, custodian, decide_within_h=12, grace_days=2)
    body = await submit(investigator, "rail-cctv:r1", judicial=False)
    item = body["items"][0]
    assert (item["decide_by"], item["decide_by_limit"]) == ("2026-06-16T00:00:00Z", "agreement")
    await broker.work()
    await pass_h(broker, 12)
    item = (await shown(investigator, body["id"]))["items"][0]
    assert item["state_reason"] == "nobody decided in the time that the agreement gives"
    assert (item["state"], item["held"]["state"]) == ("expired", "held")
    await pass_h(broker, 47)
    assert len(broker.rail.holds) == 1
    await pass_h(broker, 1)
    assert broker.rail.holds == {}


async def test_a_hold_that_ends_first_ends_the_wait(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn
) -> None:
    await agree(broker, custodian, hold_max_days=2)
    body = await submit(investigator, "rail-cctv:r1", judicial=False)
    assert body["items"][0]["decide_by_limit"] == "hold"
    await broker.work()
    await pass_h(broker, 48)
    item = (await shown(investigator, body["id"]))["items"][0]
    assert item["state_reason"] == "nobody decided as long as the footage was held"
    assert item["held"]["state"] in ("released", "expired")


async def test_one_of_two_approvals_is_not_enough_and_is_told(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn
) -> None:
    await agree(broker, custodian, approval=Approval.TWO_PERSON)
    request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
    await broker.work()
    await decide(custodian, "approve", request_id)
    await pass_h(broker, WEEK_H)
    item = (await shown(investigator, request_id))["items"][0]
    assert item["state"] == "expired"
    assert item["state_reason"].endswith("1 of 2 approvals had come")


async def test_footage_that_no_recorder_keeps_presses_at_once_and_ends_with_its_footage(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn
) -> None:
    broker.rail.capabilities = ALL_CAPABILITIES - {Capability.HOLD, Capability.FOOTAGE}
    request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
    await broker.work()
    item = (await shown(investigator, request_id))["items"][0]
    assert item["held"]["state"] == "failed"
    gone_at = NOW + timedelta(days=1) - timedelta(minutes=5)
    assert item["decide_by_limit"] == "overwrite"
    assert item["decide_by"] == gone_at.isoformat().replace("+00:00", "Z")
    assert await notices(custodian) == [("footage_not_held", request_id)]
    await pass_h(broker, 1 / 60)
    assert await notices(custodian) == [("footage_not_held", request_id), (DUE, request_id)]
    await pass_h(broker, 24)
    item = (await shown(investigator, request_id))["items"][0]
    assert item["state_reason"] == "nobody decided before the recorder overwrote the footage"


async def test_an_item_that_needs_nobody_has_no_deadline(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn
) -> None:
    await agree(broker, custodian, approval=Approval.AUTOMATIC)
    item = (await submit(investigator, "rail-cctv:r1"))["items"][0]
    assert (item["state"], item["decide_by"], item["decide_by_limit"]) == ("approved", None, None)


async def test_what_waits_is_listed_by_how_much_it_presses(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn
) -> None:
    first = (await submit(investigator, "rail-cctv:r1"))["id"]
    await agree(broker, custodian, decide_within_h=12)
    pressing = (await submit(investigator, "rail-cctv:r2"))["id"]
    broker.clock.advance(hours=1)
    least = (await submit(investigator, "rail-cctv:r1", judicial=False))["id"]
    last = (await submit(investigator, "metro-cctv:m1"))["id"]
    await broker.work()
    found, path = [], "/v1/requests?to_decide=true&limit=1"
    while path:
        page = (await custodian.get(path)).json()
        found += [request["id"] for request in page["requests"]]
        path = next((link["href"] for link in page["links"]), "")
    assert found == [pressing, least, first]
    assert last not in found
    newest = (await investigator.get("/v1/requests")).json()["requests"]
    assert [request["id"] for request in newest] == [last, least, pressing, first]


async def test_a_cursor_of_one_order_is_refused_in_the_other(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn
) -> None:
    for _ in range(2):
        await submit(investigator, "rail-cctv:r1")
    page = (await custodian.get("/v1/requests?limit=1")).json()
    cursor = page["links"][0]["href"].partition("cursor=")[2]
    answer = await custodian.get(f"/v1/requests?to_decide=true&cursor={cursor}")
    assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid")


async def test_two_workers_expire_an_item_once(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn
) -> None:
    request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
    await broker.work()
    broker.clock.advance(hours=WEEK_H)
    (job,) = [job for job in broker.broker.worker._jobs if job.name == "mind deadlines"]
    for _ in range(2):
        await job.carry_out(request_id, "w")
    assert (await in_ledger(broker, request_id)).items[0].state is ItemState.EXPIRED
    assert (await actions(broker, "rail", request_id)).count("item_expired") == 1
    assert (await notices(custodian)).count((EXPIRED, request_id)) == 1


async def test_footage_that_is_overwritten_soon_and_held_at_once_reminds_nobody(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn
) -> None:
    """As recorders are that keep minutes only: before the hold is placed everything looks as if it pressed."""
    broker.rail.retention = timedelta(minutes=30)
    await broker.synchronise()
    request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
    (job,) = [job for job in broker.broker.worker._jobs if job.name == "mind deadlines"]
    assert await job.claim(broker.broker.worker._lease("early")) is None
    await job.carry_out(request_id, "early")
    await broker.work()
    await pass_h(broker, 1)
    assert await notices(custodian) == []
    assert (await shown(investigator, request_id))["items"][0]["held"]["state"] == "held"
