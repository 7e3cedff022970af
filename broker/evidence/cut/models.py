"""What the cutter is given and what it hands back. Plain data; decides and reads nothing."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field

from adapters.contract.models import Instant, Interval, Model

Count = Annotated[int, Field(ge=0)]


class SourceFile(Model):
    """One recorded file. `starts_at` is the instant, in true UTC, of its first presented video frame.

    A frame's instant is `starts_at` plus its presentation-time distance from that first frame, floored to the
    microsecond. Frames outside `valid` belong to another file.
    """

    path: Path
    starts_at: Instant
    valid: Interval


class ProblemKind(StrEnum):
    UNREADABLE = "unreadable"
    """The file could not be opened or holds no video that an MP4 can carry."""
    DAMAGED = "damaged"
    """The file ends or breaks before its index says so; what came before was used."""
    UNDECODABLE_START = "undecodable_start"
    """Frames in front of the first keyframe, or leading pictures whose references are not in the file."""
    NO_KEYFRAME = "no_keyframe"
    TIMESTAMPS = "timestamps"
    """Frames without a time, sharing one, or running backwards."""
    OVERLAP = "overlap"
    """Two files claim the same time: the one that starts later was used from its start on."""
    AUDIO = "audio"
    """Sound was asked for and could not be carried."""


class Problem(Model):
    """One thing that kept footage from being used as it was; `text` is for a person."""

    path: Path
    kind: ProblemKind
    text: Annotated[str, Field(min_length=1)]


class HiddenFrames(Model):
    """Frames that a clip carries because shown ones are decoded from them, and that its edit list hides.

    At the head `interval` runs from the earliest of them to the first shown frame; at the tail from the
    earliest of them to one frame period after the latest. Leading pictures of the first keyframe, which nothing
    shown needs and nobody can decode without what came before, are not carried.
    """

    packets: Annotated[int, Field(gt=0)]
    interval: Interval


class Part(Model):
    """One MP4 of uninterrupted footage.

    `interval` is what it shows: from its first shown frame to the end of its last one, where a frame ends
    at the next frame (at most one gap threshold later), and no part reaches past the asked interval or past
    what is valid of its file. `codec` is the lower-case name, `h264`, `h265`, …; `size` counts bytes.
    """

    path: Path
    interval: Interval
    first_frame_at: Instant
    last_frame_at: Instant
    frames_shown: Annotated[int, Field(gt=0)]
    hidden_head: HiddenFrames | None
    hidden_tail: HiddenFrames | None
    codec: str
    width: Annotated[int, Field(gt=0)]
    height: Annotated[int, Field(gt=0)]
    has_audio: bool
    size: Annotated[int, Field(gt=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    sources: tuple[Path, ...]


class CutResult(Model):
    """The parts in order of time, and what of the asked interval they do not show.

    A gap is time inside the asked interval with no frame for more than max(1 s, 2 frame periods), where the
    frame period of a file is the median distance of its first presented frames; it runs from the end of the
    frame before to the frame after.
    """

    asked: Interval
    parts: Annotated[tuple[Part, ...], Field(min_length=1)]
    gaps: tuple[Interval, ...]
    problems: tuple[Problem, ...]
