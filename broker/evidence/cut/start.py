"""Packets as a file holds them, and which of them a clip begins with. Pure: reads no file."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

REORDER_FRAMES = 33
"""More frames than a decoder may hold back (16 in H.264 and H.265, also when each is sent as two fields)."""


@dataclass(frozen=True)
class Start:
    """Where to read from so that everything from `shown_from` on can be decoded.

    Reading begins at `seek_pts`, None for the file's beginning, and drops packets up to the keyframe whose
    timestamp is `key_pts`. `lost_frames` should be shown and cannot: they lie in front of the first keyframe.
    `continues_from` is the first frame shown when the file goes on where a clip's previous file ended, None
    where something would have to be hidden first; leading pictures of the file's first keyframe, otherwise
    lost, can then be decoded.
    """

    seek_pts: int | None
    key_pts: int
    shown_from: int
    lost_frames: int
    continues_from: int | None


class SourcePacket(NamedTuple):
    """One packet in decoding order. `duration` is 0 where the file does not say; `is_presented` is false for
    video that the file's own edit list hides."""

    is_video: bool
    pts: int
    duration: int
    is_keyframe: bool
    is_presented: bool
    data: memoryview


def choose_start(packets: Iterable[SourcePacket], seek_pts: int | None, shown_from: int) -> Start | None:
    """The first frame to show and the keyframe that it needs, reading no further than it takes to know them.

    The keyframe is the last in decoding order that is shown no later than the first shown frame: its leading
    pictures, which may refer to what comes before it, are then hidden. None where no such keyframe lies after
    the place that was sought, or where there is nothing to show.
    """
    keyframes: list[int] = []
    candidates: list[int] = []
    goes_on = True
    for packet in packets:
        if not packet.is_video:
            continue
        if packet.is_keyframe:
            if seek_pts is not None and not keyframes and packet.pts > shown_from:
                return None  # frames to show may lie before this one
            keyframes = [packet.pts] if packet.pts <= shown_from else [*keyframes, packet.pts]
        is_shown = packet.is_presented and packet.pts >= shown_from
        if is_shown:
            candidates.append(packet.pts)
        goes_on = goes_on and is_shown and bool(keyframes)
        if len(candidates) >= REORDER_FRAMES and (keyframes or seek_pts is not None):
            break
    if not candidates or not keyframes:
        return None
    first_shown = min(candidates)
    continues_from = first_shown if goes_on and seek_pts is None else None
    usable = [pts for pts in keyframes if pts <= first_shown]
    if usable:
        return Start(seek_pts, usable[-1], first_shown, 0, continues_from)
    lost = sum(pts < keyframes[0] for pts in candidates)
    return Start(None, keyframes[0], keyframes[0], lost, continues_from)


def choose_keyframe(packets: Iterable[SourcePacket], seek_pts: int | None, shown_from: int) -> Start | None:
    """The first keyframe shown at that timestamp or later, so that nothing has to be hidden before it."""
    for packet in packets:
        if packet.is_video and packet.is_keyframe and packet.is_presented and packet.pts >= shown_from:
            return Start(seek_pts, packet.pts, packet.pts, 0, None)
    return None
