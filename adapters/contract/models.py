"""Frozen models that cross the border between an adapter and the broker.

Unknown is always `None`, never 0 and never an empty text. Positions are WGS 84, bearings are degrees
clockwise from true north, and every instant is aware and converted to UTC. Instants in these models are read
from the *recorder's* clock; the broker subtracts `ClockReading.offset_ms` to reach true UTC.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    model_validator,
)

from adapters.contract.gaps import SHORTEST_GAP_S


def _to_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the instant lies outside the years 1 to 9999 in UTC") from error


def format_instant(value: datetime) -> str:
    """ISO 8601 in UTC with `Z`; microseconds only where they are not zero."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


Instant = Annotated[
    AwareDatetime,
    AfterValidator(_to_utc),
    PlainSerializer(format_instant, return_type=str, when_used="json"),
]
"""An aware moment; converted to UTC on entry, written with `Z` on the wire."""

NonEmpty = Annotated[str, Field(min_length=1)]
HeadingDeg = Annotated[float, Field(ge=0, lt=360, allow_inf_nan=False)]
FovDeg = Annotated[float, Field(gt=0, le=360, allow_inf_nan=False)]


class Model(BaseModel):
    """Base of every model here: frozen, and unknown fields are refused. Bytes are base64 on the wire: those of a
    picture are no text."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")


class Interval(Model):
    """Half-open `[start, end)`, never empty."""

    start: Instant
    end: Instant

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.start >= self.end:
            raise ValueError("an interval must end after it starts")
        return self

    @property
    def duration(self) -> timedelta:
        return self.end - self.start

    def intersect(self, other: "Interval") -> "Interval | None":
        """The common part, or None where there is none."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Interval(start=start, end=end) if start < end else None

    def shift(self, by: timedelta) -> "Interval":
        return Interval(start=self.start + by, end=self.end + by)

    def subtract(self, others: "Iterable[Interval]") -> "tuple[Interval, ...]":
        """What is left of this interval after the others are taken out, in order."""
        left: list[Interval] = []
        at = self.start
        for other in sorted(others, key=lambda interval: interval.start):
            if other.end <= at or other.start >= self.end:
                continue
            if other.start > at:
                left.append(Interval(start=at, end=other.start))
            at = max(at, other.end)
        if at < self.end:
            left.append(Interval(start=at, end=self.end))
        return tuple(left)

    def gaps(self, footage: "Iterable[Interval]", over_s: float = SHORTEST_GAP_S) -> "tuple[Interval, ...]":
        """Where footage lacks for more than `over_s`, as `adapters.contract.gaps` has it. Less is no gap, also
        at an end of the interval, where the first and last frames rarely fall on it exactly."""
        return tuple(gap for gap in self.subtract(footage) if gap.duration.total_seconds() > over_s)

    def __str__(self) -> str:
        return f"{format_instant(self.start)}/{format_instant(self.end)}"


class Position(Model):
    """A WGS 84 point; `accuracy_m` is the radius within which the camera surely stands."""

    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
    elevation_m: Annotated[float, Field(allow_inf_nan=False)] | None = None
    accuracy_m: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


class View(Model):
    """One sector that a camera watches; a panoramic camera states `fov_deg` 360."""

    heading_deg: HeadingDeg | None = None
    fov_deg: FovDeg | None = None
    range_m: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None


class Stream(Model):
    """One encoded stream of a camera. `codec` is `h264`, `h265`, `mjpeg`, `av1`, … in lower case."""

    role: NonEmpty = "main"
    codec: NonEmpty | None = None
    width: Annotated[int, Field(gt=0)] | None = None
    height: Annotated[int, Field(gt=0)] | None = None
    fps: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None


class CameraKind(StrEnum):
    FIXED = "fixed"
    PTZ = "ptz"
    DOME = "dome"
    MOBILE = "mobile"


class CameraStatus(StrEnum):
    """`up` only when something proves it; `stale` when the proof has aged."""

    UP = "up"
    DOWN = "down"
    STALE = "stale"
    UNKNOWN = "unknown"


class CameraRecord(Model):
    """What a network says of one camera. `native_id` is stable across listings and restarts.

    `place` is the native id of a `PlaceRecord` of the same network, or a place's name as the list has it.
    """

    native_id: NonEmpty
    name: NonEmpty
    kind: CameraKind | None = None
    position: Position | None = None
    place: NonEmpty | None = None
    level: NonEmpty | None = None
    views: tuple[View, ...] = ()
    streams: tuple[Stream, ...] = ()
    status: CameraStatus = CameraStatus.UNKNOWN
    retention_days: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    tags: tuple[NonEmpty, ...] = ()


class PlaceRecord(Model):
    """A named site with a position: a station, a street, a depot."""

    native_id: NonEmpty
    name: NonEmpty
    position: Position


class Rejection(Model):
    """One record that could not be used: where it stands (`cameras.csv row 12`) and why, for a person."""

    where: NonEmpty
    reason: NonEmpty


class Snapshot(Model):
    """A still picture. `captured_at` is when the recorder took it, None where it does not say."""

    native_id: NonEmpty
    captured_at: Instant | None
    media_type: Literal["image/jpeg", "image/png"]
    data: bytes

    def __repr__(self) -> str:
        return f"Snapshot(native_id={self.native_id!r}, {len(self.data)} bytes)"


class Span(Model):
    """Uninterrupted footage; between spans lies a gap: over max(1 s, 2 frame periods) without a frame."""

    interval: Interval
    overwrite_at: Instant | None = None


class FootageListing(Model):
    """Footage of one camera inside a window: spans sorted and disjoint, clipped to the window.

    `problems` tells what the recorder holds but could not be used (damaged files, overlaps resolved).
    """

    spans: tuple[Span, ...] = ()
    problems: tuple[Rejection, ...] = ()


class SegmentStart(Model):
    """Announces one recorded file. Its bytes follow as `SegmentData` until `SegmentEnd`.

    `starts_at` is the recorder-clock instant of the first video frame in presentation order; later frames
    lie at their presentation-time distance from it. Only frames inside `valid` belong to the camera's
    footage: where files overlap, the later one wins from its start on.
    """

    kind: Literal["start"] = "start"
    name: NonEmpty
    container: NonEmpty
    starts_at: Instant
    valid: Interval


class SegmentData(Model):
    kind: Literal["data"] = "data"
    data: bytes

    def __repr__(self) -> str:
        return f"SegmentData({len(self.data)} bytes)"


class SegmentEnd(Model):
    """Closes a segment; `size` in bytes lets the reader notice a torn transfer."""

    kind: Literal["end"] = "end"
    size: Annotated[int, Field(ge=0)]


FootageMessage = Annotated[SegmentStart | SegmentData | SegmentEnd, Field(discriminator="kind")]


class ClockReading(Model):
    """`offset_ms` = recorder clock − UTC, None where it cannot be known."""

    offset_ms: Annotated[float, Field(allow_inf_nan=False)] | None
    measured_at: Instant


class HoldOrder(Model):
    """Asks the recorder to keep an interval past its overwrite time, at least until `until`.

    `key` makes the order idempotent: the same key again returns the same receipt.
    """

    key: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    native_id: NonEmpty
    interval: Interval
    until: Instant | None = None


class HoldReceipt(Model):
    """What the recorder really keeps: `held` sorted and disjoint, empty where there was nothing to keep.

    `held` may exceed what was asked where the recorder keeps whole files; `handle` releases it.
    """

    handle: NonEmpty
    held: tuple[Interval, ...]
    until: Instant | None = None


class HealthEvent(Model):
    """What the recorder says of a camera's health the moment it changes; of the recorder itself where
    `native_id` is None. `reason` is for a person (`signal lost`, `picture too dark`)."""

    native_id: NonEmpty | None
    at: Instant
    status: CameraStatus
    reason: NonEmpty
