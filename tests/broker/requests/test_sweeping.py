"""The vault keeps what the ledger names and nothing else; what it lost is said to those who rely on it."""

import pytest

from broker.agencies.models import Role
from tests.broker.requests.people import (
    decide,
    submit,
    until_files_have_settled,
    vault_files,
    work_to_the_end,
)
from tests.world import SignedIn, TestBroker

LEFT = (
    "clips/req_unknown/1.1.0123456789abcdef.mp4",
    "bundles/req_unknown/0123456789abcdef.zip",
    "documents/req_unknown/0123456789abcdef.pdf",
)


@pytest.fixture
async def investigator(broker: TestBroker) -> SignedIn:
    return await broker.officer("police", Role.INVESTIGATOR)


async def delivered(broker: TestBroker, investigator: SignedIn) -> str:
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    request_id = str((await submit(investigator, "rail-cctv:r1"))["id"])
    assert (await decide(custodian, "approve", request_id)).status_code == 200
    await work_to_the_end(broker, request_id)
    return request_id


async def sweep(broker: TestBroker) -> None:
    (job,) = [job for job in broker.broker.worker._jobs if job.name == "make rounds"]
    await job._rounds["sweep vault"].run()


async def all_files(broker: TestBroker) -> set[str]:
    return {key for prefix in ("clips", "bundles", "documents") for key in await vault_files(broker, prefix)}


async def test_what_no_request_names_goes_after_a_day(broker: TestBroker, investigator: SignedIn) -> None:
    request_id = await delivered(broker, investigator)
    named = await all_files(broker)
    beside = f"clips/{request_id}/9.9.0123456789abcdef.mp4"
    for key in (*LEFT, beside):
        await broker.broker.vault.put(key, b"left")
    await sweep(broker)
    assert await all_files(broker) == {*named, *LEFT, beside}
    broker.clock.advance(**until_files_have_settled(broker))
    await sweep(broker)
    assert await all_files(broker) == named


async def test_half_files_go_too(broker: TestBroker) -> None:
    if (folder := broker.broker.vault._folder) is None:
        pytest.skip("an object store has no half files")
    half = [folder / f"{key}#1" for key in (*LEFT, "snapshots/r1.jpg", "references/r1.bin")]
    for file in half:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"half")
    await sweep(broker)
    assert all(file.exists() for file in half)
    broker.clock.advance(**until_files_have_settled(broker))
    await sweep(broker)
    assert not any(file.exists() for file in half)


async def test_a_request_that_is_being_worked_on_is_left_alone(
    broker: TestBroker, investigator: SignedIn
) -> None:
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    broker.clock.advance(**until_files_have_settled(broker))
    request_id = str((await submit(investigator, "rail-cctv:r1"))["id"])
    await broker.work()
    assert (await decide(custodian, "approve", request_id)).status_code == 200
    (job,) = [job for job in broker.broker.worker._jobs if job.name == "make clips"]
    assert await job.claim(broker.broker.worker._lease("maker")) is not None
    made = f"clips/{request_id}/1.1.0123456789abcdef.mp4"
    await broker.broker.vault.put(made, b"made")
    broker.clock.advance(seconds=1)
    await sweep(broker)
    assert await all_files(broker) == {made}


async def test_evidence_that_the_vault_lost_is_said_once_to_requester_and_administrators(
    broker: TestBroker, investigator: SignedIn
) -> None:
    request_id = await delivered(broker, investigator)
    administrator = await broker.officer("rail", Role.ADMINISTRATOR)
    (clip,) = await vault_files(broker, "clips")
    await broker.broker.vault.delete(clip)
    for _ in range(2):
        await sweep(broker)
    for officer in (investigator, administrator):
        notices = (await officer.get("/v1/notices")).json()["notices"]
        assert [each["subject"] for each in notices if each["kind"] == "evidence_lost"] == [request_id]
