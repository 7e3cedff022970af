"""An urgent hold becomes part of a request by one call, and lasts as long as that; its author is reminded before."""

from datetime import timedelta
from typing import Any

import pytest

from broker.agencies.models import Role
from broker.ledger.leases import LeaseLost
from tests.broker.holds.people import after, in_ledger, minutes, order, show
from tests.broker.requests.people import agree, decide
from tests.broker.requests.people import in_ledger as request_in_ledger
from tests.world import NOW, SignedIn, TestBroker


@pytest.fixture
async def operator(broker: TestBroker) -> SignedIn:
    return await broker.officer("police", Role.OPERATOR)


@pytest.fixture
async def investigator(broker: TestBroker) -> SignedIn:
    return await broker.officer("police", Role.INVESTIGATOR)


def body(*hold_ids: str, kind: str = "judicial_requisition") -> dict[str, Any]:
    return {
        "case_ref": "PV-1",
        "purpose": "judicial_inquiry",
        "legal_basis": {"kind": kind, "reference": "R-1"},
        "reason": "Theft",
        "items": [{"hold_id": hold_id} for hold_id in hold_ids],
    }


async def test_the_hold_goes_on_as_the_requests_own(
    broker: TestBroker, operator: SignedIn, investigator: SignedIn
) -> None:
    hold = await order(operator, "rail-cctv:r1")
    await broker.work()
    answer = await investigator.post("/v1/requests", body(hold["id"]))
    assert answer.status_code == 201, answer.text
    request_id, item = answer.json()["id"], answer.json()["items"][0]
    assert item["requested"] == hold["requested"]
    await broker.work()
    adopted = await in_ledger(broker, hold["id"])
    assert (adopted.request_id, adopted.n, adopted.judicial, adopted.until) == (request_id, 1, True, None)
    assert adopted.state == "held"
    item = (await request_in_ledger(broker, request_id)).items[0]
    assert item.available == adopted.held != ()
    receipts = list(broker.rail.holds.values())
    assert [receipt.until for receipt in receipts] == [None]
    broker.clock.advance(days=40)
    await broker.work()
    assert (await in_ledger(broker, hold["id"])).state == "held"
    assert len(broker.rail.holds) == 1


async def test_footage_that_only_the_hold_still_has_is_delivered(
    broker: TestBroker, operator: SignedIn, investigator: SignedIn
) -> None:
    broker.rail.capabilities = broker.rail.capabilities - {"hold"}
    hold = await order(operator, "rail-cctv:r1")
    await broker.work()
    broker.rail.footage["r1"] = []
    request_id = (await investigator.post("/v1/requests", body(hold["id"]))).json()["id"]
    await broker.work()
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    assert (await decide(custodian, "approve", request_id)).status_code == 200
    await broker.work()
    request = await request_in_ledger(broker, request_id)
    assert request.state == "completed"
    item = request.items[0]
    assert item.requested.subtract([clip.facts.interval for clip in item.clips]) == ()


async def test_one_that_grows_ends_now(
    broker: TestBroker, operator: SignedIn, investigator: SignedIn
) -> None:
    hold = await order(operator, "rail-cctv:r1", interval=f"{after(-3).isoformat()}/..")
    await broker.work()
    answer = await investigator.post("/v1/requests", body(hold["id"]))
    assert answer.json()["items"][0]["requested"] == str(minutes(-3, 0))
    assert (await show(investigator, hold["id"]))["requested"] == str(minutes(-3, 0))


async def test_one_that_is_being_placed_tells_the_request_what_there_is(
    broker: TestBroker, operator: SignedIn, investigator: SignedIn
) -> None:
    hold = await order(operator, "rail-cctv:r1")
    (job,) = [job for job in broker.broker.worker._jobs if job.name == "place holds"]
    batch = await job.claim(broker.broker.worker._lease("slow"))
    request_id = (await investigator.post("/v1/requests", body(hold["id"]))).json()["id"]
    with pytest.raises(LeaseLost):
        await job.carry_out(batch, "slow")
    await broker.work()
    item = (await request_in_ledger(broker, request_id)).items[0]
    assert item.available != ()
    assert (await in_ledger(broker, hold["id"])).state == "held"


async def test_denied_it_is_let_go_with_the_request(
    broker: TestBroker, operator: SignedIn, investigator: SignedIn
) -> None:
    hold = await order(operator, "rail-cctv:r1")
    await broker.work()
    request_id = (await investigator.post("/v1/requests", body(hold["id"], kind="owner_internal"))).json()[
        "id"
    ]
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    assert (await decide(custodian, "deny", request_id)).status_code == 200
    broker.clock.advance(days=31)
    await broker.work()
    assert (await in_ledger(broker, hold["id"])).state == "released"
    assert broker.rail.holds == {}


async def test_only_holds_of_ones_own_agency_that_last_become_a_requests(
    broker: TestBroker, operator: SignedIn, investigator: SignedIn
) -> None:
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    theirs = await order(custodian, "rail-cctv:r1")
    over = await order(operator, "rail-cctv:r1")
    taken = await order(operator, "rail-cctv:r2")
    await operator.http.delete(f"/v1/holds/{over['id']}", headers=operator.headers())
    assert (await investigator.post("/v1/requests", body(taken["id"]))).status_code == 201
    for hold_id in (theirs["id"], over["id"], taken["id"], "hold_never"):
        refused = await investigator.post("/v1/requests", body(hold_id))
        assert (refused.status_code, refused.json()["code"]) == (422, "hold_unknown"), hold_id
    words = {(await investigator.post("/v1/requests", body(i))).json()["detail"] for i in (theirs["id"],)}
    assert words == {f"there is no hold {theirs['id']}"}
    twice = await investigator.post("/v1/requests", body(taken["id"], taken["id"]))
    assert twice.json()["code"] == "invalid"


async def test_one_refused_hold_leaves_the_others_as_they_were(
    broker: TestBroker, operator: SignedIn, investigator: SignedIn
) -> None:
    good, over = await order(operator, "rail-cctv:r1"), await order(operator, "rail-cctv:r2")
    await operator.http.delete(f"/v1/holds/{over['id']}", headers=operator.headers())
    assert (await investigator.post("/v1/requests", body(good["id"], over["id"]))).status_code == 422
    assert (await in_ledger(broker, good["id"])).request_id is None


async def test_a_hold_gives_nobody_a_right_to_the_clip(broker: TestBroker, operator: SignedIn) -> None:
    hold = await order(operator, "rail-cctv:r1")
    refused = await operator.post("/v1/requests", body(hold["id"]))
    assert (refused.status_code, refused.json()["code"]) == (403, "role_denied")
    investigator = await broker.officer("police", Role.INVESTIGATOR)
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    await agree(broker, custodian, actions=("locate", "hold"))
    refused = await investigator.post("/v1/requests", body(hold["id"]))
    assert (refused.status_code, refused.json()["code"]) == (403, "action_denied")
    assert (await in_ledger(broker, hold["id"])).request_id is None


async def test_its_author_is_reminded_once_before_it_ends(broker: TestBroker, operator: SignedIn) -> None:
    hold = await order(operator, "rail-cctv:r1")
    released = await order(operator, "rail-cctv:r2")
    await broker.work()
    await operator.http.delete(f"/v1/holds/{released['id']}", headers=operator.headers())
    other = await broker.officer("police", Role.OPERATOR)

    async def told(officer: SignedIn) -> list[tuple[str, str]]:
        notices = (await officer.get("/v1/notices")).json()["notices"]
        return [(notice["kind"], notice["subject"]) for notice in notices]

    assert await told(operator) == []
    broker.clock.advance(hours=24)
    assert (await show(operator, hold["id"]))["held"]["until"] == (
        (NOW + timedelta(hours=48)).isoformat().replace("+00:00", "Z")
    )
    for _ in range(3):
        await broker.work()
        broker.clock.advance(hours=1)
    assert await told(operator) == [("hold_ends", hold["id"])]
    assert await told(other) == []


async def test_holds_of_one_order_are_listed_together(broker: TestBroker, operator: SignedIn) -> None:
    await order(operator, "rail-cctv:r1")
    body_ = {
        "camera_ids": ["rail-cctv:r1", "rail-cctv:r2"],
        "interval": str(minutes(-3, -1)),
        "reason": "Seen",
    }
    ordered = (await operator.post("/v1/holds", body_)).json()["holds"]
    broker.rail.footage["r2"] = []
    await broker.work()
    path = f"/v1/holds?order={ordered[0]['order_id']}"
    listed = (await operator.get(path)).json()["holds"]
    assert {hold["camera_id"]: hold["held"]["state"] for hold in listed} == {
        "rail-cctv:r1": "held",
        "rail-cctv:r2": "failed",
    }
    other = await broker.officer("police", Role.OPERATOR)
    assert (await other.get(path)).json()["holds"] == []
