"""A dry run tells what activating a proposal changes: to the owner's custodian, and exactly what then happens."""

import pytest

from broker.agencies.models import Role, Terms
from tests.broker.agencies.rights import agreement
from tests.world import TestBroker


def terms(**more: object) -> Terms:
    known = {"owner": "rail", "partners": ("police", "town"), "actions": ("locate", "view_live")}
    return agreement(**(known | more)).terms


async def located(broker: TestBroker, agency: str, purpose: str) -> dict[str, set[str]]:
    officer = await broker.officer(agency, Role.OPERATOR, Role.INVESTIGATOR)
    found = await officer.get("/v1/cameras", purpose, params={"bbox": "2,48,3,49", "agency": "rail"})
    return {each["id"]: set(each["properties"]["actions"]) for each in found.json()["features"]}


async def test_it_tells_what_then_happens(broker: TestBroker) -> None:
    await broker.synchronise()
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    await broker.broker.services.agreements.propose("rail-police", terms(purposes=("public_safety",)), None)
    told = (await custodian.get("/v1/agreements/rail-police/dry-run")).json()
    changes = {
        (camera["camera_id"], each["agency"], each["purpose"]): (set(each["gained"]), set(each["lost"]))
        for camera in told["cameras"]
        for each in camera["changes"]
    }
    seen = [(a, p) for a in ("police", "town") for p in ("public_safety", "judicial_inquiry")]
    before = {key: await located(broker, *key) for key in seen}
    await custodian.post("/v1/agreements/rail-police/activate", None)
    after = {key: await located(broker, *key) for key in seen}
    happened = {}
    for agency, purpose in seen:
        for camera in ("rail-cctv:r1", "rail-cctv:r2", "rail-cctv:secret"):
            was = before[agency, purpose].get(camera, set())
            now = after[agency, purpose].get(camera, set())
            if was != now:
                happened[camera, agency, purpose] = (now - was, was - now)
    offered = {"locate", "view_snapshot", "hold", "request_clip"}  # what the network offers
    assert {k: (g & offered, lost & offered) for k, (g, lost) in changes.items()} == {
        k: (g & offered, lost & offered) for k, (g, lost) in happened.items()
    }
    assert ("rail-cctv:r1", "town", "public_safety") in happened
    assert not any(camera == "rail-cctv:secret" for camera, *_ in changes)
    assert {(c["agency"], c["action"], c["gained"], c["lost"]) for c in told["counts"]} >= {
        ("town", "locate", 2, 0),
        ("police", "locate", 0, 2),
    }


async def test_its_cameras_come_in_pages(broker: TestBroker) -> None:
    await broker.synchronise()
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    await broker.broker.services.agreements.propose("rail-town", terms(partners=("town",)), None)
    first = (await custodian.get("/v1/agreements/rail-town/dry-run", params={"limit": 1})).json()
    (link,) = first["links"]
    second = (await custodian.get(link["href"])).json()
    assert [c["camera_id"] for page in (first, second) for c in page["cameras"]] == [
        "rail-cctv:r1",
        "rail-cctv:r2",
    ]
    assert second["links"] == []


@pytest.mark.parametrize(
    ("agency", "role", "status", "code"),
    [
        ("town", Role.CUSTODIAN, 403, "action_denied"),
        ("metro", Role.CUSTODIAN, 404, "not_found"),
        ("rail", Role.OPERATOR, 403, "role_denied"),
        ("rail", Role.ADMINISTRATOR, 403, "role_denied"),
        ("rail", Role.AUDITOR, 403, "role_denied"),
    ],
)
async def test_nobody_else_is_told(
    broker: TestBroker, agency: str, role: Role, status: int, code: str
) -> None:
    await broker.synchronise()
    await broker.broker.services.agreements.propose("rail-town", terms(partners=("town",)), None)
    answer = await (await broker.officer(agency, role)).get("/v1/agreements/rail-town/dry-run")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_what_is_in_force_already_has_no_dry_run(broker: TestBroker) -> None:
    await broker.synchronise()
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    answer = await custodian.get("/v1/agreements/rail-police/dry-run")
    assert (answer.status_code, answer.json()["code"]) == (409, "state_conflict")
