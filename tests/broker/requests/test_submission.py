"""What a submission promises, and what it refuses without leaving a trace."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from adapters.contract.models import Interval
from broker.agencies.models import Role
from broker.errors import Problem
from broker.ledger.engine import Ledger
from tests.broker.requests.people import submit
from tests.world import (
    LAST_MINUTES,
    NOW,
    SignedIn,
    TestBroker,
    camera,
    default_recorders,
    open_test_broker,
    settings,
    submission,
)

ACTIONS_ON_REQUESTS = (
    "select action from audit_entries"
    " where sequence in (select sequence from audit_parts where request_id is not null) order by sequence"
)


async def rows(broker: TestBroker, query: str) -> list[Any]:
    """What another process reads from the ledger."""
    other = Ledger(broker.broker.ledger.place)
    try:
        return [tuple(row) for row in await other.read(lambda c: c.exec_driver_sql(query).all())]
    finally:
        await asyncio.to_thread(other.close)


@pytest.fixture
async def investigator(broker: TestBroker) -> SignedIn:
    return await broker.officer("police", Role.INVESTIGATOR)


async def test_a_201_means_that_every_hold_order_is_on_disk(
    broker: TestBroker, investigator: SignedIn
) -> None:
    body = await submit(investigator, "rail-cctv:r1", "metro-cctv:m1")
    found = await rows(broker, "select camera_id, state, request_id from holds order by n")
    assert found == [("rail-cctv:r1", "ordered", body["id"]), ("metro-cctv:m1", "ordered", body["id"])]
    assert await rows(broker, "select state from request_items") == [("pending",), ("pending",)]
    actions = await rows(broker, ACTIONS_ON_REQUESTS)
    assert actions == [("submit_request",)]


async def test_a_submission_does_not_need_redis_to_wake_a_worker(
    broker: TestBroker, investigator: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def is_away() -> None:
        raise Problem("catalog_unavailable", "the catalog does not answer")

    monkeypatch.setattr(broker.broker.catalog, "wake_worker", is_away)
    body = await submit(investigator, "rail-cctv:r1")
    assert await broker.work() > 0
    assert await rows(broker, "select request_id, state from holds") == [(body["id"], "held")]


def area_submission() -> dict[str, Any]:
    """Everything within 100 m of Gare du Nord."""
    area = {"lat": 48.8809, "lon": 2.3553, "radius_m": 100, "sees": False}
    named = submission([], LAST_MINUTES)
    del named["items"]
    return named | {"area": area, "interval": str(LAST_MINUTES)}


def shifted(**by: float) -> Interval:
    return LAST_MINUTES.shift(timedelta(**by))


LONG = Interval(start=NOW - timedelta(hours=7), end=NOW - timedelta(minutes=1))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"items": []}, "invalid"),
        (
            {
                "items": [
                    {"camera_id": "rail-cctv:r1", "interval": "2026-06-15T12:00:00Z/2026-06-15T11:00:00Z"}
                ]
            },
            "interval_invalid",
        ),
        (
            {
                "items": [
                    {"camera_id": "rail-cctv:r1", "interval": "2026-06-15T11:00:00Z/2026-06-15T11:00:00Z"}
                ]
            },
            "interval_invalid",
        ),
        ({"items": [{"camera_id": "rail-cctv:r1", "interval": "yesterday"}]}, "interval_invalid"),
        (
            {"items": [{"camera_id": "rail-cctv:r1", "interval": "2026-06-15T10:00:00/2026-06-15T11:00:00"}]},
            "interval_invalid",
        ),
        ({"items": [{"camera_id": "rail-cctv:r1", "interval": str(shifted(hours=1))}]}, "interval_in_future"),
        ({"items": [{"camera_id": "rail-cctv:r1", "interval": str(LONG)}]}, "interval_too_long"),
        ({"items": [{"camera_id": "rail-cctv:r1", "interval": str(LAST_MINUTES)}] * 101}, "invalid"),
        ({"items": [{"camera_id": "police-list:p1", "interval": str(LAST_MINUTES)}]}, "footage_not_offered"),
        ({"items": [{"camera_id": "rail-cctv:none", "interval": str(LAST_MINUTES)}]}, "camera_unknown"),
        ({"items": None}, "invalid"),
        (
            {"area": {"lat": 0, "lon": 0, "radius_m": 10}, "items": None, "interval": str(LAST_MINUTES)},
            "no_camera",
        ),
        ({"area": {"lat": 0, "lon": 0, "radius_m": 10}}, "invalid"),
        ({"interval": str(LAST_MINUTES)}, "invalid"),
        ({"purpose": "curiosity"}, "purpose_unknown"),
        ({"legal_basis": {"kind": "hunch", "reference": "R-1"}}, "basis_unknown"),
        ({"legal_basis": {"kind": "judicial_requisition", "reference": ""}}, "invalid"),
        ({"case_ref": " "}, "invalid"),
        ({"reason": ""}, "invalid"),
        ({"surprise": 1}, "invalid"),
    ],
)
async def test_a_wrong_submission_is_refused_by_name_and_creates_nothing(
    broker: TestBroker, investigator: SignedIn, change: dict[str, Any], code: str
) -> None:
    answer = await investigator.post("/v1/requests", submission(["rail-cctv:r1"], LAST_MINUTES) | change)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    for table in ("requests", "request_items", "holds", "idempotency_keys"):
        assert await rows(broker, f"select count(*) from {table}") == [(0,)]  # noqa: S608 - names from this line


@pytest.mark.parametrize("hidden", ["rail-cctv:none", "rail-cctv:secret", "nowhere:r1", "%00", "../r1"])
async def test_one_unknown_or_hidden_camera_refuses_all_of_them_in_the_same_words(
    broker: TestBroker, investigator: SignedIn, hidden: str
) -> None:
    answer = await investigator.post("/v1/requests", submission(["rail-cctv:r1", hidden], LAST_MINUTES))
    problem = answer.json()
    assert answer.status_code == 422
    assert problem.pop("detail") == f"there is no camera {hidden}"
    assert problem.pop("cameras") == [hidden]
    assert problem == {
        "type": "urn:entrevue:problem:camera_unknown",
        "title": "The submission names an unknown camera",
        "status": 422,
        "code": "camera_unknown",
    }
    assert await rows(broker, "select count(*) from requests") == [(0,)]
    denied = "select action, decision from audit_entries where decision = 'denied'"
    assert await rows(broker, denied) == [("submit_request", "denied")]


async def test_a_camera_of_an_agency_that_shares_nothing_is_as_unknown_as_one_that_does_not_exist(
    broker: TestBroker,
) -> None:
    town = await broker.officer("town", Role.INVESTIGATOR)
    answers = [
        await town.post("/v1/requests", submission([name], LAST_MINUTES))
        for name in ("rail-cctv:r1", "rail-cctv:rX")
    ]
    bodies = [answer.text.replace("rX", "r1") for answer in answers]
    assert bodies[0] == bodies[1]
    assert {answer.status_code for answer in answers} == {422}


async def test_a_camera_that_may_be_located_only_is_denied_as_such(tmp_path: Path, redis: Redis) -> None:
    configured = settings(tmp_path)
    narrowed = tuple(a.model_copy(update={"actions": ("locate",)}) for a in configured.agreement)
    configured = configured.model_copy(update={"agreement": narrowed})
    async with open_test_broker(tmp_path, redis, configuration=configured) as broker:
        await broker.synchronise()
        officer = await broker.officer("police", Role.INVESTIGATOR)
        answer = await officer.post("/v1/requests", submission(["rail-cctv:r1"], LAST_MINUTES))
        assert (answer.status_code, answer.json()["code"]) == (403, "action_denied")
        assert answer.json()["cameras"] == ["rail-cctv:r1"]
        assert await rows(broker, "select count(*) from requests") == [(0,)]


async def test_an_agreement_caps_the_length_of_a_clip_and_of_its_hold(tmp_path: Path, redis: Redis) -> None:
    configured = settings(tmp_path)
    capped = tuple(
        a.model_copy(update={"max_clip_s": 60.0, "hold_max_days": 3.0}) for a in configured.agreement
    )
    configured = configured.model_copy(update={"agreement": capped})
    async with open_test_broker(tmp_path, redis, configuration=configured) as broker:
        await broker.synchronise()
        officer = await broker.officer("police", Role.INVESTIGATOR)
        refused = await officer.post("/v1/requests", submission(["rail-cctv:r1"], LAST_MINUTES))
        assert (refused.status_code, refused.json()["code"]) == (422, "interval_too_long")
        assert "agreement" in refused.json()["detail"]
        short = Interval(start=LAST_MINUTES.start, end=LAST_MINUTES.start + timedelta(seconds=60))
        body = await submit(officer, "rail-cctv:r1", interval=short, judicial=False)
        assert body["items"][0]["held"]["until"] == "2026-06-18T12:00:00Z"
        judicial = await submit(officer, "rail-cctv:r1", interval=short)
        assert judicial["items"][0]["held"]["until"] is None


async def test_without_a_judicial_basis_a_hold_ends_after_thirty_days(
    broker: TestBroker, investigator: SignedIn
) -> None:
    body = await submit(investigator, "rail-cctv:r1", judicial=False)
    assert body["items"][0]["held"]["until"] == "2026-07-15T12:00:00Z"


async def test_footage_that_is_not_there_makes_the_item_unavailable(
    broker: TestBroker, investigator: SignedIn
) -> None:
    body = await submit(investigator, "rail-cctv:r1", interval=shifted(days=-2))
    await broker.work()
    shown = (await investigator.get(f"/v1/requests/{body['id']}", None)).json()
    assert (shown["state"], shown["items"][0]["state"]) == ("unavailable", "unavailable")
    assert shown["items"][0]["state_reason"] == "the recorder has no footage of this interval"
    assert shown["items"][0]["held"]["state"] == "failed"
    assert shown["items"][0]["gaps"] == [str(shifted(days=-2))]
    assert broker.rail.holds == {}
    actions = await rows(broker, ACTIONS_ON_REQUESTS)
    assert ("item_unavailable",) in actions


async def test_an_area_becomes_one_item_a_camera_that_may_be_requested(
    broker: TestBroker, investigator: SignedIn
) -> None:
    body = area_submission()
    answer = await investigator.post("/v1/requests", body)
    assert answer.status_code == 201, answer.text
    named = [(item["camera_id"], item["requested"]) for item in answer.json()["items"]]
    expected = ("metro-cctv:m1", "rail-cctv:r1", "rail-cctv:r2")
    assert named == [(name, str(LAST_MINUTES)) for name in expected]


async def test_an_area_with_too_many_cameras_is_refused(tmp_path: Path, redis: Redis) -> None:
    recorders = default_recorders()
    recorders["rail-cctv"].cameras = [camera(f"r{n}") for n in range(6)]
    configured = settings(tmp_path, max_items=5)
    async with open_test_broker(tmp_path, redis, recorders, configuration=configured) as broker:
        await broker.synchronise()
        officer = await broker.officer("police", Role.INVESTIGATOR)
        body = area_submission()
        answer = await officer.post("/v1/requests", body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


# Idempotency-Key


async def test_the_same_call_with_the_same_key_creates_one_request(
    broker: TestBroker, investigator: SignedIn
) -> None:
    body = submission(["rail-cctv:r1"], LAST_MINUTES)
    answers = [await investigator.post("/v1/requests", body, **{"Idempotency-Key": "k-1"}) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await rows(broker, "select count(*) from requests") == [(1,)]
    assert await rows(broker, "select count(*) from holds") == [(1,)]
    assert await rows(broker, "select count(*) from audit_entries where action = 'read_request'") == [(2,)]


async def test_a_key_finds_its_area_again_although_other_cameras_stand_there_now(
    broker: TestBroker, investigator: SignedIn
) -> None:
    body = area_submission()
    first = await investigator.post("/v1/requests", body, **{"Idempotency-Key": "k-1"})
    broker.rail.cameras.append(camera("r9"))
    await broker.synchronise()
    again = await investigator.post("/v1/requests", body, **{"Idempotency-Key": "k-1"})
    assert again.status_code == 201, again.text
    assert again.json()["id"] == first.json()["id"]


async def test_a_key_with_another_body_is_a_conflict(broker: TestBroker, investigator: SignedIn) -> None:
    body = submission(["rail-cctv:r1"], LAST_MINUTES)
    await investigator.post("/v1/requests", body, **{"Idempotency-Key": "k-1"})
    answer = await investigator.post("/v1/requests", body | {"reason": "Other"}, **{"Idempotency-Key": "k-1"})
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_conflict")
    hold = {"camera_ids": ["rail-cctv:r1"], "interval": str(LAST_MINUTES), "reason": "Theft"}
    answer = await investigator.post("/v1/holds", hold, **{"Idempotency-Key": "k-1"})
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_conflict")
    assert await rows(broker, "select count(*) from holds") == [(1,)]


async def test_a_key_is_one_officers_own(broker: TestBroker, investigator: SignedIn) -> None:
    other = await broker.officer("police", Role.INVESTIGATOR)
    body = submission(["rail-cctv:r1"], LAST_MINUTES)
    answers = [
        await who.post("/v1/requests", body, **{"Idempotency-Key": "k"}) for who in (investigator, other)
    ]
    assert answers[0].json()["id"] != answers[1].json()["id"]


async def test_twins_at_the_same_moment_create_one_request(
    broker: TestBroker, investigator: SignedIn
) -> None:
    body = submission(["rail-cctv:r1"], LAST_MINUTES)
    calls = [investigator.post("/v1/requests", body, **{"Idempotency-Key": "k"}) for _ in range(8)]
    answers = await asyncio.gather(*calls)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await rows(broker, "select count(*) from holds") == [(1,)]


async def test_clips_of_ones_own_agency_have_no_sound_as_no_agreement_allows_it(broker: TestBroker) -> None:
    investigator = await broker.officer("rail", Role.INVESTIGATOR)
    answer = await investigator.post("/v1/requests", submission(["rail-cctv:r1"], LAST_MINUTES))
    request_id = answer.json()["id"]
    assert (request_id, 0) in await rows(broker, "SELECT request_id, audio FROM request_items")
