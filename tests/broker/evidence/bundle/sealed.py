"""A small world to seal: two owners, their identities, and bundles of it, made anew in a folder."""

import hashlib
import json
import struct
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from adapters.contract.models import Interval
from broker.evidence.bundle.archive import write_bundle
from broker.evidence.bundle.certificates import SigningIdentity, open_identity
from broker.evidence.bundle.container import write_entries
from broker.evidence.bundle.models import (
    MANIFEST_PATH,
    SIGNATURE_PATH,
    Agency,
    Camera,
    Clip,
    Decision,
    DecisionState,
    Held,
    HoldMethod,
    HoldState,
    Item,
    ItemState,
    LegalBasis,
    LogKeys,
    LogReference,
    Manifest,
    Person,
    RequestFacts,
    Software,
    clip_path,
)
from broker.evidence.bundle.signature import sign_manifest
from broker.transparency.notes import SigningKey
from tests.broker.evidence.bundle.logs import EVENTS, Log, log_of

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SOFTWARE = Software(name="entrevue", version="0.0.test")
NAMES = {"metro": "Métro", "rail": "Rail", "police": "Police"}


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def tiny_mp4(text: str) -> bytes:
    """The outer structure of an MP4 file, and no frame."""
    return (
        box(b"ftyp", b"isom\0\0\0\0isom")
        + box(b"moov", box(b"mvhd", bytes(20)))
        + box(b"mdat", text.encode())
    )


def officer(agency: str) -> Person:
    return Person(
        officer_id=f"{agency}.1", agency=agency, service="Unit 1", number="0042", name="Officer One"
    )


def interval(start_s: float, end_s: float) -> Interval:
    return Interval(start=NOW + timedelta(seconds=start_s), end=NOW + timedelta(seconds=end_s))


def clip_of(name: str, content: bytes, shown: Interval) -> Clip:
    return Clip(
        name=name,
        path=clip_path(name),
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        shown=shown,
        first_frame_at=shown.start,
        last_frame_at=shown.end - timedelta(milliseconds=40),
        frames=25,
        codec="h264",
        width=640,
        height=360,
    )


def item_of(n: int, owner: str, contents: list[bytes], clock_offset_ms: float | None = 12.5) -> Item:
    """A completed item with a clip per content, or a denied one without."""
    given = bool(contents)
    shown = [interval(-600 + 10 * part, -595 + 10 * part) for part in range(len(contents))]
    return Item(
        n=n,
        camera=Camera(id=f"{owner}-net:cam{n}", name=f"Hall {n}", network=f"{owner}-net", agency=owner),
        requested=interval(-600, -500),
        state=ItemState.COMPLETED if given else ItemState.DENIED,
        reason=None if given else "outside the agreement",
        held=Held(state=HoldState.HELD, intervals=(interval(-600, -500),), how=HoldMethod.NATIVE, until=NOW),
        decision=Decision(
            state=DecisionState.APPROVED if given else DecisionState.DENIED,
            by=(officer(owner),),
            interval=interval(-600, -500) if given else None,
            at=NOW,
        ),
        available=tuple(shown),
        delivered=tuple(shown),
        gaps=interval(-600, -500).subtract(shown),
        clock_offset_ms=clock_offset_ms,
        clips=tuple(
            clip_of(f"{n}.{part}", content, shown[part - 1]) for part, content in enumerate(contents, start=1)
        ),
    )


def facts_of(
    *items: Item, log: Log | None = None, case_ref: str = "2026/17", request_id: str = "req-1"
) -> RequestFacts:
    """What is sealed of these items; without a log no entry is named."""
    return RequestFacts(
        request_id=request_id,
        case_ref=case_ref,
        purpose="judicial_inquiry",
        legal_basis=LegalBasis(kind="judicial_requisition", reference="R-7"),
        requester=officer("police"),
        created_at=NOW - timedelta(hours=1),
        agencies=tuple(Agency(id=agency, name=name) for agency, name in NAMES.items()),
        items=items,
        log=tuple(LogReference(sequence=n, event=event) for n, event in EVENTS.items()) if log else (),
        log_keys=keys_of(log or log_of(request_id)),
    )


def keys_of(log: Log) -> LogKeys:
    return LogKeys(
        log=log.key.verifier.text, witnesses=tuple(witness.verifier.text for witness in log.witnesses)
    )


@dataclass(frozen=True)
class Sealed:
    path: Path
    manifest: Manifest
    identities: tuple[SigningIdentity, ...]
    log: Log

    @property
    def anchors(self) -> list[bytes]:
        return [identity.trust_anchor_pem() for identity in self.identities]


def seal(
    folder: Path,
    contents: dict[str, list[bytes]],
    *,
    name: str = "bundle.zip",
    keys: Path | None = None,
    at: datetime = NOW,
    request_id: str = "req-1",
    clock_offset_ms: float | None = 12.5,
    log: Log | None = None,
    signers: Sequence[SigningKey] | None = None,
) -> Sealed:
    """One item per owner with these clips, sealed into `folder/name`; `signers` are the witnesses that co-signed the
    log, where they are not all."""
    logged = log or log_of(request_id)
    items = [
        item_of(n, owner, clips, clock_offset_ms)
        for n, (owner, clips) in enumerate(contents.items(), start=1)
    ]
    facts = facts_of(*items, log=logged, request_id=request_id)
    sources: dict[str, Path] = {}
    for item, clips in zip(items, contents.values(), strict=True):
        for clip, content in zip(item.clips, clips, strict=True):
            sources[clip.name] = folder / f"{name}.{clip.name}.source"
            sources[clip.name].write_bytes(content)
    identities = tuple(
        open_identity(keys or folder / "keys", owner, NAMES[owner], at) for owner in facts.owners
    )
    path = folder / name
    manifest = write_bundle(
        facts,
        clips=sources,
        log=logged.entries(signers),
        identities=identities,
        output=path,
        now=at,
        software=SOFTWARE,
    )
    return Sealed(path, manifest, identities, logged)


def failures(findings: object) -> list[tuple[str, str | None]]:
    """`(check, where)` of every failed finding."""
    return [(each.check.value, each.where) for each in findings if each.result == "failed"]  # type: ignore[attr-defined]


def reseal(
    sealed: Sealed,
    target: Path,
    change: Mapping[str, bytes | None],
    restate: Callable[[dict[str, Any]], None] = lambda manifest: None,
) -> Path:
    """The bundle with files replaced, added or (None) left out, and a manifest that says so, signed again by the
    owners' own keys: what a host that holds them can do. `restate` may change what else the manifest states."""
    with zipfile.ZipFile(sealed.path) as archive:
        files: dict[str, bytes | None] = {name: archive.read(name) for name in archive.namelist()}
    files |= change
    kept = {name: data for name, data in files.items() if data is not None}
    stated = json.loads(kept.pop(MANIFEST_PATH))
    kept.pop(SIGNATURE_PATH)
    stated["files"] = [
        {"path": name, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        for name, data in sorted(kept.items())
    ]
    restate(stated)
    kept[MANIFEST_PATH] = json.dumps(stated).encode()
    kept[SIGNATURE_PATH] = sign_manifest(kept[MANIFEST_PATH], sealed.identities, sealed.manifest.sealed_at)
    with target.open("wb") as output:
        write_entries(output, [(name, len(data), [data]) for name, data in sorted(kept.items())])
    return target
