"""A bundle carries what the log says was done about its request, proven, and waits for the witnesses at work."""

import json
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from broker.agencies.models import Role
from broker.audit.tree.excerpts import IS_AT_WORK, Excerpts
from broker.evidence.bundle.log_proofs import LogTrust
from broker.evidence.bundle.verification import Check, Result, Verification
from broker.evidence.bundle.verify import verify_file
from broker.ledger.log_tables import log_tiles
from broker.requests.sealing import PATIENCE_WITH_WITNESSES, SealRequests
from broker.transparency.notes import KeyKind, SigningKey, cosign, new_key, parse_note
from tests.broker.requests.people import decide, in_ledger, shown, submit
from tests.world import SignedIn, TestBroker

RAIL = new_key("rail.example/witness", KeyKind.COSIGNATURE)
METRO = new_key("metro.example/witness", KeyKind.COSIGNATURE)


@pytest.fixture
async def investigator(broker: TestBroker) -> SignedIn:
    return await broker.officer("police", Role.INVESTIGATOR)


@pytest.fixture
def witnesses(broker: TestBroker, monkeypatch: pytest.MonkeyPatch) -> tuple[SigningKey, SigningKey]:
    """The broker's own from now on."""
    keys = (RAIL.verifier, METRO.verifier)
    monkeypatch.setattr(broker.broker.services.tree, "_witnesses", keys)
    monkeypatch.setattr(excerpts_of(broker), "_witnesses", keys)
    return RAIL, METRO


def excerpts_of(broker: TestBroker) -> Excerpts:
    (job,) = [job for job in broker.broker.worker._jobs if isinstance(job, SealRequests)]
    return job._tools.excerpts


async def look_and_sign(broker: TestBroker, *keys: SigningKey) -> None:
    """Witnesses sign the newest checkpoint."""
    await broker.broker.sequencer.catch_up()
    tree = broker.broker.services.tree
    body = parse_note(await tree.checkpoint()).body
    lines = "".join(cosign(body, key, broker.clock.now()).line for key in keys)
    assert await tree.cosign(f"{body}\n{lines}") == len(keys)


async def bundle_of(investigator: SignedIn, request_id: str) -> bytes:
    answer = await investigator.get(f"/v1/requests/{request_id}/bundle.zip", None)
    assert answer.status_code == 200, answer.text
    return answer.content


def files_in(bundle: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(bundle)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def manifest_of(bundle: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files_in(bundle)["manifest.json"])
    return found


def verified(folder: Path, bundle: bytes, trust: LogTrust) -> Verification:
    file = folder / "bundle.zip"
    file.write_bytes(bundle)
    return verify_file(file, (), trust)


async def finished(broker: TestBroker, investigator: SignedIn) -> str:
    """A request that was withdrawn, and is about to be sealed."""
    request_id: str = (await submit(investigator, "rail-cctv:r1", judicial=False))["id"]
    await decide(investigator, "cancel", request_id)
    return request_id


async def test_what_was_done_is_in_the_bundle_and_proven_by_the_logs_key(
    broker: TestBroker, investigator: SignedIn, tmp_path: Path
) -> None:
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    request_id = (await submit(investigator, "rail-cctv:r1", "metro-cctv:m1"))["id"]
    await broker.work()
    await shown(investigator, request_id)
    await decide(custodian, "approve", request_id)
    await broker.work()
    await decide(await broker.officer("metro", Role.CUSTODIAN), "deny", request_id)
    await broker.work()
    bundle = await bundle_of(investigator, request_id)
    found = verified(tmp_path, bundle, LogTrust(broker.broker.sequencer.key))
    assert found.ok, found
    manifest, files = manifest_of(bundle), files_in(bundle)
    events = [entry["event"] for entry in manifest["log"]]
    assert events[0] == "submit_request"
    assert sorted(events[1:]) == ["decide_approved", "decide_denied", "hold_held", "hold_held", "make_clips"]
    numbers = {entry["event"]: entry["sequence"] for entry in manifest["log"]}
    decided = json.loads(files[f"log/{numbers['decide_approved']}.part"][16:])
    assert (decided["agency"], decided["request_id"], decided["query"]) == (
        "police",
        request_id,
        {"items": [1]},
    )
    acted = json.loads(files[f"log/{numbers['decide_approved']}.person"][16:])
    assert acted["officer_id"] == manifest["items"][0]["decision"]["by"][0]["officer_id"]


async def test_the_bundle_holds_the_requesters_parts_alone_and_whom_it_names_anyway(
    broker: TestBroker, investigator: SignedIn
) -> None:
    other = await broker.officer("metro", Role.CUSTODIAN)
    request_id = (await submit(investigator, "rail-cctv:r1", "metro-cctv:m1", judicial=False))["id"]
    await shown(other, request_id)
    await decide(investigator, "cancel", request_id)
    await broker.work()
    files = files_in(await bundle_of(investigator, request_id))
    parts = [json.loads(data[16:]) for name, data in files.items() if name.endswith(".part")]
    assert {part["agency"] for part in parts} == {"police"}
    people = {json.loads(data[16:])["officer_id"] for name, data in files.items() if name.endswith(".person")}
    assert people == {investigator.id}
    assert not any(name.startswith("log/") and b"read_request" in data for name, data in files.items())


async def test_sealing_brings_the_entries_into_the_tree_by_itself(
    broker: TestBroker, investigator: SignedIn
) -> None:
    request_id = await finished(broker, investigator)
    await broker.work()
    assert (await in_ledger(broker, request_id)).sealed_at == broker.clock.now()


async def test_the_bundle_waits_for_the_witnesses_at_work_and_carries_their_signatures(
    broker: TestBroker, investigator: SignedIn, witnesses: tuple[SigningKey, SigningKey], tmp_path: Path
) -> None:
    await look_and_sign(broker, *witnesses)
    request_id = await finished(broker, investigator)
    await broker.work()
    waits = await shown(investigator, request_id)
    assert waits["sealed_at"] is None
    assert waits["state_reason"] == (
        "the log is yet to be co-signed by metro.example/witness, rail.example/witness"
    )
    await look_and_sign(broker, RAIL)
    broker.clock.advance(seconds=6)
    await broker.work()
    assert (await shown(investigator, request_id))["state_reason"] == (
        "the log is yet to be co-signed by metro.example/witness"
    )
    body = parse_note(await broker.broker.services.tree.checkpoint(cosigned=True)).body
    await broker.broker.services.tree.cosign(f"{body}\n{cosign(body, METRO, broker.clock.now()).line}")
    broker.clock.advance(seconds=10)
    await broker.work()
    found = verified(
        tmp_path,
        await bundle_of(investigator, request_id),
        LogTrust(broker.broker.sequencer.key, (RAIL.verifier, METRO.verifier)),
    )
    assert found.ok
    proven = {f.by for f in found.findings if f.check is Check.WITNESS and f.result is Result.PROVEN}
    assert proven == {"rail.example/witness", "metro.example/witness"}


async def test_a_witness_that_does_not_sign_in_time_is_not_waited_for_longer(
    broker: TestBroker, investigator: SignedIn, witnesses: tuple[SigningKey, SigningKey], tmp_path: Path
) -> None:
    await look_and_sign(broker, *witnesses)
    request_id = await finished(broker, investigator)
    await broker.work()
    await look_and_sign(broker, RAIL)
    broker.clock.advance(seconds=PATIENCE_WITH_WITNESSES.total_seconds() - 1)
    await broker.work()
    assert (await in_ledger(broker, request_id)).sealed_at is None
    broker.clock.advance(seconds=301)
    await broker.work()
    bundle = await bundle_of(investigator, request_id)
    assert verified(tmp_path, bundle, LogTrust(None, (RAIL.verifier,))).ok
    assert not verified(tmp_path, bundle, LogTrust(None, (METRO.verifier,))).ok
    assert manifest_of(bundle)["log_keys"]["witnesses"] == [RAIL.verifier.text, METRO.verifier.text]


async def test_a_witness_that_has_long_been_silent_is_not_waited_for(
    broker: TestBroker, investigator: SignedIn, witnesses: tuple[SigningKey, SigningKey]
) -> None:
    await look_and_sign(broker, *witnesses)
    broker.clock.advance(seconds=IS_AT_WORK.total_seconds())
    request_id = await finished(broker, investigator)
    await broker.work()
    assert (await in_ledger(broker, request_id)).sealed_at is not None


async def test_a_log_that_contradicts_what_it_signed_seals_nothing_until_it_is_put_right(
    broker: TestBroker, investigator: SignedIn
) -> None:
    await broker.broker.sequencer.catch_up()
    request_id = await finished(broker, investigator)

    def put(connection: Connection, hashes: bytes) -> None:
        connection.execute(update(log_tiles).where(log_tiles.c.level == 0).values(hashes=hashes))

    def tamper(connection: Connection) -> bytes:
        kept: bytes = connection.execute(
            select(log_tiles.c.hashes).where(log_tiles.c.level == 0)
        ).scalar_one()
        put(connection, bytes(len(kept)))
        return kept

    kept = await broker.broker.ledger.write(tamper)
    await broker.work()
    waits = await shown(investigator, request_id)
    assert waits["sealed_at"] is None
    assert waits["state_reason"].startswith("the log's tree does not grow: ")
    await broker.broker.ledger.write(lambda c: put(c, kept))
    broker.clock.advance(seconds=10)
    await broker.work()
    assert (await in_ledger(broker, request_id)).sealed_at is not None
