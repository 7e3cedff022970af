"""A small world to seal: two owners, their identities, and bundles of it, made anew in a folder."""

import hashlib
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.contract.models import Interval
from broker.evidence.bundle.archive import write_bundle
from broker.evidence.bundle.certificates import SigningIdentity, open_identity
from broker.evidence.bundle.models import (
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
    LogReference,
    Manifest,
    Person,
    RequestFacts,
    Software,
    clip_path,
)

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


def facts_of(*items: Item, case_ref: str = "2026/17", request_id: str = "req-1") -> RequestFacts:
    return RequestFacts(
        request_id=request_id,
        case_ref=case_ref,
        purpose="judicial_inquiry",
        legal_basis=LegalBasis(kind="judicial_requisition", reference="R-7"),
        requester=officer("police"),
        created_at=NOW - timedelta(hours=1),
        agencies=tuple(Agency(id=agency, name=name) for agency, name in NAMES.items()),
        items=items,
        log=(LogReference(sequence=3, event="request.submitted"),),
    )


@dataclass(frozen=True)
class Sealed:
    path: Path
    manifest: Manifest
    identities: tuple[SigningIdentity, ...]

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
) -> Sealed:
    """One item per owner with these clips, sealed into `folder/name`."""
    items = [
        item_of(n, owner, clips, clock_offset_ms)
        for n, (owner, clips) in enumerate(contents.items(), start=1)
    ]
    facts = facts_of(*items, request_id=request_id)
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
        facts, clips=sources, identities=identities, output=path, now=at, software=SOFTWARE
    )
    return Sealed(path, manifest, identities)


def failures(findings: object) -> list[tuple[str, str | None]]:
    """`(check, where)` of every failed finding."""
    return [(each.check.value, each.where) for each in findings if each.result == "failed"]  # type: ignore[attr-defined]
