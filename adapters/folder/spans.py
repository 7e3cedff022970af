"""From files to uninterrupted footage. Pure: owns which file counts when, and what is a gap; reads nothing.

A frame counts for its period. Over max(1 s, 2 periods) from one frame to the next is a gap; less joins,
across files too. Where files overlap, the later start wins from its start on: what an earlier file has
beyond is unused.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from adapters.contract.gaps import gap_over_s
from adapters.contract.models import Interval, Rejection, Span, format_instant


@dataclass(frozen=True, slots=True)
class FrameRun:
    """Instants of the first and last of frames that follow each other without a gap."""

    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class RecordedFile:
    """One readable file on its camera's time line.

    `starts_at` is its first frame, `runs` (ascending, at least one) its frames that can be decoded.
    """

    name: str
    starts_at: datetime
    period: timedelta
    runs: tuple[FrameRun, ...]
    overwrite_at: datetime | None = None

    @property
    def begins(self) -> datetime:
        return self.runs[0].first

    @property
    def ends(self) -> datetime:
        return self.runs[-1].last + self.period


@dataclass(frozen=True, slots=True)
class ValidPart:
    """A file and the part of it that belongs to the camera's footage."""

    file: RecordedFile
    valid: Interval


@dataclass(frozen=True, slots=True)
class _Piece:
    first: datetime
    last: datetime
    end: datetime
    period: timedelta
    overwrite_at: datetime | None


def valid_parts(files: Iterable[RecordedFile]) -> tuple[ValidPart, ...]:
    """The files in order of time, each cut where the next one begins; files with nothing left are absent."""
    ordered = sorted(files, key=lambda file: (file.begins, file.name))
    parts = []
    for index, file in enumerate(ordered):
        end = min(file.ends, ordered[index + 1].begins) if index + 1 < len(ordered) else file.ends
        if file.begins < end:
            parts.append(ValidPart(file, Interval(start=file.begins, end=end)))
    return tuple(parts)


def overlaps(files: Iterable[RecordedFile], resolution: timedelta) -> tuple[Rejection, ...]:
    """One problem for each file that a later one cuts by more than a frame and the resolution of names."""
    ordered = sorted(files, key=lambda file: (file.begins, file.name))
    return tuple(
        Rejection(
            where=earlier.name,
            reason=f"overlaps {later.name}, which starts later and is used from "
            f"{format_instant(later.begins)} on",
        )
        for earlier, later in pairwise(ordered)
        if earlier.ends - later.begins > earlier.period + resolution
    )


def assemble(parts: Sequence[ValidPart], window: Interval) -> tuple[Span, ...]:
    """Spans inside the window, sorted and disjoint; `overwrite_at` is that of the file erased first."""
    spans = []
    for group in _joined(_pieces(parts)):
        whole = Interval(start=group[0].first, end=group[-1].end)
        shown = whole.intersect(window)
        if shown is None:
            continue
        # A window may fall between two frames that join: then both neighbours speak for it.
        inside = [piece for piece in group if piece.first < shown.end and piece.end > shown.start] or group
        times = [piece.overwrite_at for piece in inside if piece.overwrite_at is not None]
        spans.append(Span(interval=shown, overwrite_at=min(times, default=None)))
    return tuple(spans)


def _pieces(parts: Sequence[ValidPart]) -> list[_Piece]:
    return [
        _Piece(
            first=run.first,
            last=min(run.last, part.valid.end),
            end=min(run.last + part.file.period, part.valid.end),
            period=part.file.period,
            overwrite_at=part.file.overwrite_at,
        )
        for part in parts
        for run in part.file.runs
        if run.first < part.valid.end
    ]


def _joined(pieces: Sequence[_Piece]) -> list[list[_Piece]]:
    groups: list[list[_Piece]] = []
    for piece in pieces:
        previous = groups[-1][-1] if groups else None
        if previous is not None and (piece.first - previous.last).total_seconds() <= gap_over_s(
            previous.period.total_seconds(), piece.period.total_seconds()
        ):
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return groups
