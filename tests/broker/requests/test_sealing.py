"""A request has one bundle; whoever else made one takes it away."""

from datetime import timedelta

import pytest

from broker.agencies.models import Role
from broker.ledger.leases import Lease, LeaseLost
from tests.broker.requests.people import decide, in_ledger, submit, vault_files
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
    assert len(vault_files(broker, f"bundles/{request_id}")) == 2
    await job.clear_up(slow)
    again = await investigator.get(path, None)
    assert (again.content, again.headers["ETag"]) == (first.content, first.headers["ETag"])
    bundle_key = (await in_ledger(broker, request_id)).bundle_key
    assert vault_files(broker, f"bundles/{request_id}") == {bundle_key}


async def test_a_vault_without_room_puts_the_sealing_off(
    broker: TestBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    investigator = await broker.officer("police", Role.INVESTIGATOR)
    request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
    await decide(investigator, "cancel", request_id)

    async def is_full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(broker.broker.vault, "put_file", is_full)
    with pytest.raises(OSError, match="space"):
        await broker.work()
    assert (await in_ledger(broker, request_id)).sealed_at is None
    monkeypatch.undo()
    broker.clock.advance(seconds=301)
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
    assert vault_files(broker, f"clips/{request_id}") == set()
    bundle_key = (await in_ledger(broker, request_id)).bundle_key
    assert vault_files(broker, f"bundles/{request_id}") == {bundle_key}
