"""The log's entries in a bundle: what is proven of them, by whose keys, and what of it was changed.

Changes are made as a host could that holds the owners' signing keys: the manifest is signed again, so that the log's
proofs alone are left to find them.
"""

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.evidence.bundle.log_proofs import LogTrust
from broker.evidence.bundle.models import Manifest
from broker.evidence.bundle.verification import Check, Finding, Result, Verification
from broker.evidence.bundle.verify import verify_file
from broker.transparency.notes import KeyKind, new_key
from tests.broker.evidence.bundle.logs import EVENTS, SIZE, Log, canonical, log_of
from tests.broker.evidence.bundle.sealed import Sealed, failures, reseal, seal, tiny_mp4

STRANGER = new_key("stranger.example/witness", KeyKind.COSIGNATURE)
OTHER_LOG = new_key("other.example/log", KeyKind.NOTE)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    return seal(tmp_path_factory.mktemp("sealed"), {"rail": [tiny_mp4("a" * 300)]})


def trust(log: Log) -> LogTrust:
    return LogTrust(log.key.verifier, tuple(witness.verifier for witness in log.witnesses))


def of(verification: Verification, *checks: Check) -> list[Finding]:
    return [finding for finding in verification.findings if finding.check in checks]


def test_entries_are_proven_by_the_keys_that_were_named(sealed: Sealed) -> None:
    found = verify_file(sealed.path, sealed.anchors, trust(sealed.log))
    assert found.ok, failures(found.findings)
    entries, key = of(found, Check.LOG)
    assert (entries.result, entries.by) == (Result.PROVEN, "broker.example/log")
    assert "4 entries, 1 to 6, of the log are about this request" in entries.sentence
    assert f"in the tree of {SIZE} entries" in entries.sentence
    assert (key.result, key.by) == (Result.PROVEN, "broker.example/log")
    witnesses = of(found, Check.WITNESS)
    assert [(each.result, each.by) for each in witnesses] == [
        (Result.PROVEN, "metro.example/witness"),
        (Result.PROVEN, "rail.example/witness"),
    ]
    assert "at 2026-03-01T11:59:00" in witnesses[0].sentence


def test_without_keys_it_is_said_whose_word_they_are(sealed: Sealed) -> None:
    found = verify_file(sealed.path)
    assert found.ok
    entries, key = of(found, Check.LOG)
    assert entries.result == Result.PROVEN
    assert key.result == Result.NOT_PROVEN
    assert sealed.log.key.verifier.text in key.sentence
    assert [each.result for each in of(found, Check.WITNESS)] == [Result.NOT_PROVEN] * 2


def test_another_log_than_the_one_that_was_named_fails(sealed: Sealed) -> None:
    same_name = new_key("broker.example/log", KeyKind.NOTE).verifier
    for key in (OTHER_LOG.verifier, same_name):
        found = verify_file(sealed.path, log=LogTrust(key))
        assert failures(found.findings) == [("log", "log/")]


def test_a_named_witness_that_did_not_sign_is_told_and_none_at_all_fails(tmp_path: Path) -> None:
    log = log_of("req-1")
    sealed = seal(tmp_path, {"rail": []}, log=log, signers=log.witnesses[:1])
    found = verify_file(sealed.path, log=trust(log))
    assert found.ok
    assert [each.result for each in of(found, Check.WITNESS)] == [Result.PROVEN, Result.NOT_PROVEN]
    assert "rail.example/witness has not co-signed" in of(found, Check.WITNESS)[1].sentence
    alone = verify_file(sealed.path, log=LogTrust(log.key.verifier, (log.witness(1),)))
    assert failures(alone.findings) == [("witness", "log/")]
    assert not verify_file(sealed.path, log=LogTrust(None, (STRANGER.verifier,))).ok


def test_a_log_that_nobody_co_signed_is_its_own_word(tmp_path: Path) -> None:
    found = verify_file(seal(tmp_path, {"rail": []}, signers=()).path)
    assert found.ok
    (said,) = of(found, Check.WITNESS)
    assert (said.result, "no known witness" in said.sentence) == (Result.NOT_PROVEN, True)


def test_a_witness_that_the_broker_does_not_know_is_named_and_proves_where_its_key_is_given(
    tmp_path: Path,
) -> None:
    log = log_of("req-1")
    sealed = seal(tmp_path, {"rail": []}, log=log, signers=(*log.witnesses, STRANGER))
    (told,) = [each for each in of(verify_file(sealed.path), Check.WITNESS) if "no key" in each.sentence]
    assert "stranger.example/witness" in told.sentence
    found = verify_file(sealed.path, log=LogTrust(None, (STRANGER.verifier,)))
    assert found.ok
    assert [each.by for each in of(found, Check.WITNESS) if each.result == Result.PROVEN] == [
        "stranger.example/witness"
    ]


def test_a_bundle_of_the_older_format_carries_no_proofs_and_is_sound(sealed: Sealed, tmp_path: Path) -> None:
    def older(manifest: dict[str, Any]) -> None:
        manifest["format"] = "entrevue-bundle/1"
        del manifest["log_keys"]

    gone = {entry.path: None for entry in sealed.manifest.files if entry.path.startswith("log/")}
    path = reseal(sealed, tmp_path / "b.zip", gone, older)
    found = verify_file(path, sealed.anchors)
    assert found.ok, failures(found.findings)
    (said,) = of(found, Check.LOG, Check.WITNESS)
    assert (said.result, "no proof" in said.sentence) == (Result.NOT_PROVEN, True)
    assert failures(verify_file(path, sealed.anchors, trust(sealed.log)).findings) == [("log", None)]


@pytest.mark.parametrize("stated", ["entrevue-bundle/1", "entrevue-bundle/2"])
def test_a_manifest_has_the_logs_keys_exactly_where_its_format_says_so(sealed: Sealed, stated: str) -> None:
    body = sealed.manifest.model_dump(mode="json") | {"format": stated}
    if stated == "entrevue-bundle/2":
        body["log_keys"] = None
    with pytest.raises(ValueError, match="keys of the log"):
        Manifest.model_validate(body)


def flipped(data: bytes) -> bytes:
    return data[:-20] + bytes([data[-20] ^ 1]) + data[-19:]


def leaf_of(sealed: Sealed, sequence: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(sealed.log.leaves[sequence - 1])
    return found


def proof_with(sealed: Sealed, sequence: int, old: str, new: str) -> bytes:
    text = sealed.log.proof(sequence, sealed.log.checkpoint()).decode()
    assert old in text
    return text.replace(old, new, 1).encode()


ANOTHER: Final = log_of("req-1")


def signed_by_another(sealed: Sealed, sequence: int) -> bytes:
    return sealed.log.proof(sequence, ANOTHER.checkpoint())


def of_smaller_tree(sealed: Sealed, sequence: int) -> bytes:
    log = Log(sealed.log.key, sealed.log.witnesses, sealed.log.leaves[:6], {}, {})
    return log.proof(sequence, log.checkpoint())


def false_cosignature(sealed: Sealed) -> bytes:
    lines = sealed.log.checkpoint().splitlines(keepends=True)
    name, raw = lines[-1].split()[1], base64.b64decode(lines[-1].split()[2])
    lines[-1] = f"\N{EM DASH} {name} {base64.b64encode(flipped(raw)).decode()}\n"
    return "".join(lines).encode()


Change = Callable[[Sealed], dict[str, bytes | None]]

CHANGES: dict[str, tuple[Change, tuple[str, str]]] = {
    "leaf changed": (
        lambda s: {"log/3.json": canonical(leaf_of(s, 3) | {"at": "2026-03-01T10:00:00.000000Z"})},
        ("log", "log/3.tlog-proof"),
    ),
    "leaf of another entry": (lambda s: {"log/3.json": s.log.leaves[3]}, ("log", "log/3.json")),
    "leaf of an entry about nothing": (lambda s: {"log/3.json": s.log.leaves[1]}, ("log", "log/3.json")),
    "leaf no JSON": (lambda s: {"log/3.json": b"{"}, ("log", "log/3.json")),
    "leaf a list": (lambda s: {"log/3.json": b"[3]"}, ("log", "log/3.json")),
    "leaf nested too deep": (lambda s: {"log/3.json": b"[" * 100_000}, ("log", "log/3.json")),
    "leaf missing": (lambda s: {"log/3.json": None}, ("log", "log/3.json")),
    "leaf without commitments": (
        lambda s: {"log/3.json": canonical(leaf_of(s, 3) | {"commitments": 7})},
        ("log", "log/3.part"),
    ),
    "commitments of lists": (
        lambda s: {"log/3.json": canonical(leaf_of(s, 3) | {"commitments": [[], {}]})},
        ("log", "log/3.part"),
    ),
    "part changed": (lambda s: {"log/3.part": flipped(s.log.parts[3])}, ("log", "log/3.part")),
    "salt changed": (
        lambda s: {"log/3.part": bytes(16) + s.log.parts[3][16:]},
        ("log", "log/3.part"),
    ),
    "part of another entry": (lambda s: {"log/3.part": s.log.parts[4]}, ("log", "log/3.part")),
    "part missing": (lambda s: {"log/3.part": None}, ("log", "log/3.part")),
    "person changed": (lambda s: {"log/4.person": flipped(s.log.people[4])}, ("log", "log/4.person")),
    "person of another entry": (lambda s: {"log/4.person": s.log.people[1]}, ("log", "log/4.person")),
    "person put in": (lambda s: {"log/3.person": s.log.people[1]}, ("log", "log/3.person")),
    "index changed": (
        lambda s: {"log/3.tlog-proof": proof_with(s, 3, "index 2", "index 3")},
        ("log", "log/3.tlog-proof"),
    ),
    "hash missing": (
        lambda s: {
            "log/3.tlog-proof": proof_with(s, 3, s.log.proof(3, "").decode().split("\n")[2] + "\n", "")
        },
        ("log", "log/3.tlog-proof"),
    ),
    "proof of another entry": (
        lambda s: {"log/3.tlog-proof": s.log.proof(4, s.log.checkpoint())},
        ("log", "log/3.tlog-proof"),
    ),
    "proof missing": (lambda s: {"log/3.tlog-proof": None}, ("log", "log/3.tlog-proof")),
    "proof no text": (lambda s: {"log/3.tlog-proof": b"\xff"}, ("log", "log/3.tlog-proof")),
    "size changed in one": (
        lambda s: {"log/3.tlog-proof": proof_with(s, 3, "log\n7\n", "log\n8\n")},
        ("log", "log/3.tlog-proof"),
    ),
    "size changed in all": (
        lambda s: {f"log/{n}.tlog-proof": proof_with(s, n, "log\n7\n", "log\n8\n") for n in EVENTS},
        ("log", "log/1.tlog-proof"),
    ),
    "root changed in all": (
        lambda s: {
            f"log/{n}.tlog-proof": s.log.proof(
                n,
                s.log.checkpoint().replace(
                    s.log.checkpoint().split("\n")[2], base64.b64encode(bytes(32)).decode()
                ),
            )
            for n in EVENTS
        },
        ("log", "log/1.tlog-proof"),
    ),
    "another log of the same name": (
        lambda s: {f"log/{n}.tlog-proof": signed_by_another(s, n) for n in EVENTS},
        ("log", "log/1.tlog-proof"),
    ),
    "one proof of an earlier checkpoint": (
        lambda s: {"log/3.tlog-proof": of_smaller_tree(s, 3)},
        ("log", "log/3.tlog-proof"),
    ),
    "a cosignature made up": (
        lambda s: {f"log/{n}.tlog-proof": s.log.proof(n, false_cosignature(s).decode()) for n in EVENTS},
        ("witness", "log/"),
    ),
    "a stray file": (lambda s: {"log/2.json": s.log.leaves[1]}, ("log", "log/2.json")),
}


@pytest.mark.parametrize("name", CHANGES)
def test_each_change_is_found_although_the_owners_signed_it(
    sealed: Sealed, tmp_path: Path, name: str
) -> None:
    change, place = CHANGES[name]
    path = reseal(sealed, tmp_path / "b.zip", change(sealed))
    found = verify_file(path, sealed.anchors)
    assert not found.ok
    assert place in failures(found.findings), failures(found.findings)
    assert {check for check, _ in failures(found.findings)} <= {"log", "witness"}


def test_an_entry_left_out_of_the_manifest_leaves_stray_files(sealed: Sealed, tmp_path: Path) -> None:
    def leave_out(manifest: dict[str, Any]) -> None:
        manifest["log"] = [entry for entry in manifest["log"] if entry["sequence"] != 4]

    found = verify_file(reseal(sealed, tmp_path / "b.zip", {}, leave_out), sealed.anchors)
    assert ("log", "log/4.json") in failures(found.findings)


def test_entries_about_another_request_fail(sealed: Sealed, tmp_path: Path) -> None:
    def another(manifest: dict[str, Any]) -> None:
        manifest["request_id"] = "req-2"

    found = verify_file(reseal(sealed, tmp_path / "b.zip", {}, another))
    assert failures(found.findings) == [("log", f"log/{n}.part") for n in EVENTS]


def test_entries_that_others_may_read_fail(tmp_path: Path) -> None:
    """A part that was made for an owner is not the requester's to hand on."""
    log, own = log_of("req-1", reader="rail"), log_of("req-1")
    sealed = seal(tmp_path, {"rail": []}, log=own)
    files: dict[str, bytes | None] = {}
    for entry in log.entries():
        files |= {
            f"log/{entry.sequence}.json": entry.leaf,
            f"log/{entry.sequence}.part": entry.part,
            f"log/{entry.sequence}.tlog-proof": entry.proof,
        }

    def state(manifest: dict[str, Any]) -> None:
        manifest["log_keys"]["log"] = log.key.verifier.text

    found = verify_file(reseal(sealed, tmp_path / "c.zip", files, state))
    assert [each for each in failures(found.findings) if each[1].endswith("part")] == [
        ("log", f"log/{n}.part") for n in EVENTS
    ]


def test_who_acted_is_somebody_whom_the_bundle_names(tmp_path: Path) -> None:
    def rename(manifest: dict[str, Any]) -> None:
        for item in manifest["items"]:
            for person in item["decision"]["by"]:
                person["officer_id"] = "rail.2"

    sealed = seal(tmp_path, {"rail": []})
    found = verify_file(reseal(sealed, tmp_path / "c.zip", {}, rename))
    assert failures(found.findings) == [("log", "log/4.person")]


@pytest.mark.parametrize(
    "keys",
    [
        {"log": "no key", "witnesses": []},
        {"log": STRANGER.verifier.text, "witnesses": []},
        {"log": OTHER_LOG.verifier.text, "witnesses": [OTHER_LOG.verifier.text]},
        {"log": OTHER_LOG.verifier.text, "witnesses": ["x+00000000+AAAA"]},
    ],
)
def test_keys_that_are_none_fail(sealed: Sealed, tmp_path: Path, keys: dict[str, Any]) -> None:
    def state(manifest: dict[str, Any]) -> None:
        manifest["log_keys"] = keys

    found = verify_file(reseal(sealed, tmp_path / "b.zip", {}, state))
    assert [check for check, _ in failures(found.findings)] == ["log"]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_byte_of_an_entrys_files_can_be_changed_even_by_who_signs_bundles(
    sealed: Sealed, data: st.DataObject
) -> None:
    names = [entry.path for entry in sealed.manifest.files if entry.path.startswith("log/")]
    name = data.draw(st.sampled_from(names), "file")
    stated = {entry.path: entry for entry in sealed.manifest.files}[name]
    content = bytearray(read(sealed, name))
    assert hashlib.sha256(content).hexdigest() == stated.sha256
    at = data.draw(st.integers(0, len(content) - 1), "at")
    content[at] ^= data.draw(st.integers(1, 255), "mask")
    path = reseal(sealed, sealed.path.with_name("flipped.zip"), {name: bytes(content)})
    found = verify_file(path, sealed.anchors, trust(sealed.log))
    assert not found.ok


def read(sealed: Sealed, name: str) -> bytes:
    sequence, kind = name.removeprefix("log/").split(".")
    entry = next(each for each in sealed.log.entries() if each.sequence == int(sequence))
    found: bytes = {
        "json": entry.leaf,
        "part": entry.part,
        "person": entry.person,
        "tlog-proof": entry.proof,
    }[kind]
    return found
