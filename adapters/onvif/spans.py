"""From what a recorder tells to uninterrupted footage of one camera. Pure: owns which recording counts when.

Where recordings of one camera overlap, the one that starts later counts from its start on. What a recorder does not
know is not claimed: it becomes a problem that a person can read.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from adapters.contract.gaps import gap_over_s
from adapters.contract.models import FootageListing, Interval, Rejection, Span
from adapters.onvif.models import Piece, RecordingState, TrackChange

JOINED_WITHIN = timedelta(seconds=float(gap_over_s()))


def known_extent(state: RecordingState, window: Interval, now: datetime) -> Interval | None:
    """From when to when a recording may hold something of the window; None where it surely does not.

    A recording that goes on has its end at the latest now, on the device's clock.
    """
    end = state.latest if state.latest is not None else now
    start = state.earliest if state.earliest is not None else window.start
    return Interval(start=start, end=end).intersect(window) if start < end else None


def pieces_of(
    state: RecordingState, changes: Sequence[TrackChange] | None, window: Interval, now: datetime
) -> tuple[list[Interval], list[Rejection]]:
    """What one recording holds of the window. `changes` is None where the device tells no history."""
    where = f"recording {state.token}"
    extent = known_extent(state, window, now)
    if extent is None:
        return [], []
    own = [change for change in changes or () if _is_of(change, state)]
    if own:
        return [each for each in map(extent.intersect, _present(own, extent)) if each is not None], []
    if state.earliest is None:
        return [], [Rejection(where=where, reason="the device does not say since when it records")]
    if changes is None:
        return [extent], [
            Rejection(where=where, reason="the device tells no history: gaps inside are not seen")
        ]
    # A history without a change in the window and without a start state: it was all there.
    return [extent], []


def _is_of(change: TrackChange, state: RecordingState) -> bool:
    if change.recording != state.token:
        return False
    return not state.video_tracks or change.track is None or change.track in state.video_tracks


def _present(changes: Iterable[TrackChange], extent: Interval) -> list[Interval]:
    ordered = sorted(changes, key=lambda change: (change.at, not change.is_start_state))
    found: list[Interval] = []
    # Before a first change to absent there was data, if the device did not tell how it stood at the start.
    since = extent.start if not ordered[0].is_present and not ordered[0].is_start_state else None
    for change in ordered:
        at = min(max(change.at, extent.start), extent.end)
        if change.is_present and since is None:
            since = at
        elif not change.is_present and since is not None:
            if since < at:
                found.append(Interval(start=since, end=at))
            since = None
    if since is not None and since < extent.end:
        found.append(Interval(start=since, end=extent.end))
    return found


def arranged(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Sorted and disjoint: a piece ends where a later one begins, and goes on after it."""
    found: list[Piece] = []
    for piece in sorted(pieces, key=lambda each: (each.interval.start, each.recording)):
        rest: list[Piece] = []
        for earlier in found:
            rest += [Piece(earlier.recording, left) for left in earlier.interval.subtract([piece.interval])]
        found = sorted([*rest, piece], key=lambda each: each.interval.start)
    return tuple(found)


def listing(
    pieces: Sequence[Piece], problems: Iterable[Rejection], keeps: timedelta | None
) -> FootageListing:
    """Spans of arranged pieces: what lies closer than a gap is one. A span is overwritten from its start on."""
    joined: list[Interval] = []
    for piece in pieces:
        if joined and piece.interval.start - joined[-1].end <= JOINED_WITHIN:
            joined[-1] = Interval(start=joined[-1].start, end=max(joined[-1].end, piece.interval.end))
        else:
            joined.append(piece.interval)
    spans = tuple(
        Span(interval=interval, overwrite_at=None if keeps is None else interval.start + keeps)
        for interval in joined
    )
    return FootageListing(spans=spans, problems=tuple(problems))
