"""From Frigate's answers to the contract's models. Pure: owns seconds, runs of segments, retention, and the names by
which a hold's exports are found again."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field

from adapters.contract.errors import Malformed
from adapters.contract.gaps import SHORTEST_GAP_S
from adapters.contract.models import CameraRecord, CameraStatus, Interval, Span
from adapters.frigate.client import Export, Recorded

Days = Annotated[float, Field(ge=0, allow_inf_nan=False)]
LONGEST_RETENTION_DAYS: Final = 36_500


class Continuous(BaseModel):
    days: Days = 0


class Retained(BaseModel):
    """Before 0.17."""

    days: Days = 0
    mode: Literal["all", "motion", "active_objects"] = "all"


class Recording(BaseModel):
    enabled: bool = False
    continuous: Continuous | None = None
    retain: Retained | None = None


class CameraConfiguration(BaseModel):
    enabled: bool = True
    friendly_name: str | None = None
    record: Recording = Recording()

    @property
    def kept(self) -> timedelta | None:
        """How long everything is kept; None where what is kept depends on what moved."""
        days = 0.0
        if self.record.continuous is not None:
            days = self.record.continuous.days
        elif self.record.retain is not None and self.record.retain.mode == "all":
            days = self.record.retain.days
        return timedelta(days=min(days, LONGEST_RETENTION_DAYS)) or None


class CameraStatistics(BaseModel):
    camera_fps: float


def camera(name: str, configured: CameraConfiguration, seen: Any) -> CameraRecord:
    """`seen` is what the statistics say of the camera, None where they say nothing. Frigate says how it detects, and
    not how what it records is encoded: streams are unknown."""
    return CameraRecord(
        native_id=name,
        name=configured.friendly_name or name,
        status=_status(configured, seen),
        retention_days=None if configured.kept is None else configured.kept / timedelta(days=1),
    )


def _status(configured: CameraConfiguration, seen: Any) -> CameraStatus:
    """`up` only where frames come in."""
    if not configured.enabled:
        return CameraStatus.DOWN
    if seen is None:
        return CameraStatus.UNKNOWN
    return CameraStatus.UP if CameraStatistics.model_validate(seen).camera_fps > 0 else CameraStatus.DOWN


def instant(seconds: float) -> datetime:
    """Rounded to the microsecond."""
    try:
        return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=round(seconds * 1_000_000))
    except (OverflowError, ValueError) as error:
        raise Malformed(f"the recorder names {seconds!r} as a time, which it is not") from error


@dataclass(frozen=True, slots=True)
class Run:
    """Segments that follow each other without a gap. `first_end` is when the first of them ends."""

    start: datetime
    end: datetime
    first_end: datetime


def runs(segments: Iterable[Recorded]) -> list[Run]:
    """Segments in order of time, joined over less than a gap."""
    found = sorted((instant(each.start_time), instant(each.end_time)) for each in segments)
    return joined(Run(start, end, end) for start, end in found if end > start)


def joined(parts: Iterable[Run]) -> list[Run]:
    """Runs in order of time, those joined between which there is no gap."""
    made: list[Run] = []
    for part in parts:
        if made and part.start - made[-1].end <= timedelta(seconds=SHORTEST_GAP_S):
            made[-1] = Run(made[-1].start, max(made[-1].end, part.end), made[-1].first_end)
        else:
            made.append(part)
    return made


def spans(found: Sequence[Run], window: Interval, kept: timedelta | None) -> tuple[Span, ...]:
    """The runs inside the window. Frigate erases a segment once its end is that old; the first one goes first."""
    shown = []
    for run in found:
        part = Interval(start=run.start, end=run.end).intersect(window)
        if part is not None:
            first_end = max(run.first_end, part.start)
            shown.append(Span(interval=part, overwrite_at=None if kept is None else first_end + kept))
    return tuple(shown)


_NAME: Final = re.compile(r"entrevue-([A-Za-z0-9_-]{1,64})-(\d{1,16})-(\d{1,16})")


@dataclass(frozen=True, slots=True)
class HeldExport:
    """An export that a hold ordered: its name says for which hold, and what it holds."""

    key: str
    interval: Interval


def export_name(key: str, run: Run) -> str:
    """Milliseconds since 1970, from the first one of the run to past its last."""
    return f"entrevue-{key}-{_milliseconds(run.start)}-{math.ceil(run.end.timestamp() * 1000)}"


def _milliseconds(at: datetime) -> int:
    return math.floor(at.timestamp() * 1000)


def held(name: str | None) -> HeldExport | None:
    """None for an export that somebody else ordered."""
    found = _NAME.fullmatch(name or "")
    if found is None:
        return None
    start, end = instant(int(found[2]) / 1000), instant(int(found[3]) / 1000)
    return HeldExport(found[1], Interval(start=start, end=end)) if start < end else None


def by_hold(exports: Iterable[Export]) -> dict[str, list[tuple[HeldExport, Export]]]:
    """Finished exports of holds, in order of time."""
    found: dict[str, list[tuple[HeldExport, Export]]] = {}
    for export in exports:
        known = held(export.name)
        if known is not None and not export.in_progress:
            found.setdefault(known.key, []).append((known, export))
    for pairs in found.values():
        pairs.sort(key=lambda pair: (pair[0].interval.start, pair[1].id))
    return found
