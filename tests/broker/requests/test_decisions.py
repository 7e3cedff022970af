"""Who decides on what, once, with which consequences for items and holds."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis

from adapters.contract.models import Interval
from broker.agencies.models import Role
from tests.broker.requests.people import decide, in_ledger, shown, submit
from tests.world import LAST_MINUTES, SignedIn, TestBroker, open_test_broker, settings, submission

MIDDLE = Interval(
    start=LAST_MINUTES.start + timedelta(seconds=30), end=LAST_MINUTES.start + timedelta(seconds=60)
)


@pytest.fixture
async def investigator(broker: TestBroker) -> SignedIn:
    return await broker.officer("police", Role.INVESTIGATOR)


@pytest.fixture
async def custodian(broker: TestBroker) -> SignedIn:
    return await broker.officer("rail", Role.CUSTODIAN)


async def test_each_owner_sees_and_decides_their_own_items_only(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn
) -> None:
    metro = await broker.officer("metro", Role.CUSTODIAN)
    request_id = (await submit(investigator, "rail-cctv:r1", "metro-cctv:m1"))["id"]
    assert [i["camera_id"] for i in (await shown(custodian, request_id))["items"]] == ["rail-cctv:r1"]
    assert [i["n"] for i in (await shown(metro, request_id))["items"]] == [2]
    others = await decide(custodian, "approve", request_id, {"n": 2})
    missing = await decide(custodian, "approve", request_id, {"n": 3})
    assert (others.status_code, others.json()["code"]) == (404, "not_found")
    assert others.text.replace("item 2", "item 3") == missing.text
    assert (await decide(metro, "deny", request_id)).json()["items"][0]["state"] == "denied"
    request = await in_ledger(broker, request_id)
    assert [item.state for item in request.items] == ["pending", "denied"]


@pytest.mark.parametrize(
    ("agency", "role"),
    [
        ("town", Role.CUSTODIAN),
        ("metro", Role.CUSTODIAN),
        ("rail", Role.OPERATOR),
        ("rail", Role.INVESTIGATOR),
        ("rail", Role.AUDITOR),
        ("rail", Role.ADMINISTRATOR),
        ("police", Role.CUSTODIAN),
        ("police", Role.INVESTIGATOR),
    ],
)
async def test_for_everybody_else_there_is_no_such_request(
    broker: TestBroker, investigator: SignedIn, agency: str, role: Role
) -> None:
    request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
    stranger = await broker.officer(agency, role)
    for path in ("", "/clips/1.1.mp4", "/bundle.zip"):
        there = await stranger.get(f"/v1/requests/{request_id}{path}", None)
        missing = await stranger.get(f"/v1/requests/req_999999{path}", None)
        assert there.status_code == missing.status_code == 404
        assert there.text.replace(request_id, "req_999999") == missing.text
    for verb in ("approve", "deny", "cancel"):
        answer = await decide(stranger, verb, request_id)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    listed = await stranger.get("/v1/requests")
    assert listed.status_code == 403 or listed.json()["requests"] == []


async def test_the_requester_does_not_decide_and_the_owner_does_not_withdraw(
    investigator: SignedIn, custodian: SignedIn
) -> None:
    request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
    answer = await decide(investigator, "approve", request_id)
    assert (answer.status_code, answer.json()["code"]) == (403, "role_denied")
    answer = await decide(custodian, "cancel", request_id)
    assert (answer.status_code, answer.json()["code"]) == (403, "role_denied")


async def test_nobody_decides_on_their_own_request(broker: TestBroker, custodian: SignedIn) -> None:
    both = await broker.officer("rail", Role.INVESTIGATOR, Role.CUSTODIAN)
    request_id = (await submit(both, "rail-cctv:r1"))["id"]
    for verb in ("approve", "deny"):
        answer = await decide(both, verb, request_id)
        assert (answer.status_code, answer.json()["code"]) == (403, "own_request")
    assert (await decide(custodian, "approve", request_id)).status_code == 200


async def test_of_two_decisions_at_the_same_moment_one_counts(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn
) -> None:
    other = await broker.officer("rail", Role.CUSTODIAN)
    request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
    answers = await asyncio.gather(
        decide(custodian, "approve", request_id), decide(other, "deny", request_id)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert next(a for a in answers if a.status_code == 409).json()["code"] == "state_conflict"
    assert len((await in_ledger(broker, request_id)).items[0].decisions) == 1


async def test_a_decision_names_items_that_exist_once_and_are_pending(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn
) -> None:
    request_id = (await submit(investigator, "rail-cctv:r1", "rail-cctv:r2"))["id"]
    twice = await decide(custodian, "approve", request_id, {"n": 1}, {"n": 1})
    assert (twice.status_code, twice.json()["code"]) == (422, "invalid")
    one_missing = await decide(custodian, "approve", request_id, {"n": 1}, {"n": 9})
    assert one_missing.status_code == 404
    assert [i.state for i in (await in_ledger(broker, request_id)).items] == ["pending", "pending"]
    assert (await decide(custodian, "deny", request_id, {"n": 1})).status_code == 200
    again = await decide(custodian, "approve", request_id, {"n": 1}, {"n": 2})
    assert (again.status_code, again.json()["code"]) == (409, "state_conflict")
    assert [i.state for i in (await in_ledger(broker, request_id)).items] == ["denied", "pending"]
    rest = await decide(custodian, "approve", request_id)
    assert [item["state"] for item in rest.json()["items"]] == ["denied", "approved"]


async def test_a_shortened_approval_is_what_is_delivered(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn
) -> None:
    request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
    outside = Interval(start=LAST_MINUTES.start - timedelta(seconds=1), end=LAST_MINUTES.end)
    answer = await decide(custodian, "approve", request_id, {"n": 1, "interval": str(outside)})
    assert (answer.status_code, answer.json()["code"]) == (422, "interval_outside")
    answer = await decide(custodian, "approve", request_id, {"n": 1, "interval": str(MIDDLE)})
    assert answer.json()["items"][0]["decision"]["interval"] == str(MIDDLE)
    await broker.work()
    item = (await shown(investigator, request_id))["items"][0]
    assert item["delivered"] == [str(MIDDLE)]
    assert item["requested"] == str(LAST_MINUTES)
    assert item["held"]["interval"] == str(LAST_MINUTES)
    assert item["available"] == [str(LAST_MINUTES)]
    assert item["decision"]["reason"] == "Because"


async def test_two_persons_are_two_custodians_and_grant_what_both_grant(tmp_path: Path, redis: Redis) -> None:
    configured = settings(tmp_path)
    strict = tuple(a.model_copy(update={"approval": "two_person"}) for a in configured.agreement)
    configured = configured.model_copy(update={"agreement": strict})
    async with open_test_broker(tmp_path, redis, configuration=configured) as broker:
        await broker.synchronise()
        investigator = await broker.officer("police", Role.INVESTIGATOR)
        first, second = [await broker.officer("rail", Role.CUSTODIAN) for _ in range(2)]
        request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
        half = await decide(first, "approve", request_id, {"n": 1, "interval": str(MIDDLE)})
        assert half.json()["items"][0]["state"] == "pending"
        assert half.json()["items"][0]["decision"]["needed"] == 2
        again = await decide(first, "approve", request_id)
        assert (again.status_code, again.json()["code"]) == (409, "state_conflict")
        late = Interval(start=MIDDLE.end, end=LAST_MINUTES.end)
        apart = await decide(second, "approve", request_id, {"n": 1, "interval": str(late)})
        assert (apart.status_code, apart.json()["code"]) == (422, "interval_outside")
        whole = await decide(second, "approve", request_id)
        item = whole.json()["items"][0]
        assert (item["state"], item["decision"]["interval"]) == ("approved", str(MIDDLE))
        assert len(item["decision"]["by"]) == 2


async def test_an_approval_goes_with_the_designation_of_who_gave_it(tmp_path: Path, redis: Redis) -> None:
    configured = settings(tmp_path)
    strict = tuple(a.model_copy(update={"approval": "two_person"}) for a in configured.agreement)
    configured = configured.model_copy(update={"agreement": strict})
    async with open_test_broker(tmp_path, redis, configuration=configured) as broker:
        await broker.synchronise()
        investigator = await broker.officer("police", Role.INVESTIGATOR)
        until = broker.clock.now() + timedelta(hours=1)
        leaving = await broker.officer("rail", Role.CUSTODIAN, until=until)
        second, third = [await broker.officer("rail", Role.CUSTODIAN) for _ in range(2)]
        request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
        await decide(leaving, "approve", request_id, {"n": 1, "interval": str(MIDDLE)})
        broker.clock.advance(hours=1)
        alone = await decide(second, "approve", request_id)
        assert alone.json()["items"][0]["state"] == "pending"
        item = (await decide(third, "approve", request_id)).json()["items"][0]
        assert (item["state"], item["decision"]["interval"]) == ("approved", str(LAST_MINUTES))


async def test_an_automatic_agreement_needs_no_custodian(tmp_path: Path, redis: Redis) -> None:
    configured = settings(tmp_path)
    open_handed = tuple(a.model_copy(update={"approval": "automatic"}) for a in configured.agreement)
    configured = configured.model_copy(update={"agreement": open_handed})
    async with open_test_broker(tmp_path, redis, configuration=configured) as broker:
        await broker.synchronise()
        investigator = await broker.officer("police", Role.INVESTIGATOR)
        body = await submit(investigator, "rail-cctv:r1")
        assert (body["state"], body["items"][0]["decision"]["needed"]) == ("approved", 0)
        await broker.work()
        assert (await shown(investigator, body["id"]))["state"] == "completed"


async def test_a_denial_releases_the_hold_after_the_agreements_grace(tmp_path: Path, redis: Redis) -> None:
    configured = settings(tmp_path)
    patient = tuple(a.model_copy(update={"grace_days": 2.0}) for a in configured.agreement)
    configured = configured.model_copy(update={"agreement": patient})
    async with open_test_broker(tmp_path, redis, configuration=configured) as broker:
        await broker.synchronise()
        investigator = await broker.officer("police", Role.INVESTIGATOR)
        custodian = await broker.officer("rail", Role.CUSTODIAN)
        request_id = (await submit(investigator, "rail-cctv:r1", judicial=False))["id"]
        await broker.work()
        await decide(custodian, "deny", request_id)
        for days, state in ((1.9, "held"), (0.2, "released")):
            broker.clock.advance(days=days)
            await broker.work()
            assert (await shown(investigator, request_id))["items"][0]["held"]["state"] == state
        assert broker.rail.holds == {}


async def test_a_judicial_hold_outlives_denial_and_delivery_until_its_requester_releases_it(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn
) -> None:
    request_id = (await submit(investigator, "rail-cctv:r1", "rail-cctv:r2"))["id"]
    await broker.work()
    await decide(custodian, "deny", request_id, {"n": 1})
    await decide(custodian, "approve", request_id, {"n": 2})
    broker.clock.advance(days=90)
    await broker.work()
    request = await in_ledger(broker, request_id)
    assert [item.state for item in request.items] == ["denied", "completed"]
    assert [item.hold and item.hold.state for item in request.items] == ["held", "held"]
    for item in request.items:
        refused = await custodian.http.delete(f"/v1/holds/{item.hold_id}", headers=custodian.headers())
        assert (refused.status_code, refused.json()["code"]) == (403, "judicial_hold")
        answer = await investigator.http.delete(f"/v1/holds/{item.hold_id}", headers=investigator.headers())
        assert answer.status_code == 200
    await broker.work()
    assert broker.rail.holds == {}


async def test_the_requester_withdraws_items_at_once_and_finished_ones_no_more(
    broker: TestBroker, investigator: SignedIn
) -> None:
    request_id = (await submit(investigator, "rail-cctv:r1", "rail-cctv:r2"))["id"]
    one = await decide(investigator, "cancel", request_id, {"n": 1})
    assert [item["state"] for item in one.json()["items"]] == ["cancelled", "pending"]
    assert (await decide(investigator, "cancel", request_id, {"n": 7})).status_code == 404
    rest = await decide(investigator, "cancel", request_id)
    assert rest.json()["state"] == "cancelled"
    again = await decide(investigator, "cancel", request_id)
    assert (again.status_code, again.json()["code"]) == (409, "state_conflict")
    await broker.work()
    assert broker.rail.calls.count("place_hold") == 0, "a withdrawn order is never carried out"
    assert [i.hold and i.hold.state for i in (await in_ledger(broker, request_id)).items] == ["released"] * 2


async def test_an_agreement_that_ends_stops_what_was_not_made_yet(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn
) -> None:
    request_id = (await submit(investigator, "rail-cctv:r1", judicial=False))["id"]
    await decide(custodian, "approve", request_id)
    assert (await custodian.post("/v1/agreements/rail-police/end", {})).status_code == 200
    await broker.work()
    item = (await shown(investigator, request_id))["items"][0]
    assert (item["state"], item["clips"]) == ("cancelled", [])
    assert "right" in item["state_reason"]
    assert broker.rail.holds == {}


async def test_every_change_by_a_person_is_in_the_log(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn
) -> None:
    first = (await submit(investigator, "rail-cctv:r1"))["id"]
    await decide(custodian, "approve", first)
    await decide(investigator, "cancel", first)
    second = (await submit(investigator, "rail-cctv:r1"))["id"]
    await decide(custodian, "deny", second)
    auditor = await broker.officer("rail", Role.AUDITOR)
    listed = (await auditor.get("/v1/audit/entries?limit=1000")).json()["entries"]
    actions = [entry["action"] for entry in listed if entry["decision"] == "allowed"]
    for action in ("submit_request", "decide_approved", "cancel_request", "decide_denied"):
        assert action in actions


async def test_after_a_designation_ends_its_officer_submits_and_withdraws_nothing(
    broker: TestBroker,
) -> None:
    ends = broker.clock.now() + timedelta(hours=1)
    officer = await broker.officer("police", Role.INVESTIGATOR, until=ends)
    request_id = (await submit(officer, "rail-cctv:r1"))["id"]
    broker.clock.advance(hours=1)
    assert (await officer.post("/v1/requests", submission(["rail-cctv:r1"], LAST_MINUTES))).status_code == 401
    assert (await decide(officer, "cancel", request_id)).status_code == 401
