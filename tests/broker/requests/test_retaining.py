"""Evidence goes when its time is over: the log proves what it was, and whoever asks is told."""

import base64
import hashlib
from pathlib import Path

import pytest
from redis.asyncio import Redis

from broker.agencies.models import Role
from tests.broker.requests.people import decide, in_ledger, shown, submit, vault_files, work_to_the_end
from tests.world import SignedIn, TestBroker, open_test_broker, settings

PDF = b"%PDF-1.7\n...\n%%EOF\n"


@pytest.fixture
async def investigator(broker: TestBroker) -> SignedIn:
    return await broker.officer("police", Role.INVESTIGATOR)


async def delivered(broker: TestBroker, investigator: SignedIn, **more: object) -> str:
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    request_id = str((await submit(investigator, "rail-cctv:r1", **more))["id"])
    document = {"name": "Requisition.pdf", "content": base64.b64encode(PDF).decode()}
    assert (
        await investigator.post(f"/v1/requests/{request_id}/documents", document, None)
    ).status_code == 201
    assert (await decide(custodian, "approve", request_id)).status_code == 200
    await work_to_the_end(broker, request_id)
    return request_id


async def evidence(broker: TestBroker) -> set[str]:
    return {key for prefix in ("clips", "bundles", "documents") for key in await vault_files(broker, prefix)}


async def test_it_is_kept_for_its_days_and_then_gone(broker: TestBroker, investigator: SignedIn) -> None:
    request_id = await delivered(broker, investigator)
    assert len(await evidence(broker)) == 3
    clip = await broker.broker.vault.get(next(iter(await vault_files(broker, "clips"))))
    body = await shown(investigator, request_id)
    assert body["erase_at"] is not None
    sealed = (await in_ledger(broker, request_id)).sealed_at
    assert sealed is not None
    broker.clock.advance(days=29.9)
    await broker.work()
    assert len(await evidence(broker)) == 3
    broker.clock.advance(days=0.2)
    await broker.work()
    broker.clock.advance(days=1)
    await broker.work()
    assert await evidence(broker) == set()
    body = await shown(investigator, request_id)
    assert body["erased_at"] is not None
    paths = ("bundle.zip", "clips/1.1.mp4", f"documents/{hashlib.sha256(PDF).hexdigest()}")
    for path in paths:
        answer = await investigator.get(f"/v1/requests/{request_id}/{path}", None)
        assert (answer.status_code, answer.json()["code"]) == (410, "evidence_erased"), path
    auditor = await broker.officer("rail", Role.AUDITOR)
    entries = (await auditor.get("/v1/audit/entries?action=erase_evidence")).json()["entries"]
    (entry,) = [each for each in entries if each["action"] == "erase_evidence"]
    assert {hashlib.sha256(clip).hexdigest(), hashlib.sha256(PDF).hexdigest()} <= set(entry["objects"])


async def test_a_kill_between_the_log_and_the_files_leaves_nothing_for_long(
    broker: TestBroker, investigator: SignedIn
) -> None:
    request_id = await delivered(broker, investigator)
    broker.clock.advance(days=31)
    retention = broker.broker.worker._jobs[-1]._rounds
    erase = retention["let go"].run.__self__._evidence
    (request,) = await erase.due(broker.clock.now())
    assert request.id == request_id
    assert await broker.broker.ledger.write(lambda c: erase._erase(request, c))
    assert len(await evidence(broker)) == 3
    await retention["sweep vault"].run()
    assert await evidence(broker) == set()
    assert not await broker.broker.ledger.write(lambda c: erase._erase(request, c)), (
        "who is second says nothing"
    )


async def test_a_legal_basis_may_say_another_time(tmp_path: Path, redis: Redis) -> None:
    bases = {"judicial_requisition": {"judicial": True, "evidence_days": 2}}
    configured = settings(tmp_path, bases=bases)
    async with open_test_broker(tmp_path, redis, configuration=configured) as broker:
        await broker.synchronise()
        investigator = await broker.officer("police", Role.INVESTIGATOR)
        await delivered(broker, investigator)
        broker.clock.advance(days=2.1)
        await broker.work()
        assert await evidence(broker) == set()
