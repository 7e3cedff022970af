"""Who follows events learns of what they may know, in order, without a gap, and for as long as they may."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from broker.agencies.models import Role
from broker.notify.events import feed, service
from tests.broker.http.served import serve
from tests.broker.requests.people import decide, submit
from tests.world import LAST_MINUTES, SignedIn, TestBroker, camera

SAID_TO_REQUESTER = ["submit_request", "hold_held", "decide_approved", "make_clips", "seal_request"]


@pytest.fixture
async def investigator(broker: TestBroker) -> SignedIn:
    return await broker.officer("police", Role.INVESTIGATOR)


@pytest.fixture
async def custodian(broker: TestBroker) -> SignedIn:
    return await broker.officer("rail", Role.CUSTODIAN)


def messages(text: str) -> list[dict[str, Any]]:
    """`{"id", "event", "data"}` of each message; comments are left out."""
    found = []
    for block in text.replace("\r\n", "\n").split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if line and not line.startswith(":"))
        if fields:
            found.append({**fields, "data": json.loads(fields["data"])})
    return found


async def news(officer: SignedIn, last: str | None = None) -> list[dict[str, Any]]:
    headers = officer.headers() | ({} if last is None else {"Last-Event-ID": last})
    answer = await officer.http.get("/v1/events?follow=false", headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    return messages(answer.text)


async def delivered(broker: TestBroker, investigator: SignedIn, custodian: SignedIn) -> str:
    request_id = str((await submit(investigator, "rail-cctv:r1"))["id"])
    await broker.work()
    assert (await decide(custodian, "approve", request_id)).status_code == 200
    await broker.work()
    return request_id


async def test_both_sides_of_a_request_are_told_each_step_and_others_nothing(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn
) -> None:
    colleague = await broker.officer("police", Role.INVESTIGATOR)
    metro = await broker.officer("metro", Role.CUSTODIAN)
    start = {officer.id: "0.0" for officer in (investigator, custodian, colleague, metro)}
    request_id = await delivered(broker, investigator, custodian)
    for officer in (investigator, custodian):
        told = [each for each in await news(officer, start[officer.id]) if each["event"] == "request"]
        assert [each["data"]["action"] for each in told] == SAID_TO_REQUESTER
        assert {each["data"]["id"] for each in told} == {request_id}
        assert all(set(each["data"]) == {"id", "action", "at"} for each in told)
        (hold,) = [each["data"] for each in await news(officer, "0.0") if each["event"] == "hold"][-1:]
        assert hold["id"].startswith("hold_")
    for officer in (colleague, metro):
        assert [each for each in await news(officer, "0.0") if each["event"] in ("request", "hold")] == []


async def test_what_came_after_the_last_one_seen_is_told_without_gap_or_repetition(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    await news(investigator)
    await delivered(broker, investigator, custodian)
    whole = [each for each in await news(investigator, "0.0") if each["event"] != "cameras"]
    assert len(whole) > 4
    monkeypatch.setattr(feed, "ENTRIES_AT_ONCE", 2)
    for forgotten in (False, True):
        if forgotten:
            broker.broker.feed._recent.clear()
            broker.broker.feed._floor = broker.broker.feed._last
        for index, each in enumerate(whole):
            after = [one["data"] for one in await news(investigator, each["id"]) if one["event"] != "cameras"]
            later = [one["data"] for one in whole[index + 1 :] if one["id"] != each["id"]]
            assert after == later


async def test_who_begins_now_is_told_nothing_of_before(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn
) -> None:
    await delivered(broker, investigator, custodian)
    assert await news(investigator) == []


async def test_cameras_that_change_are_told_to_those_who_may_locate_them(broker: TestBroker) -> None:
    police, town = [await broker.officer(agency, Role.OPERATOR) for agency in ("police", "town")]
    own = await broker.officer("rail", Role.CUSTODIAN)
    place = f"0.{broker.broker.follower.changed.last}"
    broker.rail.cameras = [
        camera("r1", name="Renamed"),
        camera("r2"),
        camera("secret", tags=("reserved",), name="X"),
    ]
    await broker.synchronise()
    for officer, ids in (
        (police, ["rail-cctv:r1"]),
        (own, ["rail-cctv:r1", "rail-cctv:secret"]),
        (town, None),
    ):
        told = [each["data"]["ids"] for each in await news(officer, place) if each["event"] == "cameras"]
        assert told == ([] if ids is None else [ids]), officer


async def test_whose_place_is_not_known_any_more_is_told_to_search_again(
    broker: TestBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    police = await broker.officer("police", Role.OPERATOR)
    before = broker.broker.follower.changed.last
    broker.broker.follower.changed.note_all()
    for place in (f"0.{before}", "0.0", f"999999.{2**63}"):
        assert [each["data"] for each in await news(police, place) if each["event"] == "cameras"] == [
            {"ids": None}
        ]
    monkeypatch.setattr(service, "MOST_CAMERAS", 2)
    place = f"0.{broker.broker.follower.changed.last}"
    broker.broker.follower.changed.note(["rail-cctv:r1", "rail-cctv:r2", "metro-cctv:m1"])
    assert [each["data"] for each in await news(police, place)] == [{"ids": None}]


@pytest.mark.parametrize("wrong", ["x", "1", "1.x", "-1.0", "1.2.3", "١.٢"])
async def test_a_wrong_place_is_refused(broker: TestBroker, wrong: str) -> None:
    police = await broker.officer("police", Role.OPERATOR)
    headers = police.headers() | {"Last-Event-ID": wrong.encode()}
    answer = await police.http.get("/v1/events?follow=false", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def following(broker: TestBroker, officer: SignedIn) -> AsyncIterator[service.Told]:
    async def again() -> Any:
        return await broker.broker.services.authority.authenticate(officer.token, "judicial_inquiry", None)

    return await broker.broker.services.events.follow(await again(), None, again, goes_on=True)


async def test_it_goes_on_and_ends_when_the_token_does(
    broker: TestBroker, investigator: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "CONFIRM_S", 0.0)
    monkeypatch.setattr(service, "LOOK_S", 0.01)
    monkeypatch.setattr(feed, "LOOK_S", 0.01)
    stream = await following(broker, investigator)
    reading = asyncio.create_task(broker.broker.feed.run())
    try:
        coming = asyncio.ensure_future(anext(stream))
        request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
        assert (await coming).facts["id"] == request_id
        await broker.broker.services.officers.revoke_tokens(investigator.id)
        rest = [told async for told in stream]
        assert all(told.facts["action"] == "submit_request" for told in rest)
    finally:
        reading.cancel()


def test_a_client_reads_it_from_a_real_server(tmp_path: Path, valkey_socket: Path) -> None:
    with serve(tmp_path, valkey_socket) as served, httpx.Client(base_url=served.url, timeout=20) as client:
        headers = {"Authorization": f"Bearer {served.token}", "Entrevue-Purpose": "judicial_inquiry"}
        with client.stream("GET", "/v1/events", headers=headers) as answer:
            assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
            body = {"camera_ids": ["rail-cctv:r2"], "interval": str(LAST_MINUTES), "reason": "Theft"}
            (hold,) = client.post("/v1/holds", json=body, headers=headers).json()["holds"]
            client.get("/v1/events?follow=false", headers=headers)  # what is new is read for all who watch
            data = next(line for line in answer.iter_lines() if line.startswith("data: "))
            assert json.loads(data.removeprefix("data: "))["id"] == hold["id"]
