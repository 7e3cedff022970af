"""From MediaMTX's answers to the contract's models. Pure: owns names, durations, codecs and the overwrite time."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic import BaseModel, Field, ValidationError

from adapters.contract.errors import Malformed
from adapters.contract.models import CameraRecord, CameraStatus, Interval, Span, Stream
from adapters.mediamtx.client import ListedSpan

PUBLISHED: Final = "publisher"
CODECS: Final = {
    "h264": "h264",
    "h265": "h265",
    "av1": "av1",
    "vp9": "vp9",
    "vp8": "vp8",
    "m-jpeg": "mjpeg",
    "mpeg-4 video": "mpeg4",
    "mpeg-1/2 video": "mpeg2",
}
_UNITS_S: Final = {"d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6}
_PART: Final = re.compile(r"(\d{1,18}(?:\.\d{1,18})?)(ms|us|µs|d|h|m|s)")


class PathConf(BaseModel):
    """How a path is configured; `name` may be a pattern (`~^cam`) or `all_others`."""

    name: str = Field(min_length=1)
    source: str | None = None
    on_demand: bool = Field(default=False, alias="sourceOnDemand")
    record: bool = False
    delete_after: str | None = Field(default=None, alias="recordDeleteAfter")
    segment_duration: str | None = Field(default=None, alias="recordSegmentDuration")

    @property
    def is_pattern(self) -> bool:
        return self.name.startswith("~") or self.name in {"all", "all_others"}


class Track(BaseModel):
    codec: str
    properties: dict[str, Any] | None = Field(default=None, alias="codecProps")


class PathState(BaseModel):
    """A path that exists now. Older servers say `ready` and `tracks`."""

    name: str = Field(min_length=1)
    configured_as: str | None = Field(default=None, alias="confName")
    online: bool | None = None
    ready: bool | None = None
    tracks: list[Track] | None = Field(default=None, alias="tracks2")
    codecs: list[str] | None = Field(default=None, alias="tracks")

    @property
    def has_source(self) -> bool | None:
        return self.ready if self.online is None else self.online


class Kept(BaseModel):
    """How long recordings of a path are kept. `after` None: unknown, or for ever."""

    after: timedelta | None
    segment: timedelta


def duration(text: str | None) -> timedelta | None:
    """Go's notation with days (`1d2h`, `24h0m0s`, `100ms`); None for none, `ValueError` for what is none."""
    if text is None:
        return None
    parts = _PART.findall(text)
    if text != "0" and (not parts or "".join(number + unit for number, unit in parts) != text):
        raise ValueError(f"{text[:40]!r} is no duration")
    return timedelta(seconds=sum(float(number) * _UNITS_S[unit] for number, unit in parts))


def kept(conf: PathConf) -> Kept:
    """By the path's recording settings; a server that deletes after 0 keeps for ever."""
    after = duration(conf.delete_after)
    return Kept(after=after or None, segment=duration(conf.segment_duration) or timedelta())


def camera(name: str, conf: PathConf | None, state: PathState | None) -> CameraRecord:
    """One path. `up` only where its source is connected now."""
    retention = None if conf is None else kept(conf).after
    return CameraRecord(
        native_id=name,
        name=name,
        streams=() if state is None else tuple(_streams(state)),
        status=_status(conf, state),
        retention_days=None if retention is None else retention / timedelta(days=1),
    )


def _status(conf: PathConf | None, state: PathState | None) -> CameraStatus:
    if state is not None and state.has_source:
        return CameraStatus.UP
    if state is not None and state.has_source is None:
        return CameraStatus.UNKNOWN
    # A source that is only connected while somebody watches says nothing by its absence.
    return CameraStatus.UNKNOWN if conf is not None and conf.on_demand else CameraStatus.DOWN


def _streams(state: PathState) -> list[Stream]:
    tracks = state.tracks or [Track(codec=codec) for codec in state.codecs or ()]
    found: list[Stream] = []
    for track in tracks:
        codec = CODECS.get(track.codec.casefold())
        if codec is None:
            continue
        size = track.properties or {}
        try:
            stream = Stream(codec=codec, width=size.get("width"), height=size.get("height"))
        except ValidationError:
            stream = Stream(codec=codec)
        found.append(stream.model_copy(update={"role": "main" if not found else f"track {len(found) + 1}"}))
    return found


def instant(text: str) -> datetime:
    """RFC 3339 with any number of decimals and any offset, in UTC; `Malformed` for what is none."""
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise ValueError("it names no offset")
        return at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Malformed(f"the recorder names {text[:40]!r} as an instant, which it is not") from error


def footage(listed: ListedSpan) -> Interval | None:
    """The span's interval; None for one that holds nothing."""
    start = instant(listed.start)
    try:
        end = start + timedelta(seconds=listed.duration)
    except OverflowError as error:
        raise Malformed(f"the recorder names {listed.duration} s as a span's duration") from error
    return Interval(start=start, end=end) if end > start else None


def span(found: Interval, window: Interval, how_long: Kept | None) -> Span | None:
    """The span inside the window. MediaMTX deletes a file once its *start* is older than it keeps files, so the
    first file's start decides; a span that the window cuts began at most one file before."""
    shown = found.intersect(window)
    if shown is None:
        return None
    overwrite_at = None
    if how_long is not None and how_long.after is not None:
        first_file = found.start if found.start > window.start else found.start - how_long.segment
        try:
            overwrite_at = max(first_file + how_long.after, shown.start)
        except OverflowError:
            overwrite_at = None
    return Span(interval=shown, overwrite_at=overwrite_at)
