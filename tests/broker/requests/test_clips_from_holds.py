"""Which footage clips are made from: what is held, the originals, and never before the hold was tried."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.contract.errors import Malformed, NotFound, Refused
from adapters.contract.models import FootageMessage
from broker.agencies.models import Role
from tests.broker.requests.people import (
    decide,
    in_ledger,
    submit,
)
from tests.world import SignedIn, TestBroker


@pytest.fixture
async def investigator(broker: TestBroker) -> SignedIn:
    return await broker.officer("police", Role.INVESTIGATOR)


async def approved(broker: TestBroker, investigator: SignedIn, **more: Any) -> str:
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    request_id = str((await submit(investigator, "rail-cctv:r1", **more))["id"])
    assert (await decide(custodian, "approve", request_id)).status_code == 200
    return request_id


async def test_footage_whose_hold_is_gone_at_the_recorder_comes_from_the_originals(
    broker: TestBroker, investigator: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id = await approved(broker, investigator)
    real, handles = broker.rail.open_footage, list[str | None]()

    async def strict(native_id: str, interval: Any, hold: str | None = None) -> AsyncIterator[FootageMessage]:
        handles.append(hold)
        if hold is not None:
            raise NotFound(f"no hold {hold}")
        async for message in real(native_id, interval, hold):
            yield message

    monkeypatch.setattr(broker.rail, "open_footage", strict)
    await broker.work()
    assert (await in_ledger(broker, request_id)).state == "completed"
    assert handles[0] is not None and handles[1:] == [None]


async def test_a_hold_that_was_let_go_is_not_asked_for_again(
    broker: TestBroker, investigator: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
    await broker.work()
    hold_id = (await in_ledger(broker, request_id)).items[0].hold_id
    await investigator.http.delete(f"/v1/holds/{hold_id}", headers=investigator.headers())
    await broker.work()
    real, handles = broker.rail.open_footage, list[str | None]()

    def watched(native_id: str, interval: Any, hold: str | None = None) -> AsyncIterator[FootageMessage]:
        handles.append(hold)
        return real(native_id, interval, hold)

    monkeypatch.setattr(broker.rail, "open_footage", watched)
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    await decide(custodian, "approve", request_id)
    await broker.work()
    assert (await in_ledger(broker, request_id)).state == "completed"
    assert handles == [None]


async def test_a_hold_that_failed_keeps_nobody_from_the_footage(
    broker: TestBroker, investigator: SignedIn
) -> None:
    broker.rail.failing["place_hold"] = Malformed("no receipt")
    request_id = await approved(broker, investigator)
    await broker.work()
    item = (await in_ledger(broker, request_id)).items[0]
    assert item.state == "completed"
    assert item.hold is not None
    assert (item.hold.state, item.hold.how, item.hold.held) == ("failed", None, ())


async def test_no_clip_is_made_while_the_hold_is_ordered_or_being_placed(
    broker: TestBroker, investigator: SignedIn
) -> None:
    await approved(broker, investigator)
    worker = broker.broker.worker
    (place, make_clips) = [job for job in worker._jobs if job.name in ("place holds", "make clips")]
    assert await make_clips.claim(worker._lease("early")) is None
    placing = await place.claim(worker._lease("placer"))
    assert await make_clips.claim(worker._lease("early")) is None
    await place.carry_out(placing, "placer")
    assert await make_clips.claim(worker._lease("in time")) is not None


async def test_a_hold_that_waits_for_its_recorder_does_not_keep_footage_back(
    broker: TestBroker, investigator: SignedIn
) -> None:
    broker.rail.failing["place_hold"] = Refused("the holds folder is full")
    request_id = await approved(broker, investigator)
    await broker.work()
    request = await in_ledger(broker, request_id)
    assert request.state == "completed"
    assert request.items[0].hold is not None and request.items[0].hold.state == "placing"
