"""A hold whose end is open grows until somebody stops it, or it is as long as it may be; nothing kept is lost of it."""

from datetime import timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis

from adapters.contract.errors import Unreachable
from broker.agencies.models import Role
from tests.broker.holds.people import after, in_ledger, minutes, order, show
from tests.world import NOW, SignedIn, TestBroker, open_test_broker, settings

OPEN = f"{after(-3).isoformat()}/.."


@pytest.fixture
async def operator(broker: TestBroker) -> SignedIn:
    return await broker.officer("police", Role.OPERATOR)


async def pass_minutes(broker: TestBroker, count: int) -> None:
    """The recorder writes a film each minute, and the worker looks."""
    for _ in range(count):
        broker.rail.footage["r1"].append(broker.clock.now())
        broker.clock.advance(minutes=1)
        await broker.work()


async def test_it_grows_with_the_footage_and_stops_where_it_is_told(
    broker: TestBroker, operator: SignedIn
) -> None:
    hold = await order(operator, "rail-cctv:r1", interval=OPEN)
    assert hold["requested"] == "2026-06-15T11:57:00Z/.."
    await broker.work()
    assert (await show(operator, hold["id"]))["held"]["interval"] == str(minutes(-3, 0))
    await pass_minutes(broker, 3)
    assert (await show(operator, hold["id"]))["held"]["interval"] == str(minutes(-3, 3))
    stopped = await operator.post(f"/v1/holds/{hold['id']}/stop", None)
    assert stopped.status_code == 200, stopped.text
    assert stopped.json()["requested"] == str(minutes(-3, 3))
    await pass_minutes(broker, 3)
    shown = await show(operator, hold["id"])
    assert (shown["held"]["state"], shown["held"]["interval"]) == ("held", str(minutes(-3, 3)))
    assert not (await in_ledger(broker, hold["id"])).is_growing
    assert len(broker.rail.holds) == len((await in_ledger(broker, hold["id"])).parts)


async def test_releasing_what_grows_lets_go_of_every_part(broker: TestBroker, operator: SignedIn) -> None:
    hold = await order(operator, "rail-cctv:r1", interval=OPEN)
    await broker.work()
    await pass_minutes(broker, 2)
    assert len(broker.rail.holds) == 3
    answer = await operator.http.delete(f"/v1/holds/{hold['id']}", headers=operator.headers())
    assert answer.status_code == 200
    await broker.work()
    assert (await show(operator, hold["id"]))["held"]["state"] == "released"
    assert broker.rail.holds == {}


async def test_it_ends_by_itself_when_it_is_as_long_as_it_may_be(tmp_path: Path, redis: Redis) -> None:
    configured = settings(tmp_path, max_clip_s=300)
    async with open_test_broker(tmp_path, redis, configuration=configured) as broker:
        await broker.synchronise()
        operator = await broker.officer("police", Role.OPERATOR)
        hold = await order(operator, "rail-cctv:r1", interval=OPEN)
        await broker.work()
        await pass_minutes(broker, 5)
        shown = await show(operator, hold["id"])
        assert shown["requested"] == str(minutes(-3, 2))
        assert shown["held"]["interval"] == str(minutes(-3, 2))
        assert not (await in_ledger(broker, hold["id"])).is_growing


async def test_a_camera_that_shows_nothing_yet_is_waited_for(broker: TestBroker, operator: SignedIn) -> None:
    broker.rail.footage["r1"] = []
    hold = await order(operator, "rail-cctv:r1", interval=f"{NOW.isoformat()}/..")
    await broker.work()
    held = (await show(operator, hold["id"]))["held"]
    assert (held["state"], held["state_reason"]) == ("placing", "it has not begun yet")
    broker.clock.advance(minutes=1)
    await broker.work()
    held = (await show(operator, hold["id"]))["held"]
    assert (held["state"], held["state_reason"]) == ("placing", "the recorder has no footage of this yet")
    await pass_minutes(broker, 2)
    assert (await show(operator, hold["id"]))["held"]["interval"] == str(minutes(1, 3))


async def test_a_camera_that_never_shows_anything_fails_when_it_is_over(
    broker: TestBroker, operator: SignedIn
) -> None:
    broker.rail.footage["r1"] = []
    hold = await order(operator, "rail-cctv:r1", interval=OPEN)
    await broker.work()
    assert (await operator.post(f"/v1/holds/{hold['id']}/stop", None)).status_code == 200
    for _ in range(12):
        await broker.work()
        broker.clock.advance(minutes=1)
    held = (await show(operator, hold["id"]))["held"]
    assert (held["state"], held["state_reason"]) == ("failed", "the recorder has no footage of this interval")


async def test_the_last_minutes_that_a_recorder_writes_late_are_held_too(
    broker: TestBroker, operator: SignedIn
) -> None:
    broker.clock.advance(minutes=2)
    hold = await order(operator, "rail-cctv:r1", interval=minutes(-2, 2))
    await broker.work()
    assert (await show(operator, hold["id"]))["held"]["interval"] == str(minutes(-2, 0))
    broker.rail.footage["r1"] += [after(0), after(1)]
    broker.clock.advance(minutes=1)
    await broker.work()
    held = (await show(operator, hold["id"]))["held"]
    assert (held["state"], held["interval"]) == ("held", str(minutes(-2, 2)))
    assert not (await in_ledger(broker, hold["id"])).is_growing


async def test_an_outage_of_its_recorder_loses_nothing_that_is_still_there(
    broker: TestBroker, operator: SignedIn
) -> None:
    hold = await order(operator, "rail-cctv:r1", interval=OPEN)
    await broker.work()
    broker.rail.failing["place_hold"] = Unreachable("no answer")
    await pass_minutes(broker, 4)
    held = (await show(operator, hold["id"]))["held"]
    assert (held["state"], held["state_reason"]) == ("held", "no answer")
    broker.rail.failing.clear()
    broker.clock.advance(minutes=5)
    await broker.work()
    assert (await show(operator, hold["id"]))["held"]["interval"] == str(minutes(-3, 4))


async def test_only_what_grows_can_be_stopped_and_only_by_whose_it_is(
    broker: TestBroker, operator: SignedIn
) -> None:
    closed = await order(operator, "rail-cctv:r1")
    grows = await order(operator, "rail-cctv:r1", interval=OPEN)
    other = await broker.officer("police", Role.OPERATOR)
    stranger = await broker.officer("metro", Role.CUSTODIAN)
    for officer in (other, stranger):
        assert (await officer.post(f"/v1/holds/{grows['id']}/stop", None)).status_code == 404
    refused = await operator.post(f"/v1/holds/{closed['id']}/stop", None)
    assert (refused.status_code, refused.json()["code"]) == (409, "state_conflict")
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    assert (await custodian.post(f"/v1/holds/{grows['id']}/stop", None)).status_code == 200
    assert (await operator.post(f"/v1/holds/{grows['id']}/stop", None)).status_code == 409


@pytest.mark.parametrize(
    ("interval", "code"),
    [
        (f"{(NOW + timedelta(seconds=1)).isoformat()}/..", "interval_in_future"),
        (f"{(NOW - timedelta(hours=7)).isoformat()}/..", "interval_too_long"),
        ("../..", "interval_invalid"),
        ("../2026-06-15T12:00:00Z", "interval_invalid"),
        ("2026-06-15T12:00:00/..", "interval_invalid"),
        ("2026-06-15T12:00:00Z/", "interval_invalid"),
    ],
)
async def test_a_wrong_open_interval_is_refused(operator: SignedIn, interval: str, code: str) -> None:
    assert (await order(operator, "rail-cctv:r1", interval=interval, status=422))["code"] == code


async def test_a_request_has_an_end(broker: TestBroker) -> None:
    investigator = await broker.officer("police", Role.INVESTIGATOR)
    body = {
        "case_ref": "PV-1",
        "purpose": "judicial_inquiry",
        "legal_basis": {"kind": "judicial_requisition", "reference": "R-1"},
        "reason": "Theft",
        "items": [{"camera_id": "rail-cctv:r1", "interval": OPEN}],
    }
    refused = await investigator.post("/v1/requests", body)
    assert refused.status_code == 422
