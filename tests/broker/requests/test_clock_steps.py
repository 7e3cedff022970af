"""A clock that steps by an hour amid a request costs time at most: it is delivered once, and nothing is left."""

from datetime import timedelta

import pytest

from broker.agencies.models import Role
from broker.ledger.leases import LeaseLost
from tests.broker.requests.people import decide, in_ledger, submit, vault_files, work_to_the_end
from tests.world import TestBroker

HOUR_S = 3600.0


@pytest.mark.parametrize("stage", ["ordered", "held", "approved", "made"])
@pytest.mark.parametrize("step_s", [HOUR_S, -HOUR_S])
async def test_a_request_is_delivered_once_whenever_the_clock_steps(
    broker: TestBroker, stage: str, step_s: float
) -> None:
    broker.rail.retention = timedelta(days=30)
    investigator = await broker.officer("police", Role.INVESTIGATOR)
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    broker.clock.advance(hours=2)
    request_id = str((await submit(investigator, "rail-cctv:r1", judicial=False))["id"])
    for now in ("ordered", "held", "approved", "made"):
        if now != "ordered":
            await broker.work()
        if now == "approved":
            assert (await decide(custodian, "approve", request_id)).status_code == 200
        if now == stage:
            broker.clock.advance(seconds=step_s)
    request = await work_to_the_end(broker, request_id)
    for _ in range(20):
        broker.clock.advance(seconds=301)
        await broker.work()
    request = await in_ledger(broker, request_id)
    assert request.state == "completed", request.items[0].state_reason
    (clip,) = request.items[0].clips
    assert await vault_files(broker, f"clips/{request_id}") == {clip.vault_key}
    assert broker.rail.holds == {}


async def test_who_worked_when_the_clock_stepped_forward_has_lost_its_lease_and_writes_nothing(
    broker: TestBroker,
) -> None:
    investigator = await broker.officer("police", Role.INVESTIGATOR)
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    request_id = str((await submit(investigator, "rail-cctv:r1", judicial=False))["id"])
    await broker.work()
    assert (await decide(custodian, "approve", request_id)).status_code == 200
    (job,) = [job for job in broker.broker.worker._jobs if job.name == "make clips"]
    slow = await job.claim(broker.broker.worker._lease("slow"))
    broker.clock.advance(seconds=HOUR_S)
    quick = await job.claim(broker.broker.worker._lease("quick"))
    await job.carry_out(quick, "quick")
    made = (await in_ledger(broker, request_id)).items[0].clips
    with pytest.raises(LeaseLost):
        await job.carry_out(slow, "slow")
    assert (await in_ledger(broker, request_id)).items[0].clips == made
