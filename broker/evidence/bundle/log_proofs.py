"""Whether the log's entries in a bundle are what they say, and in the tree that the log and its witnesses signed.

Knows bytes, not where they came from. Whose keys they are nobody can tell from a bundle: who has them by another way
names them in `LogTrust`.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from adapters.contract.models import format_instant
from broker.evidence.bundle.logged import FOLDER, SALT_BYTES, leaf_path, part_path, person_path, proof_path
from broker.evidence.bundle.models import LogKeys, LogReference, Manifest
from broker.evidence.bundle.verification import Check, Finding, failed, not_proven, proven
from broker.transparency.inclusion import EntryProof, MalformedProof, read_proof
from broker.transparency.notes import (
    Checkpoint,
    KeyKind,
    MalformedNote,
    NotSigned,
    SignedNote,
    VerifierKey,
    open_checkpoint,
    parse_vkey,
    read_cosignature,
)
from broker.transparency.proofs import is_included, leaf_hash

FILE_LIMIT: Final = 16 * 2**20
"""Bytes; no file of an entry is larger."""

ReadFile = Callable[[str], bytes | None]
"""A small file of the bundle by its path; None where it is missing or too large."""


@dataclass(frozen=True)
class LogTrust:
    """Keys that the caller has by another way than the bundle: the log's, and witnesses'."""

    log: VerifierKey | None = None
    witnesses: tuple[VerifierKey, ...] = ()


NO_TRUST: Final = LogTrust()


def judge_log(manifest: Manifest, read: ReadFile, trust: LogTrust = NO_TRUST) -> list[Finding]:
    """Findings on the entries that the manifest names, the checkpoint they lead to, and who signed that."""
    named = trust.log is not None or bool(trust.witnesses)
    if manifest.log_keys is None or not manifest.log:
        sentence = "the bundle carries no proof of the log's entries"
        absent = not_proven(Check.LOG, sentence)
        return [absent, failed(Check.LOG, f"{sentence}, and you named keys for it")] if named else [absent]
    try:
        keys = _Keys.of(manifest.log_keys)
    except ValueError as error:
        return [failed(Check.LOG, f"the manifest's keys of the log cannot be read: {error}")]
    strays = list(_strays(manifest))
    faults = [fault for entry in manifest.log for fault in _entry_faults(manifest, entry, read)]
    proofs, damaged = _proofs(manifest.log, read)
    notes = {proof.checkpoint: sequence for sequence, proof in reversed(proofs)}
    if len(notes) > 1:
        faults += [
            failed(Check.LOG, "the proofs lead to more than one checkpoint", where=proof_path(sequence))
            for sequence in sorted(notes.values())[1:]
        ]
    if damaged or len(notes) != 1:
        return [*strays, *faults, *damaged]
    (note,) = notes
    opened = _opened(note, keys.log, proof_path(manifest.log[0].sequence))
    if isinstance(opened, Finding):
        return [*strays, *faults, opened]
    checkpoint, signed = opened
    faults += [
        finding
        for sequence, proof in proofs
        for finding in _inclusion_faults(sequence, proof, checkpoint, read)
    ]
    summary = [] if faults or strays else [_summary(manifest.log, checkpoint)]
    return [
        *strays,
        *faults,
        *summary,
        _judge_key(keys.log, trust.log),
        *_judge_witnesses(signed, keys.witnesses, trust.witnesses),
    ]


@dataclass(frozen=True)
class _Keys:
    log: VerifierKey
    witnesses: tuple[VerifierKey, ...]

    @classmethod
    def of(cls, stated: LogKeys) -> "_Keys":
        log, witnesses = parse_vkey(stated.log), tuple(parse_vkey(text) for text in stated.witnesses)
        if log.kind is not KeyKind.NOTE or any(key.kind is not KeyKind.COSIGNATURE for key in witnesses):
            raise ValueError("a key is of the wrong kind")
        return cls(log, witnesses)


def _strays(manifest: Manifest) -> Iterator[Finding]:
    """Files that lie with the log's entries and belong to none."""
    known = {
        path(entry.sequence)
        for entry in manifest.log
        for path in (leaf_path, proof_path, part_path, person_path)
    }
    for entry in manifest.files:
        if entry.path.startswith(FOLDER) and entry.path not in known:
            yield failed(
                Check.LOG, f"{entry.path} belongs to no entry that the manifest names", where=entry.path
            )


def _entry_faults(manifest: Manifest, entry: LogReference, read: ReadFile) -> Iterator[Finding]:
    """What is wrong with an entry before any tree is looked at: its leaf, its part, and who acted."""
    sequence = entry.sequence
    leaf = _json(read(leaf_path(sequence)))
    if leaf is None or (leaf.get("sequence"), leaf.get("action")) != (sequence, entry.event):
        sentence = f"entry {sequence} of the log is not the {entry.event} that the manifest names"
        yield failed(Check.LOG, sentence, where=leaf_path(sequence))
        return
    commitments = leaf.get("commitments")
    committed = frozenset(map(str, commitments if isinstance(commitments, list) else ()))
    part = read(part_path(sequence))
    content = _salted(part, committed)
    if content is None:
        sentence = f"the part of entry {sequence} is not what the entry commits to"
        yield failed(Check.LOG, sentence, where=part_path(sequence))
    elif (content.get("agency"), content.get("request_id")) != (
        manifest.requester.agency,
        manifest.request_id,
    ):
        sentence = (
            f"entry {sequence} is not about request {manifest.request_id}, or not its requester's to read"
        )
        yield failed(Check.LOG, sentence, where=part_path(sequence))
    person = read(person_path(sequence))
    if person is None:
        return
    acted = _salted(person, committed)
    if acted is None:
        sentence = f"who acted in entry {sequence} is not what the entry commits to"
        yield failed(Check.LOG, sentence, where=person_path(sequence))
    elif str(acted.get("officer_id")) not in manifest.people:
        sentence = f"who acted in entry {sequence} is nobody whom the manifest names"
        yield failed(Check.LOG, sentence, where=person_path(sequence))


def _salted(raw: bytes | None, committed: frozenset[str]) -> dict[str, Any] | None:
    """The content behind a salt; None where the leaf does not commit to exactly this."""
    if raw is None or hashlib.sha256(raw).hexdigest() not in committed:
        return None
    return _json(raw[SALT_BYTES:])


def _json(raw: bytes | None) -> dict[str, Any] | None:
    try:
        found = json.loads(raw) if raw is not None else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _proofs(
    entries: Sequence[LogReference], read: ReadFile
) -> tuple[list[tuple[int, EntryProof]], list[Finding]]:
    proofs: list[tuple[int, EntryProof]] = []
    damaged: list[Finding] = []
    for entry in entries:
        raw = read(proof_path(entry.sequence))
        try:
            proofs.append((entry.sequence, read_proof(b"" if raw is None else raw)))
        except MalformedProof as error:
            sentence = f"the proof of entry {entry.sequence} cannot be read: {error}"
            damaged.append(failed(Check.LOG, sentence, where=proof_path(entry.sequence)))
    return proofs, damaged


def _opened(note: str, key: VerifierKey, where: str) -> tuple[Checkpoint, SignedNote] | Finding:
    try:
        return open_checkpoint(note, key)
    except (MalformedNote, NotSigned) as error:
        return failed(Check.LOG, f"the log's checkpoint cannot be trusted: {error}", where=where)


def _inclusion_faults(
    sequence: int, proof: EntryProof, checkpoint: Checkpoint, read: ReadFile
) -> Iterator[Finding]:
    leaf = read(leaf_path(sequence)) or b""
    if proof.index != sequence - 1 or not is_included(
        leaf_hash(leaf), proof.index, checkpoint.size, proof.hashes, checkpoint.root
    ):
        sentence = f"entry {sequence} is not in the tree of {checkpoint.size} entries that the log signed"
        yield failed(Check.LOG, sentence, where=proof_path(sequence))


def _summary(entries: Sequence[LogReference], checkpoint: Checkpoint) -> Finding:
    numbers = sorted(entry.sequence for entry in entries)
    one = len(numbers) == 1
    which = f"entry {numbers[0]}" if one else f"{len(numbers)} entries, {numbers[0]} to {numbers[-1]},"
    sentence = (
        f"{which} of the log {'is' if one else 'are'} about this request and in the tree of {checkpoint.size} "
        f"entries that {checkpoint.origin} signed (root {checkpoint.root.hex()})"
    )
    return proven(Check.LOG, sentence, by=checkpoint.origin, where=FOLDER)


def _judge_key(stated: VerifierKey, trusted: VerifierKey | None) -> Finding:
    if trusted is None:
        return not_proven(
            Check.LOG, f"the log's key is the bundle's own word: you named none ({stated.text})", where=FOLDER
        )
    if trusted != stated:
        sentence = f"the bundle's log signs with {stated.text}, and not with the key that you named"
        return failed(Check.LOG, sentence, where=FOLDER)
    return proven(
        Check.LOG, f"the log's key is the one that you named: {stated.name}", by=stated.name, where=FOLDER
    )


def _judge_witnesses(
    note: SignedNote, stated: Sequence[VerifierKey], trusted: Sequence[VerifierKey]
) -> Iterator[Finding]:
    """A finding for each witness that signed, for each that the caller named and that did not, and for the others."""
    known = tuple({key.text: key for key in (*trusted, *stated)}.values())
    signed = [key for key in known if note.of(key)]
    for key in signed:
        yield _judge_cosignature(note, key, is_trusted=key in trusted)
    for key in trusted:
        if key not in signed:
            yield not_proven(Check.WITNESS, f"{key.name} has not co-signed the checkpoint", where=FOLDER)
    if trusted and not set(trusted) & set(signed):
        sentence = "none of the witnesses that you named has co-signed the checkpoint"
        yield failed(Check.WITNESS, sentence, where=FOLDER)
    origin = note.body.split("\n", 1)[0]
    others = {line.name for line in note.signatures if not any(line.names(key) for key in known)} - {origin}
    if others:
        sentence = f"of these who signed the checkpoint too no key is known: {', '.join(sorted(others))}"
        yield not_proven(Check.WITNESS, sentence, where=FOLDER)
    if not signed:
        yield not_proven(
            Check.WITNESS, "no known witness co-signed: the tree is the log's word alone", where=FOLDER
        )


def _judge_cosignature(note: SignedNote, key: VerifierKey, *, is_trusted: bool) -> Finding:
    try:
        at = [format_instant(read_cosignature(note.body, line, key).at) for line in note.of(key)]
    except NotSigned as error:
        return failed(Check.WITNESS, f"a cosignature is false: {error}", where=FOLDER)
    sentence = f"{key.name} co-signed the checkpoint at {at[0]} (its clock)"
    if is_trusted:
        return proven(Check.WITNESS, f"{sentence}, by the key that you named", by=key.name, where=FOLDER)
    return not_proven(Check.WITNESS, f"{sentence}, by a key that is the bundle's own word", where=FOLDER)
