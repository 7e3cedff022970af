"""Clips and bundles go to who asked for them, whole or by ranges, while the right lasts; each fetch is logged."""

from pathlib import Path
from typing import Any

import pytest

from broker.agencies.models import Role
from broker.errors import Problem
from broker.evidence.bundle.verify import verify_file
from tests.broker.requests.people import decide, in_ledger, shown, submit
from tests.world import SignedIn, TestBroker


@pytest.fixture
async def investigator(broker: TestBroker) -> SignedIn:
    return await broker.officer("police", Role.INVESTIGATOR)


@pytest.fixture
async def custodian(broker: TestBroker) -> SignedIn:
    return await broker.officer("rail", Role.CUSTODIAN)


@pytest.fixture
async def finished(broker: TestBroker, investigator: SignedIn, custodian: SignedIn) -> str:
    """A completed and sealed request of one item."""
    request_id = str((await submit(investigator, "rail-cctv:r1"))["id"])
    await decide(custodian, "approve", request_id)
    await broker.work()
    return request_id


async def fetch(officer: SignedIn, path: str, **headers: str) -> Any:
    return await officer.http.get(path, headers=officer.headers(None, **headers))


async def log_of(broker: TestBroker, action: str, agency: str = "rail") -> list[dict[str, Any]]:
    auditor = await broker.officer(agency, Role.AUDITOR)
    entries = (await auditor.get("/v1/audit/entries?limit=1000")).json()["entries"]
    return [entry for entry in entries if entry["action"] == action]


@pytest.mark.parametrize("name", ["clips/1.1.mp4", "bundle.zip"])
async def test_any_range_is_that_part_of_the_whole(investigator: SignedIn, finished: str, name: str) -> None:
    path = f"/v1/requests/{finished}/{name}"
    whole = await fetch(investigator, path)
    assert whole.status_code == 200
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert whole.headers["Cache-Control"] == "private, no-store"
    content, etag = whole.content, whole.headers["ETag"]
    for text, part in (
        ("bytes=0-0", content[:1]),
        ("bytes=100-199", content[100:200]),
        ("bytes=100-", content[100:]),
        ("bytes=-7", content[-7:]),
        (f"bytes=5-{len(content) + 50}", content[5:]),
    ):
        answer = await fetch(investigator, path, Range=text)
        assert (answer.status_code, answer.content) == (206, part)
        assert answer.headers["ETag"] == etag
        assert answer.headers["Content-Range"].endswith(f"/{len(content)}")
        resumed = await fetch(investigator, path, **{"Range": text, "If-Range": etag})
        assert (resumed.status_code, resumed.content) == (206, part)
    other = await fetch(investigator, path, **{"Range": "bytes=0-9", "If-Range": '"other"'})
    assert (other.status_code, other.content) == (200, content)
    beyond = await fetch(investigator, path, Range=f"bytes={len(content)}-")
    assert (beyond.status_code, beyond.json()["code"]) == (416, "range_not_satisfiable")


async def test_only_the_requester_fetches(broker: TestBroker, custodian: SignedIn, finished: str) -> None:
    colleague = await broker.officer("police", Role.INVESTIGATOR)
    for name in ("clips/1.1.mp4", "bundle.zip"):
        owner = await fetch(custodian, f"/v1/requests/{finished}/{name}")
        assert owner.status_code == 403
        stranger = await fetch(colleague, f"/v1/requests/{finished}/{name}")
        assert (stranger.status_code, stranger.json()["code"]) == (404, "not_found")
    assert [entry["decision"] for entry in await log_of(broker, "fetch_clip")] == ["denied"]


async def test_a_clip_that_does_not_exist_is_not_found(investigator: SignedIn, finished: str) -> None:
    for name in ("1.2", "2.1", "99.99"):
        answer = await fetch(investigator, f"/v1/requests/{finished}/clips/{name}.mp4")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    for name in ("1", "0.1", "1.0", "..%2f1.1", "1.1.1", "-1.1"):
        answer = await fetch(investigator, f"/v1/requests/{finished}/clips/{name}.mp4")
        assert answer.status_code in (404, 422)


async def test_parts_of_finished_items_come_early_and_the_bundle_at_the_end(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn
) -> None:
    request_id = (await submit(investigator, "rail-cctv:r1", "rail-cctv:r2"))["id"]
    path = f"/v1/requests/{request_id}"
    not_yet = await fetch(investigator, f"{path}/clips/1.1.mp4")
    assert (not_yet.status_code, not_yet.json()["code"]) == (409, "not_ready")
    await decide(custodian, "approve", request_id, {"n": 1})
    await broker.work()
    assert (await shown(investigator, request_id))["state"] == "pending"
    assert (await fetch(investigator, f"{path}/clips/1.1.mp4")).status_code == 200
    bundle = await fetch(investigator, f"{path}/bundle.zip")
    assert (bundle.status_code, bundle.json()["code"]) == (409, "not_ready")
    await decide(custodian, "deny", request_id)
    await broker.work()
    assert (await shown(investigator, request_id))["state"] == "partially_completed"
    assert (await fetch(investigator, f"{path}/bundle.zip")).status_code == 200


@pytest.mark.parametrize("end", ["deny", "cancel"])
async def test_a_request_that_brought_nothing_still_has_a_bundle_that_says_so(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn, tmp_path: Path, end: str
) -> None:
    request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
    await decide(custodian if end == "deny" else investigator, end, request_id)
    await broker.work()
    answer = await fetch(investigator, f"/v1/requests/{request_id}/bundle.zip")
    assert answer.status_code == 200, answer.text
    file = tmp_path / "bundle.zip"
    file.write_bytes(answer.content)
    verification = verify_file(file)
    assert verification.ok, [finding.sentence for finding in verification.findings]


async def test_an_ended_agreement_stops_delivery_and_another_one_does_not_replace_it(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn, finished: str
) -> None:
    assert (await custodian.post("/v1/agreements/rail-police/end", {})).status_code == 200
    for name in ("clips/1.1.mp4", "bundle.zip"):
        answer = await fetch(investigator, f"/v1/requests/{finished}/{name}", Range="bytes=0-9")
        assert (answer.status_code, answer.json()["code"]) == (403, "agreement_ended")
    tried = await log_of(broker, "fetch_after_end", "police")
    assert [entry["decision"] for entry in tried] == ["denied", "denied"]
    agreements = broker.broker.services.agreements
    ended = next(a for a in await agreements.list_agreements() if a.id == "rail-police")
    await agreements.propose("other", ended.terms, None)
    activated = await custodian.post("/v1/agreements/other/activate", {})
    assert activated.status_code == 200, activated.text
    answer = await fetch(investigator, f"/v1/requests/{finished}/clips/1.1.mp4")
    assert (answer.status_code, answer.json()["code"]) == (403, "agreement_ended")


async def test_each_fetch_is_in_the_log_before_its_bytes_leave(
    broker: TestBroker, investigator: SignedIn, finished: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fetch(investigator, f"/v1/requests/{finished}/clips/1.1.mp4", Range="bytes=0-1")
    await fetch(investigator, f"/v1/requests/{finished}/bundle.zip")
    clip = (await in_ledger(broker, finished)).items[0].clips[0]
    (entry,) = await log_of(broker, "fetch_clip")
    assert entry["objects"] == [finished, "1.1", clip.sha256]
    assert len(await log_of(broker, "fetch_bundle")) == 1

    streamed: list[str] = []
    real = broker.broker.vault.stream
    monkeypatch.setattr(broker.broker.vault, "stream", lambda *a: streamed.append("bytes") or real(*a))

    async def unwritable(*_: Any) -> None:
        raise Problem("ledger_unavailable", "the log cannot be written")

    monkeypatch.setattr(broker.broker.ledger, "write", unwritable)
    answer = await fetch(investigator, f"/v1/requests/{finished}/clips/1.1.mp4")
    assert (answer.status_code, streamed) == (503, [])


async def test_a_clip_that_the_vault_lost_is_said_before_any_byte(
    broker: TestBroker, investigator: SignedIn, finished: str
) -> None:
    clip = (await in_ledger(broker, finished)).items[0].clips[0]
    await broker.broker.vault.delete(clip.vault_key)
    answer = await fetch(investigator, f"/v1/requests/{finished}/clips/1.1.mp4")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert "vault" in answer.json()["detail"]
