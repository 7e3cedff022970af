"""The tree over HTTP: for auditors alone; what it proves can be recomputed from what they read."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from broker.agencies.models import Role
from broker.audit.tree.service import LogTree
from broker.transparency import notes
from broker.transparency.notes import KeyKind, SigningKey, new_key, open_checkpoint, parse_note
from broker.transparency.proofs import is_consistent, is_included, leaf_hash
from tests.broker.transparency import trees
from tests.world import NOW, SignedIn, TestBroker

WITNESS = new_key("witness.rail", KeyKind.COSIGNATURE)
STRANGER = new_key("witness.nowhere", KeyKind.COSIGNATURE)


@pytest.fixture
async def auditor(broker: TestBroker) -> SignedIn:
    auditor = await broker.officer("rail", Role.AUDITOR)
    await broker.broker.sequencer.catch_up()
    return auditor


@pytest.fixture
def witnessed(broker: TestBroker, monkeypatch: pytest.MonkeyPatch) -> LogTree:
    tree = broker.broker.services.tree
    monkeypatch.setattr(tree, "_witnesses", (WITNESS.verifier,))
    return tree


def key_of(broker: TestBroker) -> notes.VerifierKey:
    return broker.broker.sequencer._key.verifier


async def checkpoint(broker: TestBroker, auditor: SignedIn, query: str = "") -> notes.Checkpoint:
    answer = await auditor.get(f"/v1/audit/checkpoint{query}", None)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain")
    return open_checkpoint(answer.text, key_of(broker))[0]


async def test_a_partner_recomputes_its_entries_and_finds_them_in_the_signed_tree(
    broker: TestBroker, auditor: SignedIn
) -> None:
    operator = await broker.officer("police", Role.OPERATOR)
    await operator.get("/v1/cameras?lat=48.8809&lon=2.3553&radius_m=50")
    entries = (await auditor.get("/v1/audit/entries?limit=1000")).json()["entries"]
    await broker.broker.sequencer.catch_up()
    signed = await checkpoint(broker, auditor)
    assert signed.origin == "127.0.0.1:8080/log"
    assert "search" in {entry["action"] for entry in entries}
    for entry in entries:
        leaf = json.loads(entry["leaf"])
        assert (leaf["sequence"], leaf["action"]) == (entry["sequence"], entry["action"])
        made = [
            hashlib.sha256(bytes.fromhex(part["salt"]) + part["content"].encode()).hexdigest()
            for part in entry["parts"]
        ]
        assert made
        assert set(made) <= set(leaf["commitments"])
        proof = (await auditor.get(f"/v1/audit/proof?index={entry['sequence'] - 1}", None)).json()
        hashes = [bytes.fromhex(each) for each in proof["hashes"]]
        hashed = leaf_hash(entry["leaf"].encode())
        assert proof["leaf_hash"] == hashed.hex()
        assert is_included(hashed, proof["index"], proof["size"], hashes, signed.root)


async def test_what_an_agency_is_shown_says_nothing_that_its_parts_do_not(
    broker: TestBroker, auditor: SignedIn
) -> None:
    operator = await broker.officer("police", Role.OPERATOR)
    await operator.get("/v1/cameras?lat=48.8809&lon=2.3553&radius_m=50")
    entries = (await auditor.get("/v1/audit/entries?limit=1000")).json()["entries"]
    (search,) = [entry for entry in entries if entry["action"] == "search"]
    said = {k: v for part in search["parts"] for k, v in json.loads(part["content"]).items()}
    leaf = json.loads(search["leaf"])
    for name in ("objects", "owners", "query", "basis", "recipient", "request_id", "officer_id", "case_ref"):
        assert search[name] == said[name], name
    for name in ("operation", "action", "decision", "purpose", "sequence"):
        assert search[name] == leaf[name], name
    assert search["agency"] == leaf["agency"] == "police"
    assert said["agency"] == "rail"
    assert search["person"]["name"] == said["name"]


async def test_consistency_is_proven_between_any_two_sizes(broker: TestBroker, auditor: SignedIn) -> None:
    first = await checkpoint(broker, auditor)
    await auditor.get("/v1/audit/entries")
    await broker.broker.sequencer.catch_up()
    second = await checkpoint(broker, auditor)
    assert second.size == first.size + 1
    answer = (await auditor.get(f"/v1/audit/consistency?from={first.size}&to={second.size}", None)).json()
    hashes = [bytes.fromhex(each) for each in answer["hashes"]]
    assert is_consistent(answer["from"], answer["to"], first.root, second.root, hashes)
    assert await checkpoint(broker, auditor, f"?size={first.size}") == first


async def test_looking_at_the_tree_adds_nothing_to_it(broker: TestBroker, auditor: SignedIn) -> None:
    before = await checkpoint(broker, auditor)
    for path in ("checkpoint", "proof?index=0", "consistency?from=1&to=2"):
        assert (await auditor.get(f"/v1/audit/{path}", None)).status_code == 200
    assert await broker.broker.sequencer.catch_up() == 0
    assert await checkpoint(broker, auditor) == before


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.AUDITOR, Role.DPO}))
async def test_others_are_refused_and_that_is_logged(broker: TestBroker, role: Role) -> None:
    officer = await broker.officer("rail", role)
    await broker.broker.sequencer.catch_up()
    log = broker.broker.services.audit
    for path, attempted in (
        ("checkpoint", "read_tree"),
        ("proof?index=0", "read_tree"),
        ("cosignatures", "cosign"),
    ):
        address = f"/v1/audit/{path}"
        ask = officer.post(address, {"note": "x"}) if attempted == "cosign" else officer.get(address)
        answer = await ask
        assert (answer.status_code, answer.json()["code"]) == (403, "role_denied")
        last = (await log.page(None, None, 0, None, 10_000, None)).entries[-1]
        assert (last.action, last.decision.value) == (attempted, "denied")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("proof?index=10000", 404),
        ("proof?index=0&size=10000", 404),
        ("proof?index=2&size=2", 404),
        ("proof?index=-1", 422),
        ("proof?index=0&size=0", 422),
        (f"proof?index={2**63}", 422),
        ("proof", 422),
        ("consistency?from=2&to=1", 422),
        ("consistency?from=1&to=10000", 404),
        ("consistency?from=-1&to=1", 422),
        ("checkpoint?size=10000", 404),
        ("checkpoint?size=1", 404),
        ("checkpoint?cosigned=true", 404),
        ("checkpoint?size=x", 422),
    ],
)
async def test_what_is_not_there_is_said_to_be_not_there(
    broker: TestBroker, auditor: SignedIn, path: str, status: int
) -> None:
    answer = await auditor.get(f"/v1/audit/{path}", None)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_empty_log_has_no_checkpoint(broker: TestBroker) -> None:
    auditor = await broker.officer("rail", Role.AUDITOR)
    for path in ("checkpoint", "proof?index=0", "consistency?from=0&to=1"):
        assert (await auditor.get(f"/v1/audit/{path}", None)).status_code == 404


async def cosigned(auditor: SignedIn, key: SigningKey) -> str:
    note = (await auditor.get("/v1/audit/checkpoint", None)).text
    return note + notes.cosign(parse_note(note).body, key, NOW).line


async def hand_in(auditor: SignedIn, note: str) -> Any:
    return await auditor.post("/v1/audit/cosignatures", {"note": note}, None)


async def test_a_known_witnesss_line_is_kept_and_handed_out_once(
    broker: TestBroker, auditor: SignedIn, witnessed: LogTree
) -> None:
    note = await cosigned(auditor, WITNESS)
    assert [(await hand_in(auditor, note)).json() for _ in range(2)] == [{"taken": 1}, {"taken": 0}]
    assert (await auditor.get("/v1/audit/checkpoint", None)).text == note
    await auditor.get("/v1/audit/entries")
    await broker.broker.sequencer.catch_up()
    assert (await auditor.get("/v1/audit/checkpoint", None)).text != note
    assert (await auditor.get("/v1/audit/checkpoint?cosigned=true", None)).text == note


async def test_witnesses_meet_on_one_tree_and_go_on_without_one_that_is_away(
    broker: TestBroker, auditor: SignedIn, witnessed: LogTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = new_key("witness.metro", KeyKind.COSIGNATURE)
    monkeypatch.setattr(witnessed, "_witnesses", (WITNESS.verifier, second.verifier))

    async def wanted() -> str:
        return (await auditor.get("/v1/audit/checkpoint?to_cosign=true", None)).text

    async def grow() -> str:
        await auditor.get("/v1/audit/entries")
        await broker.broker.sequencer.catch_up()
        return (await auditor.get("/v1/audit/checkpoint", None)).text

    async def sign(key: SigningKey) -> str:
        note = await wanted()
        line = notes.cosign(parse_note(note).body, key, broker.clock.now()).line
        assert (await hand_in(auditor, note + line)).json() == {"taken": 1}
        return parse_note(note).body

    newest = await grow()
    assert await wanted() == newest
    first = await sign(WITNESS)
    assert parse_note(newest).body == first
    await grow()
    assert await sign(second) == first, "the second meets the first"
    newest = await grow()
    assert await sign(WITNESS) == parse_note(newest).body, "all have signed: on with the newest"
    newest = await grow()
    assert parse_note(await wanted()).body != parse_note(newest).body
    broker.clock.advance(seconds=151)
    assert await wanted() == newest, "the second has kept it waiting"


@pytest.mark.parametrize(
    "query", ["size=1&to_cosign=true", "cosigned=true&to_cosign=true", "size=1&cosigned=true"]
)
async def test_two_wishes_are_one_too_many(auditor: SignedIn, query: str) -> None:
    answer = await auditor.get(f"/v1/audit/checkpoint?{query}", None)
    assert answer.status_code == 422


async def test_a_cosignature_that_proves_nothing_is_refused(
    broker: TestBroker, auditor: SignedIn, witnessed: LogTree
) -> None:
    note = (await auditor.get("/v1/audit/checkpoint", None)).text
    body = parse_note(note).body
    signed = open_checkpoint(note, key_of(broker))[0]
    other = notes.Checkpoint(signed.origin, signed.size, trees.root([b"other"])).body
    unknown = notes.Checkpoint(signed.origin, signed.size + 9, signed.root).body
    imposter = notes.cosign(body, new_key(WITNESS.name, KeyKind.COSIGNATURE), NOW)
    line = notes.cosign(body, WITNESS, NOW)
    spoilt = notes.NoteSignature(
        line.name, line.key_id, line.signature[:-1] + bytes([line.signature[-1] ^ 1])
    )
    refused = {
        "invalid": [
            note,
            "nonsense",
            f"{body}\n",
            note + notes.cosign(body, STRANGER, NOW).line,
            note + imposter.line,
            note + spoilt.line,
            note + notes.cosign(other, WITNESS, NOW).line,
        ],
        "not_found": [
            f"{other}\n{notes.cosign(other, WITNESS, NOW).line}",
            f"{unknown}\n{notes.cosign(unknown, WITNESS, NOW).line}",
        ],
    }
    for code, texts in refused.items():
        for text in texts:
            answer = await hand_in(auditor, text)
            assert answer.json()["code"] == code, text
    assert (await auditor.get("/v1/audit/checkpoint", None)).text == note


async def test_metrics_say_how_far_the_tree_is(broker: TestBroker, auditor: SignedIn) -> None:
    await auditor.get("/v1/audit/entries")
    broker.clock.advance(seconds=90)
    await broker.broker.ledger.read(broker.broker.sequencer._prepare)
    text = (await broker.http.get("/metrics")).text
    assert "entrevue_log_entries_not_in_tree 1.0" in text
    assert "entrevue_log_checkpoint_age_seconds 90.0" in text


async def test_the_key_is_private_and_stays(broker: TestBroker, tmp_path: Path) -> None:
    file = broker.broker.services.settings.broker.data / "keys" / "log.pem"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_bytes() == broker.broker.sequencer._key.pem()
