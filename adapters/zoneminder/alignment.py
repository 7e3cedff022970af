"""Where an event's clip begins, by the clip of the event before. Owns comparing the two.

ZoneMinder tells starts in whole seconds, and a clip goes on past the keyframe with which the next one begins: the end
of the one is, byte for byte, the beginning of the other, and that says how far apart the two begin.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Final

import av

FARTHEST_OFF: Final = timedelta(seconds=1.5)
"""A start found by frames that is farther from the stated one is not believed: the clock was set, or the frames are
of a camera's own past."""
ADJACENT: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class ClipFrames:
    """A clip's frames as they lie in it, each by a digest and its distance in seconds from the first one shown."""

    digests: tuple[bytes, ...]
    at: tuple[Fraction, ...]
    lasts: Fraction


def read_frames(path: Path) -> ClipFrames | None:
    """Blocks while it reads the file. None where there is no video to read."""
    times: list[tuple[int, bytes]] = []
    last_duration = 0
    try:
        with av.open(f"file:{path}", options={"protocol_whitelist": "file"}) as container:
            stream = container.streams.video[0]
            base = Fraction(stream.time_base or 0)
            for packet in container.demux(stream):
                if packet.pts is not None and packet.size:
                    times.append((packet.pts, hashlib.sha256(bytes(packet)).digest()))
                    last_duration = packet.duration or last_duration
    except (av.FFmpegError, IndexError):
        return None
    if not times:
        return None
    shown_first = min(pts for pts, _ in times)
    return ClipFrames(
        digests=tuple(digest for _, digest in times),
        at=tuple((pts - shown_first) * base for pts, _ in times),
        lasts=(max(pts for pts, _ in times) - shown_first + last_duration) * base,
    )


def begins(stated: datetime, frames: ClipFrames, before: tuple[datetime, ClipFrames] | None) -> datetime:
    """When the clip's first frame was shown: by the clip before where they touch, else as stated."""
    if before is None:
        return stated
    start_before, frames_before = before
    found = [start_before + _seconds(distance) for distance in _distances(frames_before, frames)]
    if found:
        nearest = min(found, key=lambda start: abs(start - stated))
        return nearest if abs(nearest - stated) <= FARTHEST_OFF else stated
    end_before = start_before + _seconds(frames_before.lasts)
    return end_before if abs(stated - end_before) < ADJACENT else stated


def _distances(before: ClipFrames, after: ClipFrames) -> list[Fraction]:
    """How far apart the two may begin: where the end of the one is the beginning of the other. Several where the
    picture stands so still that frames are alike."""
    return [
        before.at[place] - after.at[0]
        for place, digest in enumerate(before.digests)
        if digest == after.digests[0]
        and before.digests[place:] == after.digests[: len(before.digests) - place]
    ]


def _seconds(distance: Fraction) -> timedelta:
    """Rounded down, as frames' instants are: a frame that two clips hold is then left to the later one."""
    return timedelta(microseconds=floor(distance * 1_000_000))
