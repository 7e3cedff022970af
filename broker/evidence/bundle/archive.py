"""Makes a bundle: checks the clips while it copies them, signs the manifest, and writes one file.

Memory stays small whatever the clips' size. A path is written aside and renamed, so that a bundle is there
whole or not at all. Nothing is read from the ledger or the vault: clips come as paths or open files.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from pydantic import ValidationError

from broker.evidence.bundle.certificates import SigningIdentity, fingerprint
from broker.evidence.bundle.container import CHUNK, write_entries
from broker.evidence.bundle.errors import CannotSeal
from broker.evidence.bundle.log_proofs import judge_log
from broker.evidence.bundle.logged import LoggedEntry, files_of
from broker.evidence.bundle.models import (
    INSTRUCTIONS_PATH,
    MANIFEST_LIMIT,
    MANIFEST_PATH,
    REPORT_PATH,
    SIGNATURE_PATH,
    Clip,
    Document,
    FileEntry,
    Manifest,
    RequestFacts,
    Signer,
    Software,
    certificate_path,
)
from broker.evidence.bundle.report import render_instructions, render_report
from broker.evidence.bundle.signature import sign_manifest
from broker.evidence.bundle.texts import Language
from broker.evidence.bundle.verification import Result

ClipSource = Path | BinaryIO


def write_bundle(
    facts: RequestFacts,
    *,
    clips: Mapping[str, ClipSource],
    documents: Mapping[str, ClipSource] = MappingProxyType({}),
    log: Sequence[LoggedEntry],
    identities: Sequence[SigningIdentity],
    output: Path | BinaryIO,
    now: datetime,
    software: Software,
    language: Language = "en",
) -> Manifest:
    """Seals the request into `output` (an open file must be seekable) and returns the manifest as signed.

    `clips` maps each clip's name to its file, `documents` each document's path; `log` holds the entries that the facts
    name, `identities` one per owner. `CannotSeal` where one is missing or too many, where a file's bytes are not those
    that `facts` state, or where an entry's proof does not hold; then no file is left.
    """
    _match("clip", {clip.name for clip in facts.clips}, set(clips))
    _match("document", {document.path for document in facts.documents}, set(documents))
    _match("signing identity", set(facts.owners), {identity.agency for identity in identities})
    if len(identities) != len(facts.owners):
        raise CannotSeal("an agency has more than one signing identity")
    if facts.log != tuple(entry.reference for entry in log):
        raise CannotSeal("the entries of the log are not those that the request's facts name")
    ordered = sorted(identities, key=lambda identity: identity.agency)
    small = {certificate_path(identity.agency): identity.certificates_pem() for identity in ordered}
    signers = tuple(_signer(identity) for identity in ordered)
    small |= files_of(log)
    small[INSTRUCTIONS_PATH] = render_instructions(signers, facts, now, language)
    small[REPORT_PATH] = render_report(facts, signers, now, software, language)
    manifest = _manifest(facts, small, signers, now, software)
    for finding in judge_log(manifest, small.get):
        if finding.result is Result.FAILED:
            raise CannotSeal(f"the log's proofs do not hold: {finding.sentence}")
    small[MANIFEST_PATH] = manifest.model_dump_json(indent=2).encode()
    if len(small[MANIFEST_PATH]) > MANIFEST_LIMIT:
        raise CannotSeal(f"the manifest exceeds {MANIFEST_LIMIT} bytes: split the request")
    small[SIGNATURE_PATH] = sign_manifest(small[MANIFEST_PATH], ordered, now)
    given = {clip.path: clips[clip.name] for clip in facts.clips} | dict(documents)
    contents = _contents({file.path: (file, given[file.path]) for file in facts.given}, small)
    try:
        if isinstance(output, Path):
            _write_aside(output, contents)
        else:
            write_entries(output, contents)
    except OSError as error:
        raise CannotSeal(f"the bundle cannot be written: {error.strerror or error}") from error
    return manifest


def _match(kind: str, needed: set[str], given: set[str]) -> None:
    if missing := sorted(needed - given):
        raise CannotSeal(f"no {kind} was given for {', '.join(missing)}")
    if foreign := sorted(given - needed):
        raise CannotSeal(f"a {kind} was given that the request does not have: {', '.join(foreign)}")


def _signer(identity: SigningIdentity) -> Signer:
    return Signer(
        agency=identity.agency,
        certificate_path=certificate_path(identity.agency),
        certificate_sha256=fingerprint(identity.certificate),
        issuers_sha256=tuple(fingerprint(issuer) for issuer in identity.issuers),
    )


def _manifest(
    facts: RequestFacts,
    small: Mapping[str, bytes],
    signers: tuple[Signer, ...],
    now: datetime,
    software: Software,
) -> Manifest:
    files = [
        FileEntry(path=path, sha256=hashlib.sha256(content).hexdigest(), size=len(content))
        for path, content in small.items()
    ]
    files += [FileEntry(path=file.path, sha256=file.sha256, size=file.size) for file in facts.given]
    known = {name: getattr(facts, name) for name in RequestFacts.model_fields}
    try:
        return Manifest(
            **known,
            sealed_at=now,
            software=software,
            signers=signers,
            files=tuple(sorted(files, key=lambda entry: entry.path)),
        )
    except ValidationError as error:
        raise CannotSeal(f"the request's facts contradict each other: {error}") from error


def _contents(
    sources: Mapping[str, tuple[Clip | Document, ClipSource]], small: Mapping[str, bytes]
) -> Iterator[tuple[str, int, Iterator[bytes]]]:
    """Every file of the bundle, sorted by path."""
    for path in sorted([*small, *sources]):
        if path in small:
            yield path, len(small[path]), iter((small[path],))
        else:
            file, source = sources[path]
            yield path, file.size, _checked(file, source)


def _checked(file: Clip | Document, source: ClipSource) -> Iterator[bytes]:
    """The file's bytes; `CannotSeal` at their end unless they are those that the facts state."""
    if isinstance(source, Path):
        with source.open("rb") as opened:
            yield from _checked(file, opened)
        return
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
        if size > file.size:
            break
        yield chunk
    if (digest.hexdigest(), size) != (file.sha256, file.size):
        changed = f"clip {file.name} changed since it was cut: cut it again"
        raise CannotSeal(changed if isinstance(file, Clip) else f"{file.path} is not what was attached")


def _write_aside(output: Path, contents: Iterator[tuple[str, int, Iterator[bytes]]]) -> None:
    descriptor, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.")
    aside = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            write_entries(file, contents)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(output)
    finally:
        aside.unlink(missing_ok=True)
