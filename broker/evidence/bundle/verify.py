"""Verifies a bundle or a single clip, offline: what is proven, by whom, what is not, and what was changed.

Any bytes may come in; damage becomes a failed finding that names the part, never an exception. Reads only the
file given and, for a clip, bundles and manifests beside it or one folder up. No network, ledger or settings.
"""

import hashlib
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from cryptography import x509
from pydantic import TypeAdapter, ValidationError

from broker.evidence.bundle.container import CHUNK, DamagedArchive, Entry, OpenArchive, open_archive
from broker.evidence.bundle.errors import SubjectUnreadable
from broker.evidence.bundle.log_proofs import FILE_LIMIT, NO_TRUST, LogTrust, ReadFile, judge_log
from broker.evidence.bundle.models import (
    MANIFEST_LIMIT,
    MANIFEST_PATH,
    SIGNATURE_PATH,
    BundlePath,
    Clip,
    Manifest,
)
from broker.evidence.bundle.mp4 import structure_fault
from broker.evidence.bundle.provenance import judge_signature, limits, read_manifest
from broker.evidence.bundle.signature import SIGNATURE_LIMIT
from broker.evidence.bundle.trust import read_trust
from broker.evidence.bundle.verification import (
    Check,
    Finding,
    Verification,
    conclude,
    failed,
    not_proven,
    proven,
)

_MOST_BUNDLES_BESIDE = 100
_PATH = TypeAdapter(BundlePath)


def verify_file(path: Path, trust: Sequence[bytes] = (), log: LogTrust = NO_TRUST) -> Verification:
    """Checks a bundle (`.zip`) or a clip (`.mp4`); other names are told apart by their first bytes.

    `trust` holds PEM files of the certificates that the caller trusts, `log` the keys of the log and of witnesses, both
    got by another way than the bundle.
    Raises only `SubjectUnreadable` for a file that cannot be read and `TrustUnreadable` for a bad `trust`.
    """
    trusted = read_trust(trust)
    try:
        with path.open("rb") as file:
            head = file.read(8)
            file.seek(0)
            if path.suffix.lower() == ".zip" or head.startswith(b"PK"):
                return conclude(path.name, _bundle(file, trusted, log))
            if path.suffix.lower() == ".mp4" or head[4:] == b"ftyp":
                return conclude(path.name, _clip(path, file, trusted))
    except OSError as error:
        raise SubjectUnreadable(f"{path} cannot be read: {error.strerror or error}") from error
    return conclude(path.name, [failed(Check.SUBJECT, f"{path.name} is neither a bundle nor an MP4 clip")])


def _bundle(file: BinaryIO, trusted: Sequence[x509.Certificate], log: LogTrust) -> list[Finding]:
    try:
        archive = open_archive(file)
    except DamagedArchive as error:
        return [failed(Check.ARCHIVE, f"the bundle cannot be opened: {error}", where="archive")]
    findings = [failed(Check.ARCHIVE, fault.sentence, where=fault.where) for fault in archive.faults]
    findings += _bad_names(archive)
    if not findings:
        findings.append(
            proven(Check.ARCHIVE, "the archive holds its files and not one byte more", where="archive")
        )
    raw_manifest = _read(archive, MANIFEST_PATH, MANIFEST_LIMIT)
    raw_signature = _read(archive, SIGNATURE_PATH, SIGNATURE_LIMIT)
    absent = [
        failed(Check.MANIFEST if path == MANIFEST_PATH else Check.SIGNATURE, f"{path} is missing", where=path)
        for path, raw in ((MANIFEST_PATH, raw_manifest), (SIGNATURE_PATH, raw_signature))
        if raw is None
    ]
    if raw_manifest is None:
        return findings + absent
    manifest = read_manifest(raw_manifest)
    if isinstance(manifest, Finding):
        return [*findings, *absent, manifest]
    if raw_signature is not None:
        findings += judge_signature(manifest, raw_manifest, raw_signature, trusted)
    findings += absent + _files(archive, manifest)
    return findings + judge_log(manifest, _reader(archive), log) + limits(manifest)


def _bad_names(archive: OpenArchive) -> Iterator[Finding]:
    for path, times in Counter(entry.path for entry in archive.entries).items():
        if times > 1:
            yield failed(Check.ARCHIVE, f"{path} is in the archive {times} times", where=path)
        try:
            _PATH.validate_python(path)
        except ValidationError:
            yield failed(Check.ARCHIVE, f"{path} is not a name that a bundle may hold", where=path)


def _read(archive: OpenArchive, path: str, limit: int) -> bytes | None:
    """A small file of the archive; None where it is missing or larger than allowed."""
    for entry in archive.entries:
        if entry.path == path and entry.size <= limit:
            return b"".join(archive.chunks(entry))
    return None


def _reader(archive: OpenArchive) -> ReadFile:
    """Reads the small files of an archive by their paths."""
    entries = {entry.path: entry for entry in archive.entries}

    def read(path: str) -> bytes | None:
        entry = entries.get(path)
        return None if entry is None or entry.size > FILE_LIMIT else b"".join(archive.chunks(entry))

    return read


def _files(archive: OpenArchive, manifest: Manifest) -> list[Finding]:
    """Compares the files that are there with those that the manifest lists."""
    findings: list[Finding] = []
    listed = {entry.path: entry for entry in manifest.files}
    clips = {clip.path: clip for clip in manifest.clips}
    present = {entry.path for entry in archive.entries}
    for path in sorted(set(listed) - present):
        findings.append(failed(Check.FILES, f"{path} is in the manifest and missing here", where=path))
    for entry in archive.entries:
        digest, crc32 = _digests(archive, entry)
        if crc32 != entry.crc32:
            findings.append(
                failed(
                    Check.ARCHIVE,
                    f"{entry.path} does not match its checksum in the archive",
                    where=entry.path,
                )
            )
        if entry.path in (MANIFEST_PATH, SIGNATURE_PATH):
            continue
        if entry.path not in listed:
            sentence = f"{entry.path} is here and not in the manifest: it was added"
            findings.append(failed(Check.FILES, sentence, where=entry.path))
        elif (digest, entry.size) != (listed[entry.path].sha256, listed[entry.path].size):
            sentence = f"{entry.path} was changed or exchanged: its SHA-256 or size is not the manifest's"
            findings.append(failed(Check.FILES, sentence, where=entry.path))
        elif entry.path in clips:
            findings.append(_playable(archive.file, archive.content_at(entry), entry.size, clips[entry.path]))
    if not any(finding.check is Check.FILES for finding in findings):
        sentence = (
            f"all {len(listed)} files have the SHA-256 and size that the manifest states; none is missing"
        )
        findings.insert(0, proven(Check.FILES, sentence, where=MANIFEST_PATH))
    return findings


def _digests(archive: OpenArchive, entry: Entry) -> tuple[str, int]:
    digest, crc32 = hashlib.sha256(), 0
    for chunk in archive.chunks(entry):
        digest.update(chunk)
        crc32 = zlib.crc32(chunk, crc32)
    return digest.hexdigest(), crc32


def _playable(file: BinaryIO, start: int, size: int, clip: Clip) -> Finding:
    fault = structure_fault(file, start, size)
    if fault is not None:
        sentence = f"{clip.path} is as it was signed, and yet no complete MP4 file: {fault}"
        return failed(Check.CLIP, sentence, where=clip.path)
    sentence = f"{clip.path} is a complete MP4 file and shows {clip.shown} by the manifest"
    return proven(Check.CLIP, sentence, where=clip.path)


def _clip(path: Path, file: BinaryIO, trusted: Sequence[x509.Certificate]) -> list[Finding]:
    sha256, size = _sha256(file)
    candidates = 0
    namesake: str | None = None
    damaged: Finding | None = None
    for origin, raw_manifest, raw_signature in _beside(path):
        candidates += 1
        manifest = read_manifest(raw_manifest)
        if isinstance(manifest, Finding):
            damaged = manifest
            continue
        for clip in manifest.clips:
            if (clip.sha256, clip.size) == (sha256, size):
                sentence = f"{path.name} is clip {clip.name} of request {manifest.request_id}, unchanged"
                return [
                    proven(Check.FILES, sentence, by=origin, where=clip.path),
                    _playable(file, 0, size, clip),
                    *judge_signature(manifest, raw_manifest, raw_signature, trusted),
                    not_proven(Check.FILES, "the other files of its bundle were not looked at"),
                    *limits(manifest),
                ]
            if Path(clip.path).name == path.name:
                namesake = origin
    if namesake is not None:
        sentence = f"{path.name} is not the clip of that name in {namesake}: it was changed or exchanged"
        return [failed(Check.FILES, sentence, where=path.name)]
    if damaged is not None:
        return [damaged]
    if candidates:
        sentence = f"{path.name} is not a clip of any bundle beside it: it was changed or is of another one"
        return [failed(Check.FILES, sentence, where=path.name)]
    sentence = "this file alone proves nothing: put it beside its bundle, or its manifest and signature"
    return [failed(Check.SUBJECT, sentence, where=path.name)]


def _sha256(file: BinaryIO) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while chunk := file.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size


def _beside(path: Path) -> Iterator[tuple[str, bytes, bytes]]:
    """Manifest and signature of what lies beside the clip and one folder up; passes the unreadable."""
    folder = path.absolute().parent
    for place in (folder, folder.parent):
        try:
            loose = _loose(place)
        except OSError:
            loose = None
        if loose is not None:
            yield loose
        archives = sorted(each for each in place.glob("*") if each.suffix.lower() == ".zip")
        for each in archives[:_MOST_BUNDLES_BESIDE]:
            try:
                with each.open("rb") as file:
                    archive = open_archive(file)
                    raw_manifest = _read(archive, MANIFEST_PATH, MANIFEST_LIMIT)
                    raw_signature = _read(archive, SIGNATURE_PATH, SIGNATURE_LIMIT)
            except (OSError, DamagedArchive):
                continue
            if raw_manifest is not None:
                yield each.name, raw_manifest, raw_signature or b""


def _loose(place: Path) -> tuple[str, bytes, bytes]:
    """Manifest and signature of an unpacked bundle; a missing signature is empty, and so will not verify."""
    with (place / MANIFEST_PATH).open("rb") as file:
        raw_manifest = file.read(MANIFEST_LIMIT)
    if not (place / SIGNATURE_PATH).exists():
        return MANIFEST_PATH, raw_manifest, b""
    with (place / SIGNATURE_PATH).open("rb") as file:
        return MANIFEST_PATH, raw_manifest, file.read(SIGNATURE_LIMIT)
