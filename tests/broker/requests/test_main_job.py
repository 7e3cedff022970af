"""The main job over HTTP, in one process: search, request, hold, approve, cut, seal, fetch, verify."""

from pathlib import Path

import pytest

from broker.agencies.models import Role
from broker.evidence.bundle.verify import verify_file
from tests.world import LAST_MINUTES, TestBroker, submission


async def test_a_request_comes_back_as_a_bundle_that_verifies(broker: TestBroker, tmp_path: Path) -> None:
    investigator = await broker.officer("police", Role.INVESTIGATOR)
    custodian = await broker.officer("rail", Role.CUSTODIAN)

    found = (await investigator.get("/v1/cameras?lat=48.8809&lon=2.3553&radius_m=100")).json()
    assert [f["id"] for f in found["features"]] == [
        "metro-cctv:m1",
        "police-list:p1",
        "rail-cctv:r1",
        "rail-cctv:r2",
    ]

    answer = await investigator.post("/v1/requests", submission(["rail-cctv:r1"], LAST_MINUTES))
    assert answer.status_code == 201, answer.text
    request_id = answer.json()["id"]
    assert answer.json()["items"][0]["held"]["state"] == "ordered"

    await broker.work()
    shown = (await investigator.get(f"/v1/requests/{request_id}")).json()
    assert shown["state"] == "pending"
    assert shown["items"][0]["held"]["state"] == "held"
    assert shown["items"][0]["available"] == [str(LAST_MINUTES)]

    approved = await custodian.post(f"/v1/requests/{request_id}/approve", {"reason": "Checked"}, None)
    assert approved.status_code == 200, approved.text
    await broker.work()
    shown = (await investigator.get(f"/v1/requests/{request_id}")).json()
    assert shown["state"] == "completed", shown["items"][0]["state_reason"]
    assert [clip["name"] for clip in shown["items"][0]["clips"]] == ["1.1"]

    bundle = await investigator.get(f"/v1/requests/{request_id}/bundle.zip", None)
    assert bundle.status_code == 200
    file = tmp_path / "bundle.zip"
    file.write_bytes(bundle.content)
    verification = verify_file(file)
    assert verification.ok, [finding.sentence for finding in verification.findings]


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.AUDITOR, Role.ADMINISTRATOR, Role.CUSTODIAN, Role.DPO])
async def test_only_an_investigator_submits(broker: TestBroker, role: Role) -> None:
    officer = await broker.officer("police", role)
    answer = await officer.post("/v1/requests", submission(["rail-cctv:r1"], LAST_MINUTES))
    assert (answer.status_code, answer.json()["code"]) == (403, "role_denied")
