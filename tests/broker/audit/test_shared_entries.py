"""Three agencies meet in one request; each owner's auditor reads of it what is theirs, and nothing of the other."""

import json
from typing import Any

import pytest

from broker.agencies.models import Role
from tests.world import LAST_MINUTES, SignedIn, TestBroker, submission

OTHER = {"rail": "metro", "metro": "rail"}


async def entries(broker: TestBroker, agency: str) -> list[dict[str, Any]]:
    auditor = await broker.officer(agency, Role.AUDITOR)
    found = (await auditor.get("/v1/audit/entries?limit=1000")).json()["entries"]
    return [entry for entry in found if entry["action"] != "read_log"]


async def done(officer: SignedIn, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await officer.post(path, body)
    assert answer.status_code in (200, 201), answer.text
    created: dict[str, Any] = answer.json()
    return created


async def everything_at_once(broker: TestBroker) -> None:
    """Each entry that several agencies may read, written by the ways that write it."""
    administrator = await broker.officer("town", Role.ADMINISTRATOR)
    police = await broker.officer("police", Role.INVESTIGATOR)
    owners = {name: await broker.officer(name, Role.CUSTODIAN) for name in OTHER}
    cameras = ["rail-cctv:r1", "metro-cctv:m1"]
    assert (await police.get("/v1/cameras?lat=48.8809&lon=2.3553&radius_m=50")).status_code == 200
    await done(police, "/v1/holds", {"camera_ids": cameras, "interval": str(LAST_MINUTES), "reason": "Seen"})
    request_id = (await done(police, "/v1/requests", submission(cameras, LAST_MINUTES)))["id"]
    await broker.work()
    for custodian in owners.values():
        await custodian.get(f"/v1/requests/{request_id}", None)
        await done(custodian, f"/v1/requests/{request_id}/approve", {"reason": "Checked"})
    await broker.work()
    for name in ("clips/1.1.mp4", "clips/2.1.mp4", "bundle.zip"):
        assert (await police.get(f"/v1/requests/{request_id}/{name}", None)).status_code == 200
    for path in ("/v1/agreements", "/v1/officers", "/v1/networks"):
        assert (await administrator.get(path)).status_code == 200, path


async def ids_of(broker: TestBroker, agency: str) -> set[str]:
    """What names things of this agency: its camera, its holds, its agreement, its people."""
    custodian = await broker.officer(agency, Role.CUSTODIAN)
    holds = (await custodian.get("/v1/holds")).json()["holds"]
    people = await broker.broker.services.officers.list_officers()
    assert len(holds) == 2
    return {
        f"{agency}-police",
        f"{agency}-cctv",
        *(hold["id"] for hold in holds),
        *(officer.id for officer in people if officer.agency == agency),
    }


@pytest.mark.parametrize("agency", sorted(OTHER))
async def test_an_owner_reads_nothing_of_another_owner_in_the_entries_that_they_share(
    broker: TestBroker, agency: str
) -> None:
    await everything_at_once(broker)
    read = await entries(broker, agency)
    text = json.dumps(read)
    assert [
        name for name in await ids_of(broker, OTHER[agency]) if f'"{name}' in text or f" {name}" in text
    ] == []
    owners = {owner for entry in read for owner in entry["owners"]}
    assert owners == {agency, "police"}, "a decision concerns the requester, and nothing another owner"
    assert {entry["agency"] for entry in read} == {agency, "police", "town", None}


@pytest.mark.parametrize("agency", sorted(OTHER))
async def test_an_owner_reads_everything_of_its_own_in_them(broker: TestBroker, agency: str) -> None:
    await everything_at_once(broker)
    by_action = {entry["action"]: entry for entry in await entries(broker, agency)}
    own = await ids_of(broker, agency)
    holds = {name for name in own if name.startswith("hold_")}
    camera = {"rail": "rail-cctv:r1", "metro": "metro-cctv:m1"}[agency]
    held = set(by_action["order_hold"]["objects"])
    assert len(held & holds) == 1
    assert held - holds == {camera}
    submitted = by_action["submit_request"]
    assert submitted["objects"] == [submitted["request_id"], camera]
    assert submitted["basis"] == [f"{agency}-police"]
    assert camera in by_action["search"]["objects"]
    assert by_action["search"]["basis"] == [f"{agency}-police"]
    assert by_action["list_agreements"]["objects"] == [f"{agency}-police@1"]
    assert set(by_action["list_officers"]["objects"]) == own & set(by_action["list_officers"]["objects"])
    assert by_action["list_officers"]["objects"]
    assert by_action["fetch_clip"]["basis"] == ["judicial_requisition:R-1"]
    assert len(by_action["fetch_clip"]["objects"]) == 3


@pytest.mark.parametrize("agency", sorted(OTHER))
async def test_what_is_done_with_another_owners_item_is_no_entry_of_ones_own(
    broker: TestBroker, agency: str
) -> None:
    await everything_at_once(broker)
    read = await entries(broker, agency)
    for action in ("decide_approved", "fetch_clip", "make_clips"):
        assert len([entry for entry in read if entry["action"] == action]) == 1, action
    (decided,) = [entry for entry in read if entry["action"] == "decide_approved"]
    assert decided["agency"] == agency


async def test_the_askers_auditor_reads_what_their_officer_saw_whole(broker: TestBroker) -> None:
    await everything_at_once(broker)
    by_action = {entry["action"]: entry for entry in await entries(broker, "police")}
    assert by_action["submit_request"]["basis"] == ["metro-police", "rail-police"]
    assert by_action["submit_request"]["objects"][1:] == ["rail-cctv:r1", "metro-cctv:m1"]
    assert by_action["submit_request"]["owners"] == ["metro", "rail"]
