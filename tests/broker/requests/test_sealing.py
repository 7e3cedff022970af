"""A request has one bundle, whoever else made one takes it away; what its sealing waits for is said."""

from contextlib import suppress
from datetime import timedelta

import pytest

from broker.agencies.models import Role
from broker.errors import Problem
from broker.ledger.leases import Lease, LeaseLost
from broker.requests import delivery
from tests.broker.requests.people import decide, in_ledger, shown, submit, vault_files
from tests.world import TestBroker


async def test_the_bundle_that_the_ledger_accepted_stays_as_it_was_signed(broker: TestBroker) -> None:
    """A worker that was thought dead seals again, with other bytes: what was handed out does not change."""
    investigator = await broker.officer("police", Role.INVESTIGATOR)
    request_id = (await submit(investigator, "rail-cctv:r1", judicial=False))["id"]
    await decide(investigator, "cancel", request_id)
    (job,) = [job for job in broker.broker.worker._jobs if job.name == "seal requests"]
    slow = await job.claim(Lease("slow", broker.clock.now() + timedelta(seconds=30)))
    broker.clock.advance(seconds=31)
    await broker.work()
    path = f"/v1/requests/{request_id}/bundle.zip"
    first = await investigator.get(path, None)
    broker.clock.advance(seconds=31)
    with pytest.raises(LeaseLost):
        await job.carry_out(slow, "slow")
    assert len(await vault_files(broker, f"bundles/{request_id}")) == 2
    await job.clear_up(slow)
    again = await investigator.get(path, None)
    assert (again.content, again.headers["ETag"]) == (first.content, first.headers["ETag"])
    bundle_key = (await in_ledger(broker, request_id)).bundle_key
    assert await vault_files(broker, f"bundles/{request_id}") == {bundle_key}


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (OSError(28, "No space left on device"), "no room on the broker's disk to seal the bundle"),
        (Problem("vault_unavailable", "the vault does not answer"), "the vault does not answer"),
        (ValueError("a bug"), "sealing failed inside; will be tried again"),
        (PermissionError(13, "Permission denied"), "sealing failed inside; will be tried again"),
    ],
)
async def test_what_keeps_a_bundle_from_being_sealed_is_said_until_it_is(
    broker: TestBroker, monkeypatch: pytest.MonkeyPatch, failure: Exception, reason: str
) -> None:
    investigator = await broker.officer("police", Role.INVESTIGATOR)
    request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
    assert (await shown(investigator, request_id))["state_reason"] is None
    await decide(investigator, "cancel", request_id)

    async def fail(*_: object) -> None:
        raise failure

    monkeypatch.setattr(broker.broker.vault, "put_file", fail)
    with suppress(ValueError, PermissionError):
        await broker.work()
    body = await shown(investigator, request_id)
    assert (body["sealed_at"], body["state_reason"]) == (None, reason)
    monkeypatch.setattr(delivery, "SEAL_WAIT_S", 0.0)
    asked = await investigator.get(f"/v1/requests/{request_id}/bundle.zip", None)
    assert (asked.status_code, asked.json()["code"]) == (503, "sealing")
    assert reason in asked.json()["detail"]
    monkeypatch.undo()
    broker.clock.advance(seconds=301)
    await broker.work()
    body = await shown(investigator, request_id)
    assert body["sealed_at"] is not None
    assert body["state_reason"] is None


async def test_an_owner_of_some_items_is_not_told_what_the_sealing_of_all_waits_for(
    broker: TestBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    investigator = await broker.officer("police", Role.INVESTIGATOR)
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    request_id = (await submit(investigator, "rail-cctv:r1", "metro-cctv:m1"))["id"]
    await decide(investigator, "cancel", request_id)

    async def is_away(*_: object) -> None:
        raise Problem("vault_unavailable", "the vault does not answer")

    monkeypatch.setattr(broker.broker.vault, "put_file", is_away)
    await broker.work()
    assert (await shown(investigator, request_id))["state_reason"] is not None
    assert (await shown(custodian, request_id))["state_reason"] is None


async def test_sealing_waits_for_a_store_as_long_as_it_takes(
    broker: TestBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    investigator = await broker.officer("police", Role.INVESTIGATOR)
    request_id = (await submit(investigator, "rail-cctv:r1", judicial=False))["id"]
    await decide(investigator, "cancel", request_id)

    async def is_full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(broker.broker.vault, "put_file", is_full)
    for _ in range(12):
        await broker.work()
        broker.clock.advance(hours=12)
    monkeypatch.undo()
    await broker.work()
    assert (await in_ledger(broker, request_id)).sealed_at is not None


async def test_what_killed_workers_left_in_the_vault_is_gone_once_the_request_is_sealed(
    broker: TestBroker,
) -> None:
    investigator = await broker.officer("police", Role.INVESTIGATOR)
    request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
    await broker.broker.vault.put(f"clips/{request_id}/1.1.dead.mp4", b"nobody names it")
    await broker.broker.vault.put(f"bundles/{request_id}/dead.zip", b"nobody names it")
    await decide(investigator, "cancel", request_id)
    await broker.work()
    assert await vault_files(broker, f"clips/{request_id}") == set()
    bundle_key = (await in_ledger(broker, request_id)).bundle_key
    assert await vault_files(broker, f"bundles/{request_id}") == {bundle_key}
