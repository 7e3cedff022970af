"""What a clever insider tries: other owners' items, other places, one person for two, rights that have ended."""

import asyncio
from contextlib import suppress
from datetime import timedelta

from adapters.contract.models import Interval, PlaceRecord, Position
from broker.agencies.models import NewOfficer, Role
from tests.world import LAST_MINUTES, NOW, SignedIn, TestBroker, submission


async def test_an_owner_learns_nothing_of_the_other_owners_items(broker: TestBroker) -> None:
    investigator = await broker.officer("police", Role.INVESTIGATOR)
    rail, metro = await broker.officer("rail", Role.CUSTODIAN), await broker.officer("metro", Role.CUSTODIAN)
    body = submission(["rail-cctv:r1", "metro-cctv:m1"], LAST_MINUTES)
    request_id = (await investigator.post("/v1/requests", body)).json()["id"]
    assert (await rail.get("/v1/requests?owner=metro")).json()["requests"] == []
    assert len((await rail.get("/v1/requests?owner=rail")).json()["requests"]) == 1
    await rail.post(f"/v1/requests/{request_id}/deny", {"reason": "No"}, None)
    before = (await rail.get(f"/v1/requests/{request_id}", None)).json()
    await metro.post(f"/v1/requests/{request_id}/deny", {"reason": "No"}, None)
    after = (await rail.get(f"/v1/requests/{request_id}", None)).json()
    assert (
        (before["state"], before["finished_at"]) == (after["state"], after["finished_at"]) == ("denied", None)
    )
    assert (await investigator.get(f"/v1/requests/{request_id}")).json()["finished_at"] is not None


async def test_places_of_a_network_that_is_not_shared_are_as_unknown_as_its_cameras(
    broker: TestBroker,
) -> None:
    post = PlaceRecord(native_id="post", name="Covert post", position=Position(lat=48.88, lon=2.35))
    broker.rail.places.append(post)
    await broker.synchronise()
    stranger, partner = (
        await broker.officer("town", Role.OPERATOR),
        await broker.officer("police", Role.OPERATOR),
    )
    assert (await stranger.get("/v1/places?q=covert")).json()["places"] == []
    near = "/v1/cameras?place=rail-cctv:post&radius_m=50"
    assert (await stranger.get(near)).status_code == 404
    assert [p["id"] for p in (await partner.get("/v1/places?q=covert")).json()["places"]] == [
        "rail-cctv:post"
    ]
    assert (await partner.get(near)).status_code == 200


async def second_designation(broker: TestBroker, of: SignedIn, *roles: Role) -> SignedIn:
    """The same person again: same agency, service and personnel number."""
    officers = await broker.broker.services.officers.list_officers()
    known = next(officer for officer in officers if officer.id == of.id)
    new = NewOfficer(
        agency=known.agency,
        name=known.name,
        service=known.service,
        personnel_number=known.personnel_number,
        roles=frozenset(roles),
        designated_by="tests",
    )
    added, issued = await broker.broker.services.officers.add_officer(new)
    return SignedIn(added.id, issued.token, broker.http)


async def test_a_person_who_is_designated_twice_does_not_decide_on_their_own_request(
    broker: TestBroker,
) -> None:
    investigator = await broker.officer("rail", Role.INVESTIGATOR)
    same = await second_designation(broker, investigator, Role.CUSTODIAN)
    body = submission(["rail-cctv:r1"], LAST_MINUTES)
    request_id = (await investigator.post("/v1/requests", body)).json()["id"]
    answer = await same.post(f"/v1/requests/{request_id}/approve", {"reason": "Mine"}, None)
    assert (answer.status_code, answer.json()["code"]) == (403, "own_request")


async def test_an_administrator_makes_no_officer_of_another_agency(broker: TestBroker) -> None:
    administrator = await broker.officer("police", Role.ADMINISTRATOR)
    body = {"name": "Test", "service": "Tests", "personnel_number": "T-9", "roles": ["custodian"]}
    answer = await administrator.post("/v1/officers", body | {"agency": "rail"})
    assert (answer.status_code, answer.json()["code"]) == (403, "role_denied")
    assert (await administrator.post("/v1/officers", body | {"agency": "police"})).status_code == 201
    rail = await broker.officer("rail", Role.OPERATOR)
    address = f"/v1/officers/{rail.id}/tokens"
    assert (await broker.http.delete(address, headers=administrator.headers())).status_code == 404
    assert (await rail.get("/v1/me")).status_code == 200


async def test_an_urgent_hold_is_no_longer_than_a_clip_may_be(broker: TestBroker) -> None:
    operator = await broker.officer("police", Role.OPERATOR)
    years = Interval(start=NOW - timedelta(days=9000), end=NOW - timedelta(minutes=1))
    body = {"camera_ids": ["rail-cctv:r1"], "interval": str(years), "reason": "All of it"}
    answer = await operator.post("/v1/holds", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "interval_too_long")


async def test_a_right_that_ends_while_the_bundle_is_waited_for_is_gone(broker: TestBroker) -> None:
    investigator = await broker.officer("police", Role.INVESTIGATOR)
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    body = submission(["rail-cctv:r1"], LAST_MINUTES)
    request_id = (await investigator.post("/v1/requests", body)).json()["id"]
    await custodian.post(f"/v1/requests/{request_id}/approve", {"reason": "Checked"}, None)
    keys = broker.broker.services.settings.broker.data / "keys" / "rail"
    keys.write_text("a file where the agency's keys should be: nothing can be sealed yet")
    with suppress(Exception):
        await broker.work()
    assert (await investigator.get(f"/v1/requests/{request_id}")).json()["state"] == "completed"
    fetching = asyncio.create_task(investigator.get(f"/v1/requests/{request_id}/bundle.zip", None))
    _, waiting = await asyncio.wait({fetching}, timeout=0.5)
    assert waiting, "there is no bundle yet, so the fetch waits"
    await custodian.post("/v1/agreements/rail-police/end", {})
    keys.unlink()
    broker.clock.advance(minutes=10)
    await broker.work()
    answer = await fetching
    assert (answer.status_code, answer.json()["code"]) == (403, "agreement_ended")
