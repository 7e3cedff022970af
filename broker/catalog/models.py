"""Frozen facts of the catalog and the questions that are put to it."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import quote, unquote

from pydantic import BaseModel, ConfigDict

from adapters.contract.capabilities import Capability
from adapters.contract.models import (
    CameraKind,
    CameraStatus,
    Instant,
    Interval,
    Position,
    Span,
    Stream,
    View,
)

_PLAIN: Final = re.compile("[A-Za-z0-9._~-]+", re.ASCII).fullmatch
RESERVED_TAG: Final = "reserved"


def camera_id(network_id: str, native_id: str) -> str:
    """`<network>:<native id>`, the native id percent-encoded outside `A-Za-z0-9._~-`."""
    if _PLAIN(native_id) is None:
        native_id = quote(native_id, safe="")
    return f"{network_id}:{native_id}"


def network_of(identifier: str) -> str:
    """The network part of a camera's or place's id."""
    return identifier.partition(":")[0]


def native_id_of(identifier: str) -> str:
    return unquote(identifier.partition(":")[2])


def is_reserved(tags: Iterable[str]) -> bool:
    """Whether the tags say so. Lists write the tag in any case."""
    return any(tag.strip().casefold() == RESERVED_TAG for tag in tags)


def wrapped_deg(lon_deg: float) -> float:
    """The same meridian in [-180, 180)."""
    return (lon_deg + 180) % 360 - 180


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BreakerState(StrEnum):
    """Whether a network is tried at its pace, or rarely, as it failed again and again."""

    CLOSED = "closed"
    OPEN = "open"


class Place(Model):
    """A named site, as `<network>:<native id>`."""

    id: str
    name: str
    position: Position


class SnapshotReference(Model):
    """Where the latest snapshot is. `captured_at` None where the recorder did not say.

    `fetched_at` is when this picture was first fetched, `digest` the SHA-256 of what the recorder gave, `scene` names
    the masks that it is under.
    """

    captured_at: Instant | None
    fetched_at: Instant
    vault_key: str
    digest: str
    quality: str | None = None
    scene: str | None = None


class Camera(Model):
    """One camera with everything that the catalog knows of it. Instants are true UTC."""

    id: str
    network: str
    agency: str
    name: str
    kind: CameraKind | None = None
    position: Position | None = None
    place: str | None = None
    place_name: str | None = None
    place_position: Position | None = None
    level: str | None = None
    views: tuple[View, ...] = ()
    streams: tuple[Stream, ...] = ()
    status: CameraStatus = CameraStatus.UNKNOWN
    status_since: Instant | None = None
    retention_days: float | None = None
    tags: tuple[str, ...] = ()
    offers: tuple[Capability, ...] = ()
    spans: tuple[Span, ...] = ()
    clock_offset_ms: float | None = None
    snapshot: SnapshotReference | None = None
    vanished_at: Instant | None = None

    @property
    def located(self) -> Position | None:
        """Where to look for it: its own position, else its place's."""
        return self.position or self.place_position

    @property
    def reserved(self) -> bool:
        """Whether only its owner's custodians may know of it."""
        return is_reserved(self.tags)

    def footage_within(self, interval: Interval) -> tuple[Interval, ...]:
        """The parts of the interval that the recorder holds, as far as the catalog knows."""
        parts = (span.interval.intersect(interval) for span in self.spans)
        return tuple(part for part in parts if part is not None)

    def overwrite_at(self, interval: Interval | None = None) -> datetime | None:
        """When the first footage, of the interval where one is given, will be erased."""
        times = [
            span.overwrite_at
            for span in self.spans
            if span.overwrite_at is not None
            and (interval is None or span.interval.intersect(interval) is not None)
        ]
        return min(times, default=None)


def whose_of(cameras: Iterable[Camera]) -> dict[str, tuple[str, ...]]:
    """Whose these cameras are, as an entry of the log says it."""
    return {f"{camera.network}:": (camera.agency,) for camera in cameras}


class Quarantined(Model):
    """Records of a network that cannot be used for the same reason: how many the last answer had, since when there
    were any, and where some of them stand."""

    reason: str
    count: int
    first_seen_at: Instant
    examples: tuple[str, ...]


class HeldAnswer(Model):
    """An answer that is not believed before somebody confirms it: it has `still_listed` of `known` cameras."""

    since: Instant
    found: int
    still_listed: int
    known: int
    rounds: int


class Confirmed(Model):
    """What somebody takes for true: an answer of so many cameras, so many of which were known."""

    found: int
    still_listed: int


class NetworkReport(Model):
    """What the last synchronisation of a network found. `error` is set where it failed.

    `failures` counts those in a row; from a number on the breaker is `open`, and the network is tried rarely.
    """

    network: str
    agency: str
    synchronised_at: Instant
    succeeded_at: Instant | None
    refresh_s: float
    found: int
    added: int
    changed: int
    vanished: int
    rejected: int
    reasons: tuple[str, ...] = ()
    error: str | None = None
    failures: int = 0
    failing_since: Instant | None = None
    breaker: BreakerState = BreakerState.CLOSED
    next_attempt_at: Instant | None = None
    held: HeldAnswer | None = None

    @property
    def proven_until(self) -> datetime | None:
        """Until twice its refresh after it last succeeded the network's cameras are as they were."""
        if self.succeeded_at is None:
            return None
        return self.succeeded_at + timedelta(seconds=2 * self.refresh_s)

    def is_stale(self, at: datetime) -> bool:
        """Nothing proved the network's cameras for long."""
        return self.proven_until is None or at > self.proven_until
