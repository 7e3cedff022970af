"""Whose clip is made next: what is lost soon first, then agencies in turns, then what is overwritten first."""

from datetime import timedelta

import pytest

from adapters.contract.errors import Malformed
from broker.agencies.models import Role
from broker.requests import store
from broker.requests.models import Request
from tests.broker.requests.people import in_ledger, submit
from tests.world import SignedIn, TestBroker


@pytest.fixture
async def custodian(broker: TestBroker) -> SignedIn:
    return await broker.officer("rail", Role.CUSTODIAN)


async def approved(broker: TestBroker, custodian: SignedIn, investigator: SignedIn, count: int) -> list[str]:
    ids = []
    for _ in range(count):
        ids.append((await submit(investigator, "rail-cctv:r1"))["id"])
        path = f"/v1/requests/{ids[-1]}/approve"
        assert (await custodian.post(path, {"reason": "Lawful"})).status_code == 200
    return ids


async def place(broker: TestBroker) -> None:
    (job,) = [job for job in broker.broker.worker._jobs if job.name == "place holds"]
    while (batch := await job.claim(broker.broker.worker._lease("placer"))) is not None:
        await job.carry_out(batch, "placer")


async def made_in_turn(broker: TestBroker) -> list[Request]:
    """The requests in the order in which one worker makes their clips."""
    (job,) = [job for job in broker.broker.worker._jobs if job.name == "make clips"]
    made = []
    while (claimed := await job.claim(broker.broker.worker._lease("maker"))) is not None:
        made.append(claimed[0])
        await job.carry_out(claimed, "maker")
        broker.clock.advance(seconds=1)
    return made


async def test_a_flood_of_one_agency_does_not_keep_another_waiting(
    broker: TestBroker, custodian: SignedIn
) -> None:
    police = await broker.officer("police", Role.INVESTIGATOR)
    rail = await broker.officer("rail", Role.INVESTIGATOR)
    await approved(broker, custodian, police, 5)
    await approved(broker, custodian, rail, 2)
    await place(broker)
    agencies = [request.agency for request in await made_in_turn(broker)]
    assert sorted(agencies[:4]) == ["police", "police", "rail", "rail"]
    assert agencies[4:] == ["police"] * 3


async def test_what_nobody_keeps_and_is_lost_within_the_hour_comes_before_anybodys_turn(
    broker: TestBroker, custodian: SignedIn
) -> None:
    police = await broker.officer("police", Role.INVESTIGATOR)
    rail = await broker.officer("rail", Role.INVESTIGATOR)
    await approved(broker, custodian, police, 2)
    await place(broker)
    broker.rail.failing["place_hold"] = Malformed("no receipt")
    (pressing,) = await approved(broker, custodian, rail, 1)
    await place(broker)
    item = (await in_ledger(broker, pressing)).items[0]
    assert item.overwrite_at is not None
    await broker.broker.ledger.write(
        lambda c: store.note_footage(
            c, item, item.available, broker.clock.now() + timedelta(minutes=30), item.clock_offset_ms
        )
    )
    made = [request.id for request in await made_in_turn(broker)]
    assert made[0] == pressing
