"""A camera's status is what something proves, never what somebody hopes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from adapters.contract.models import CameraStatus, Span
from broker.catalog.models import SnapshotReference

PROOF_REFRESHES: Final = 2
PROOF_AT_LEAST: Final = timedelta(minutes=2)
"""Footage that ended within so many refreshes, or so long ago, proves that a camera works: recorders close
their files every minute or so, and show a file only then. A picture taken then proves it too."""


@dataclass(frozen=True)
class Footage:
    """A camera's spans. `is_current` is False where the recorder did not say and they are what was known."""

    spans: tuple[Span, ...] = ()
    is_current: bool = True


@dataclass(frozen=True)
class Told:
    """What a recorder told of a camera's health by itself, when."""

    at: datetime
    status: CameraStatus


def proof_lasts(refresh_s: float) -> timedelta:
    return max(PROOF_AT_LEAST, timedelta(seconds=PROOF_REFRESHES * refresh_s))


def proven_status(
    stated: CameraStatus,
    footage: Footage,
    snapshot: SnapshotReference | None,
    told: Told | None,
    at: datetime,
    lasts: timedelta,
) -> CameraStatus:
    """What is proven at that time.

    `stated` is what the recorder itself says of it in its list, `told` what it told by itself. Recent footage, or a
    picture that was taken recently, proves `up`, unless the recorder told otherwise after it. Without, a recorder that
    sees the camera work is believed: its newest footage may be a file that it has not closed yet. Footage that stopped
    else proves `down`, if one could look; a picture that has aged proves nothing any more. A picture without a time is
    no proof.
    """
    ends = footage.spans[-1].interval.end if footage.spans else None
    taken = snapshot.captured_at if snapshot else None
    proof = max((moment for moment in (ends, taken) if moment is not None), default=None)
    if told is not None and (proof is None or told.at >= proof):
        return told.status
    if stated is CameraStatus.UP or (ends is None and stated is not CameraStatus.UNKNOWN):
        return stated
    if proof is not None and at - proof <= lasts:
        return CameraStatus.UP
    if ends is not None:
        return CameraStatus.DOWN if footage.is_current else CameraStatus.STALE
    return CameraStatus.UNKNOWN if proof is None else CameraStatus.STALE
