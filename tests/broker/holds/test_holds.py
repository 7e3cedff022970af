"""Holds: urgent ones over HTTP, placing at recorders, and letting go of every one of them."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from adapters.contract.capabilities import Capability
from adapters.contract.errors import Malformed, Refused, Unreachable
from adapters.contract.models import HoldReceipt, Interval
from broker.agencies.models import Role
from broker.holds import store
from broker.holds.models import TRANSITIONS, Ending, HoldState, merged
from tests.world import LAST_MINUTES, NOW, SignedIn, TestBroker, recorded_minutes


@pytest.fixture
async def operator(broker: TestBroker) -> SignedIn:
    return await broker.officer("police", Role.OPERATOR)


def body(*cameras: str, interval: Interval = LAST_MINUTES) -> dict[str, Any]:
    return {"camera_ids": list(cameras), "interval": str(interval), "reason": "Seen live"}


async def order(officer: SignedIn, *cameras: str, **more: Any) -> dict[str, Any]:
    answer = await officer.post("/v1/holds", body(*cameras, **more))
    assert answer.status_code == 201, answer.text
    first: dict[str, Any] = answer.json()["holds"][0]
    return first


async def show(officer: SignedIn, hold_id: str) -> dict[str, Any]:
    answer = await officer.get(f"/v1/holds/{hold_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def release(officer: SignedIn, hold_id: str) -> Any:
    return await officer.http.delete(f"/v1/holds/{hold_id}", headers=officer.headers())


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.INVESTIGATOR])
async def test_an_urgent_hold_freezes_for_two_days_and_then_ends_by_itself(
    broker: TestBroker, role: Role
) -> None:
    officer = await broker.officer("police", role)
    hold = await order(officer, "rail-cctv:r1")
    assert (hold["held"]["state"], hold["held"]["interval"]) == ("ordered", None)
    assert hold["held"]["until"] == "2026-06-17T12:00:00Z"
    await broker.work()
    held = (await show(officer, hold["id"]))["held"]
    assert (held["state"], held["how"], held["interval"]) == ("held", "native", str(LAST_MINUTES))
    (receipt,) = broker.rail.holds.values()
    assert receipt.until == NOW + timedelta(days=3), "the recorder keeps it a day longer than Entrevue"
    broker.clock.advance(hours=47.9)
    await broker.work()
    assert broker.rail.holds
    broker.clock.advance(hours=0.2)
    await broker.work()
    ended = await show(officer, hold["id"])
    assert (ended["held"]["state"], ended["held"]["state_reason"]) == (
        "expired",
        "its longest time has passed",
    )
    assert broker.rail.holds == {}


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.DPO, Role.ADMINISTRATOR])
async def test_other_roles_order_and_list_no_holds(broker: TestBroker, role: Role) -> None:
    officer = await broker.officer("police", role)
    for answer in (await officer.post("/v1/holds", body("rail-cctv:r1")), await officer.get("/v1/holds")):
        assert (answer.status_code, answer.json()["code"]) == (403, "role_denied")


async def test_a_custodian_holds_their_own_cameras_reserved_ones_included(broker: TestBroker) -> None:
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    await order(custodian, "rail-cctv:secret")
    answer = await custodian.post("/v1/holds", body("metro-cctv:m1"))
    assert (answer.status_code, answer.json()["code"]) == (422, "camera_unknown")


async def test_a_hold_needs_a_purpose(operator: SignedIn) -> None:
    answer = await operator.post("/v1/holds", body("rail-cctv:r1"), None)
    assert (answer.status_code, answer.json()["code"]) == (403, "purpose_missing")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"camera_ids": ["rail-cctv:r1", "rail-cctv:none"]}, "camera_unknown"),
        ({"camera_ids": ["rail-cctv:r1", "rail-cctv:secret"]}, "camera_unknown"),
        ({"camera_ids": ["police-list:p1"]}, "footage_not_offered"),
        ({"camera_ids": []}, "invalid"),
        ({"camera_ids": [f"rail-cctv:{n}" for n in range(101)]}, "invalid"),
        ({"interval": "2026-06-15T12:00:00Z/2026-06-15T12:00:01Z"}, "interval_in_future"),
        ({"interval": "2026-06-15T12:00:00Z/2026-06-15T11:00:00Z"}, "interval_invalid"),
        ({"reason": ""}, "invalid"),
        ({"area": {"lat": 1, "lon": 1, "radius_m": 1}}, "invalid"),
        ({"camera_ids": None}, "invalid"),
        ({"camera_ids": None, "area": {"lat": 1, "lon": 1, "radius_m": 1}}, "no_camera"),
    ],
)
async def test_a_wrong_order_is_refused_by_name_and_holds_nothing(
    broker: TestBroker, operator: SignedIn, change: dict[str, Any], code: str
) -> None:
    answer = await operator.post("/v1/holds", body("rail-cctv:r1") | change)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert (await operator.get("/v1/holds")).json()["holds"] == []


async def test_an_area_holds_every_camera_there_that_may_be_held(operator: SignedIn) -> None:
    area = {"area": {"lat": 48.8809, "lon": 2.3553, "radius_m": 100}, "reason": "Seen live"}
    answer = await operator.post("/v1/holds", area | {"interval": str(LAST_MINUTES)})
    held = [hold["camera_id"] for hold in answer.json()["holds"]]
    assert held == ["metro-cctv:m1", "rail-cctv:r1", "rail-cctv:r2"]


async def test_the_same_order_with_the_same_key_holds_once(operator: SignedIn) -> None:
    key = {"Idempotency-Key": "k"}
    calls = [operator.post("/v1/holds", body("rail-cctv:r1", "rail-cctv:r2"), **key) for _ in range(4)]
    answers = [
        *await asyncio.gather(*calls),
        await operator.post("/v1/holds", body("rail-cctv:r1", "rail-cctv:r2"), **key),
    ]
    assert {answer.status_code for answer in answers} == {201}
    assert len({tuple(hold["id"] for hold in answer.json()["holds"]) for answer in answers}) == 1
    assert len((await operator.get("/v1/holds")).json()["holds"]) == 2
    other = await operator.post("/v1/holds", body("metro-cctv:m1"), **key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")


async def test_a_hold_is_seen_by_who_ordered_it_and_by_the_owners_custodian(
    broker: TestBroker, operator: SignedIn
) -> None:
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    hold_id = (await order(operator, "rail-cctv:r1"))["id"]
    assert (await show(custodian, hold_id))["id"] == hold_id
    for agency, role in (("police", Role.OPERATOR), ("metro", Role.CUSTODIAN), ("rail", Role.OPERATOR)):
        stranger = await broker.officer(agency, role)
        for there, missing in (
            (await stranger.get(f"/v1/holds/{hold_id}"), await stranger.get("/v1/holds/hold_x")),
            (await release(stranger, hold_id), await release(stranger, "hold_x")),
        ):
            assert there.status_code == missing.status_code == 404
            assert there.text.replace(hold_id, "hold_x") == missing.text
        assert (await stranger.get("/v1/holds")).json()["holds"] == []


@pytest.mark.parametrize("by_owner", [False, True])
async def test_the_author_or_the_owner_releases_an_urgent_hold(
    broker: TestBroker, operator: SignedIn, by_owner: bool
) -> None:
    releaser = await broker.officer("rail", Role.CUSTODIAN) if by_owner else operator
    hold_id = (await order(operator, "rail-cctv:r1"))["id"]
    await broker.work()
    for _ in range(2):
        assert (await release(releaser, hold_id)).status_code == 200
        await broker.work()
    assert (await show(operator, hold_id))["held"]["state"] == "released"
    assert broker.rail.holds == {}


@pytest.mark.parametrize(("wait", "state"), [(0, "released"), (49, "expired")])
async def test_an_order_that_is_over_before_it_was_begun_is_never_placed(
    broker: TestBroker, operator: SignedIn, wait: float, state: str
) -> None:
    hold_id = (await order(operator, "rail-cctv:r1"))["id"]
    if state == "released":
        await release(operator, hold_id)
    broker.clock.advance(hours=wait)
    await broker.work()
    assert (await show(operator, hold_id))["held"]["state"] == state
    assert "place_hold" not in broker.rail.calls


async def test_an_order_that_is_let_go_while_it_is_tried_is_released_as_soon_as_it_is_placed(
    broker: TestBroker, operator: SignedIn
) -> None:
    """Its first call may have reached the recorder: only the recorder can say."""
    broker.rail.failing["list_spans"] = Unreachable("away")
    hold_id = (await order(operator, "rail-cctv:r1"))["id"]
    await broker.work()
    await release(operator, hold_id)
    broker.rail.failing.clear()
    broker.clock.advance(seconds=301)
    await broker.work()
    assert (await show(operator, hold_id))["held"]["state"] == "released"
    assert broker.rail.holds == {}


async def test_what_a_recorder_kept_is_known_although_it_never_listed_it(
    broker: TestBroker, operator: SignedIn
) -> None:
    hold_id = (await order(operator, "rail-cctv:r1"))["id"]
    real = broker.rail.place_hold

    async def place_hold(wanted: Any) -> HoldReceipt:
        broker.rail.failing.clear()
        receipt = await real(wanted)
        broker.rail.failing["list_spans"] = Malformed("the listing is garbled")
        return receipt

    broker.rail.place_hold = place_hold  # type: ignore[method-assign]
    await broker.work()
    held = (await show(operator, hold_id))["held"]
    assert (held["state"], held["interval"]) == ("held", str(LAST_MINUTES))
    await release(operator, hold_id)
    await broker.work()
    assert broker.rail.holds == {}


async def test_part_of_it_kept_is_said_to_be_part_of_it(broker: TestBroker, operator: SignedIn) -> None:
    kept = Interval(start=LAST_MINUTES.start, end=LAST_MINUTES.end - timedelta(seconds=30))

    async def keeps_less(wanted: Any) -> HoldReceipt:
        broker.rail.holds[wanted.key] = HoldReceipt(handle=wanted.key, held=(kept,))
        return broker.rail.holds[wanted.key]

    broker.rail.place_hold = keeps_less  # type: ignore[method-assign]
    hold_id = (await order(operator, "rail-cctv:r1"))["id"]
    await broker.work()
    held = (await show(operator, hold_id))["held"]
    assert (held["state"], held["interval"]) == ("partial", str(kept))
    broker.clock.advance(days=3)
    await broker.work()
    assert broker.rail.holds == {}


async def test_a_receipt_for_nothing_is_given_back(broker: TestBroker, operator: SignedIn) -> None:
    hold_id = (await order(operator, "rail-cctv:r1", interval=LAST_MINUTES.shift(timedelta(days=-5))))["id"]
    await broker.work()
    held = (await show(operator, hold_id))["held"]
    assert (held["state"], held["state_reason"]) == ("failed", "the recorder has no footage of this interval")
    assert broker.rail.calls.count("release_hold") == 1
    assert broker.rail.holds == {}


@pytest.mark.parametrize("error", [Unreachable("no answer"), Refused("locked out")])
async def test_a_recorder_that_is_away_is_asked_for_a_day_before_the_hold_fails(
    broker: TestBroker, operator: SignedIn, error: Exception
) -> None:
    broker.rail.failing["place_hold"] = error
    hold_id = (await order(operator, "rail-cctv:r1"))["id"]
    for _ in range(20):
        await broker.work()
        broker.clock.advance(seconds=301)
    held = (await show(operator, hold_id))["held"]
    assert (held["state"], held["state_reason"]) == ("placing", str(error))
    broker.clock.advance(days=1)
    await broker.work()
    held = (await show(operator, hold_id))["held"]
    assert (held["state"], held["state_reason"]) == ("failed", str(error))


async def test_a_recorder_that_can_neither_hold_nor_hand_out_says_so_at_once(
    broker: TestBroker, operator: SignedIn
) -> None:
    broker.rail.capabilities = broker.rail.capabilities - {Capability.HOLD, Capability.FOOTAGE}
    hold_id = (await order(operator, "rail-cctv:r1"))["id"]
    await broker.work()
    held = (await show(operator, hold_id))["held"]
    reason = "its recorder can neither keep footage nor hand it out"
    assert (held["state"], held["state_reason"], held["how"]) == ("failed", reason, None)


async def test_a_release_that_fails_is_tried_until_it_succeeds(
    broker: TestBroker, operator: SignedIn
) -> None:
    hold_id = (await order(operator, "rail-cctv:r1"))["id"]
    await broker.work()
    broker.rail.failing["release_hold"] = Unreachable("no answer")
    await release(operator, hold_id)
    for _ in range(3):
        await broker.work()
        broker.clock.advance(days=3)
    held = (await show(operator, hold_id))["held"]
    assert (held["state"], held["state_reason"]) == ("held", "release failed: no answer")
    broker.rail.failing.clear()
    await broker.work()
    assert (await show(operator, hold_id))["held"]["state"] == "released"


async def test_a_placing_that_kills_its_worker_each_time_is_set_aside(
    broker: TestBroker, operator: SignedIn
) -> None:
    hold_id = (await order(operator, "rail-cctv:r1"))["id"]
    (job,) = [job for job in broker.broker.worker._jobs if job.name == "place holds"]
    for n in range(8):
        assert await job.claim(broker.broker.worker._lease(f"killed {n}")) is not None
        broker.clock.advance(seconds=31)
    await broker.work()
    held = (await show(operator, hold_id))["held"]
    assert held["state_reason"] == "set aside: 8 tries ended without a word"


async def test_every_step_of_a_hold_is_in_the_log_of_its_owner(
    broker: TestBroker, operator: SignedIn
) -> None:
    hold_id = (await order(operator, "rail-cctv:r1"))["id"]
    await broker.work()
    await show(operator, hold_id)
    await release(operator, hold_id)
    await broker.work()
    auditor = await broker.officer("rail", Role.AUDITOR)
    entries = (await auditor.get("/v1/audit/entries?limit=1000")).json()["entries"]
    steps = [entry["action"] for entry in entries if hold_id in entry["objects"]]
    assert steps == ["order_hold", "hold_held", "show_hold", "release_hold", "hold_released"]


async def test_a_gap_in_the_footage_does_not_make_a_hold_partial(
    broker: TestBroker, operator: SignedIn
) -> None:
    films = recorded_minutes(NOW - timedelta(minutes=10), 10)
    broker.rail.footage["r1"] = [start for start in films if start != NOW - timedelta(minutes=5)]
    hold_id = (await order(operator, "rail-cctv:r1"))["id"]
    await broker.work()
    held = (await show(operator, hold_id))["held"]
    assert (held["state"], len(held["intervals"])) == ("held", 2)


async def test_a_hold_moves_by_its_table_only(broker: TestBroker, operator: SignedIn) -> None:
    hold_id = (await order(operator, "rail-cctv:r1"))["id"]
    found = await broker.broker.ledger.read(lambda c: store.find(c, hold_id))
    assert found is not None
    for state in HoldState:
        hold = found.model_copy(update={"state": state})
        for following in set(HoldState) - TRANSITIONS[state]:
            with pytest.raises(ValueError, match="does not go"):
                ending = Ending(hold=hold, state=following, reason=None)
                await broker.broker.ledger.write(lambda c, e=ending: store.finish(c, [e], NOW))  # type: ignore[misc]


def test_touching_and_overlapping_intervals_merge() -> None:
    def part(start: int, end: int) -> Interval:
        return Interval(start=NOW + timedelta(seconds=start), end=NOW + timedelta(seconds=end))

    assert merged([part(5, 9), part(0, 2), part(2, 4), part(6, 7)]) == (part(0, 4), part(5, 9))
    assert merged([]) == ()
