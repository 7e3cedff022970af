"""Webhooks are told what their agency may know: all of it, in ids, until it arrives or is dead and listed as such."""

import base64
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_structured_event
from redis.asyncio import Redis
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from broker.agencies.models import Role
from broker.notify.messages import spreading
from broker.notify.messages.sending import RETRIES
from broker.settings import Settings
from tests.broker.notify.messages.receiving import Receiver, receiver
from tests.broker.requests.people import decide, submit
from tests.world import SignedIn, TestBroker, open_test_broker, settings

SECRET, BEFORE = [f"whsec_{base64.b64encode(bytes([n]) * 32).decode()}" for n in (1, 2)]
STEPS = ["submit_request", "decide_approved", "make_clips", "seal_request"]


@pytest.fixture
def police() -> Iterator[Receiver]:
    with receiver() as received:
        yield received


def configured(folder: Path, received: Receiver, monkeypatch: pytest.MonkeyPatch, **more: Any) -> Settings:
    """A webhook of the police's."""
    monkeypatch.setenv("HOOK", SECRET)
    webhook = {"id": "dispatch", "agency": "police", "url": received.url, "secret": {"env": "HOOK"}} | more
    known = settings(folder)
    return Settings.model_validate(known.model_dump() | {"webhook": [webhook]})


@pytest.fixture
async def told(
    tmp_path: Path, redis: Redis, police: Receiver, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[TestBroker]:
    async with open_test_broker(
        tmp_path, redis, configuration=configured(tmp_path, police, monkeypatch)
    ) as broker:
        await broker.synchronise()
        await broker.work()
        yield broker


async def delivered(broker: TestBroker) -> str:
    investigator = await broker.officer("police", Role.INVESTIGATOR)
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    request_id = str((await submit(investigator, "rail-cctv:r1"))["id"])
    await broker.work()
    assert (await decide(custodian, "approve", request_id)).status_code == 200
    await broker.work()
    return request_id


async def listed(broker: TestBroker, state: str = "", agency: str = "police") -> list[dict[str, Any]]:
    administrator = await broker.officer(agency, Role.ADMINISTRATOR)
    answer = await administrator.get(f"/v1/messages?limit=1000{state and f'&state={state}'}")
    assert answer.status_code == 200, answer.text
    messages: list[dict[str, Any]] = answer.json()["messages"]
    return messages


async def test_a_partners_system_is_told_each_step_in_order_and_can_check_who_says_so(
    told: TestBroker, police: Receiver
) -> None:
    request_id = await delivered(told)
    seen = []
    for headers, body in police.got:
        event = json.loads(body)
        assert headers["webhook-id"].startswith("msg_")
        said = from_structured_event(
            HTTPMessage(headers={"content-type": headers["content-type"]}, body=body)
        )
        assert (said.get_type(), said.get_subject()) == (event["type"], event["data"]["id"])
        assert set(event["data"]) == {"id", "kind"}
        seen.append((event["type"], event["subject"]))
    assert [kind for kind, subject in seen if subject == request_id] == [
        f"entrevue.request.{step}" for step in ("submit_request", "hold_held", *STEPS[1:])
    ]
    assert len({headers["webhook-id"] for headers, _ in police.got}) == len(police.got)
    assert len({json.loads(body)["id"] for _, body in police.got}) == len(police.got)
    assert {each["state"] for each in await listed(told)} == {"delivered"}


async def test_nothing_but_ids_leaves(told: TestBroker, police: Receiver) -> None:
    await delivered(told)
    for _, body in police.got:
        for secret in ("Theft", "PV-2026-001", "Camera r1", "Test rail", "Test police"):
            assert secret.encode() not in body


async def test_the_signature_is_the_librarys_and_wrong_for_anything_else(
    tmp_path: Path, redis: Redis, police: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEFORE", BEFORE)
    both = configured(tmp_path, police, monkeypatch, previous_secret={"env": "BEFORE"})
    async with open_test_broker(tmp_path, redis, configuration=both) as broker:
        await broker.synchronise()
        await broker.work()
        await delivered(broker)
        headers, body = police.got[0]
        monkeypatch.setattr(Webhook, "_Webhook__verify_timestamp", lambda _self, text: _instant(text))
        for secret in (SECRET, BEFORE):
            Webhook(secret).verify(body, headers)
            with pytest.raises(WebhookVerificationError):
                Webhook(secret).verify(body.replace(b"req_", b"rex_"), headers)
            with pytest.raises(WebhookVerificationError):
                Webhook(secret).verify(body, headers | {"webhook-id": "msg_other"})
        with pytest.raises(WebhookVerificationError):
            Webhook(f"whsec_{base64.b64encode(b'3' * 32).decode()}").verify(body, headers)


def _instant(text: str) -> Any:
    return datetime.fromtimestamp(int(text), UTC)


async def test_another_agencys_system_is_told_nothing_of_it(
    tmp_path: Path, redis: Redis, police: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    metros = configured(tmp_path, police, monkeypatch, agency="metro")
    async with open_test_broker(tmp_path, redis, configuration=metros) as broker:
        await broker.synchronise()
        await broker.work()
        await delivered(broker)
        assert police.got == []


async def test_what_is_not_taken_is_tried_again_with_the_same_id_and_then_dead(
    told: TestBroker, police: Receiver
) -> None:
    police.answers = [(503, {})]
    await (await told.officer("police", Role.OPERATOR)).get("/v1/notices")
    investigator = await told.officer("police", Role.INVESTIGATOR)
    await submit(investigator, "rail-cctv:r1")
    await told.work()
    ids = {each["id"] for each in await listed(told)}
    for wait in RETRIES:
        told.clock.advance(seconds=wait.total_seconds() * 1.2 + 1)
        await told.work()
    dead = [each for each in await listed(told, "dead") if each["id"] in ids]
    assert {each["id"] for each in dead} == ids
    assert {(each["attempts"], each["error"]) for each in dead} == {(len(RETRIES) + 1, "answered 503")}
    tries = [headers["webhook-id"] for headers, _ in police.got]
    assert all(tries.count(each) == len(RETRIES) + 1 for each in ids)
    administrator = await told.officer("police", Role.ADMINISTRATOR)
    notices = (await administrator.get("/v1/notices")).json()["notices"]
    assert [each["subject"] for each in notices if each["kind"] == "message_undelivered"] == [
        "webhook:dispatch"
    ]

    police.answers = [(204, {})]
    again = await administrator.post(f"/v1/messages/{dead[0]['id']}/retry", None)
    assert (again.status_code, again.json()["state"]) == (200, "pending")
    await told.work()
    assert dead[0]["id"] in {each["id"] for each in await listed(told, "delivered")}
    again = await administrator.post(f"/v1/messages/{dead[0]['id']}/retry", None)
    assert (again.status_code, again.json()["code"]) == (409, "state_conflict")


async def test_an_address_that_is_gone_is_not_asked_again_and_one_that_says_when_is_asked_then(
    told: TestBroker, police: Receiver
) -> None:
    police.answers = [(410, {}), (429, {"retry-after": "7200"}), (204, {})]
    investigator = await told.officer("police", Role.INVESTIGATOR)
    await submit(investigator, "rail-cctv:r1")
    await told.work()
    (gone,) = await listed(told, "dead")
    (later,) = await listed(told, "pending")
    assert (gone["attempts"], later["attempts"]) == (1, 1)
    told.clock.advance(seconds=7100)
    await told.work()
    assert later["id"] in {each["id"] for each in await listed(told, "pending")}
    told.clock.advance(seconds=101)
    await told.work()
    assert await listed(told, "pending") == []


async def test_others_messages_are_as_unknown_as_none(told: TestBroker) -> None:
    await delivered(told)
    (message, *_) = await listed(told)
    assert await listed(told, agency="rail") == []
    others = await told.officer("rail", Role.ADMINISTRATOR)
    for name in (message["id"], "msg_unknown"):
        answer = await others.post(f"/v1/messages/{name}/retry", None)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_notices_are_told_too(told: TestBroker, police: Receiver) -> None:
    operator = await told.officer("police", Role.OPERATOR)
    body = {
        "camera_ids": ["rail-cctv:r1"],
        "reason": "Theft",
        "interval": "2026-06-15T11:55:00Z/2026-06-15T11:57:00Z",
    }
    (hold,) = (await operator.post("/v1/holds", body)).json()["holds"]
    await told.work()
    told.clock.advance(hours=25)
    await told.work()
    events = [json.loads(body) for _, body in police.got]
    (notice,) = [each for each in events if each["type"] == "entrevue.notice.hold_ends"]
    assert notice["subject"] == hold["id"]


async def test_a_long_absence_is_told_in_parts_and_whole(
    told: TestBroker, police: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreading, "ENTRIES_AT_ONCE", 2)
    request_id = await delivered(told)
    kinds = [json.loads(body)["type"] for _, body in police.got if json.loads(body)["subject"] == request_id]
    assert kinds[0] == "entrevue.request.submit_request"
    assert kinds[-1] == "entrevue.request.seal_request"


async def test_a_worker_that_is_killed_while_it_sends_leaves_the_message_to_another(
    told: TestBroker, police: Receiver
) -> None:
    investigator: SignedIn = await told.officer("police", Role.INVESTIGATOR)
    await submit(investigator, "rail-cctv:r1")
    jobs = {job.name: job for job in told.broker.worker._jobs}
    newest = await jobs["spread news"].claim(told.broker.worker._lease("one"))
    await jobs["spread news"].carry_out(newest, "one")
    claimed = await jobs["send messages"].claim(told.broker.worker._lease("killed"))
    assert claimed is not None
    assert await jobs["send messages"].claim(told.broker.worker._lease("other")) is None, "one at a time"
    told.clock.advance(seconds=31)
    await told.work()
    assert claimed.id in {headers["webhook-id"] for headers, _ in police.got}
    assert {each["state"] for each in await listed(told)} == {"delivered"}


async def test_messages_that_ended_a_month_ago_are_forgotten(told: TestBroker) -> None:
    await delivered(told)
    assert await listed(told)
    told.clock.advance(days=32)
    await told.work()
    kinds = {each["kind"] for each in await listed(told)}
    assert "request.seal_request" not in kinds
    assert timedelta(days=30) == spreading.KEPT
