"""Refused attempts reach the owner's auditors, and tell the asker's auditors no more than the asker learned."""

import json
from typing import Any

import pytest

from broker.agencies.models import Role
from tests.world import LAST_MINUTES, SignedIn, TestBroker, submission


async def denied(auditor: SignedIn) -> list[dict[str, Any]]:
    found = (await auditor.get("/v1/audit/entries?limit=1000")).json()["entries"]
    return [entry for entry in found if entry["decision"] == "denied"]


async def look(officer: SignedIn, camera_id: str) -> None:
    assert (await officer.get(f"/v1/cameras/{camera_id}")).status_code == 404


async def ask(officer: SignedIn, camera_id: str) -> None:
    assert (await officer.post("/v1/requests", submission([camera_id], LAST_MINUTES))).status_code == 422


async def hold(officer: SignedIn, camera_id: str) -> None:
    body = {"camera_ids": [camera_id], "interval": str(LAST_MINUTES), "reason": "Theft"}
    assert (await officer.post("/v1/holds", body)).status_code == 422


@pytest.mark.parametrize("attempt", [look, ask, hold])
async def test_the_owner_sees_that_somebody_reached_for_a_hidden_camera(
    broker: TestBroker, attempt: Any
) -> None:
    investigator = await broker.officer("police", Role.INVESTIGATOR)
    owner, other = await broker.officer("rail", Role.AUDITOR), await broker.officer("metro", Role.AUDITOR)
    await attempt(investigator, "rail-cctv:secret")
    (seen,) = await denied(owner)
    assert (seen["objects"], seen["owners"], seen["agency"]) == (["rail-cctv:secret"], ["rail"], "police")
    assert await denied(other) == []


@pytest.mark.parametrize("attempt", [look, ask, hold])
async def test_the_askers_auditor_cannot_tell_a_hidden_camera_from_one_that_is_not_there(
    broker: TestBroker, attempt: Any
) -> None:
    investigator = await broker.officer("police", Role.INVESTIGATOR)
    auditor = await broker.officer("police", Role.AUDITOR)
    await attempt(investigator, "rail-cctv:secret")
    await attempt(investigator, "rail-cctv:absent")
    hidden, absent = await denied(auditor)
    for entry in (hidden, absent):
        del entry["sequence"], entry["objects"], entry["parts"]
        entry["leaf"] = len(json.loads(entry["leaf"])["commitments"])
    assert hidden == absent


async def test_the_owner_sees_that_somebody_reached_for_a_request_about_its_cameras(
    broker: TestBroker,
) -> None:
    investigator = await broker.officer("police", Role.INVESTIGATOR)
    colleague = await broker.officer("police", Role.INVESTIGATOR)
    owner = await broker.officer("rail", Role.AUDITOR)
    created = (await investigator.post("/v1/requests", submission(["rail-cctv:r1"], LAST_MINUTES))).json()
    assert (await colleague.get(f"/v1/requests/{created['id']}")).status_code == 404
    (seen,) = await denied(owner)
    assert (seen["action"], seen["officer_id"]) == ("read_request", colleague.id)
