"""Clips are placed by the frames that they share."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

from adapters.zoneminder.alignment import ClipFrames, begins, read_frames
from tests.adapters.folder.recordings import write_audio_only, write_recording

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)


def frames(*names: int, period: str = "0.1") -> ClipFrames:
    """A clip of named frames, one a period, the first of them a keyframe."""
    at = tuple(place * Fraction(period) for place in range(len(names)))
    return ClipFrames(tuple(bytes([name]) for name in names), at, len(names) * Fraction(period))


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_the_first_clip_begins_as_stated() -> None:
    assert begins(NOON, frames(1), None) == NOON


def test_a_clip_begins_where_its_first_frame_lies_in_the_clip_before() -> None:
    before = (NOON, frames(*range(50)))
    assert begins(after(3), frames(*range(37, 60)), before) == after(3.7)


def test_a_frames_place_is_rounded_down() -> None:
    before = (NOON, frames(*range(50), period="1/3"))
    assert begins(after(16), frames(*range(49, 70)), before) == after(16.333333)


def test_frames_that_are_alike_are_told_apart_by_what_follows_and_by_what_is_stated() -> None:
    before = (NOON, frames(*[7, 1, 1] * 10, *[7, 2, 7, 2]))
    assert begins(after(3), frames(7, 2, 7, 2, 9), before) == after(3)
    still = (NOON, frames(*[7] * 40))
    assert begins(after(3), frames(*[7] * 20), still) == after(3)


def test_a_clip_that_shares_nothing_follows_the_one_before_where_it_may() -> None:
    before = (NOON, frames(*range(50)))
    assert begins(after(5), frames(*range(50, 70)), before) == after(5)
    assert begins(after(4), frames(*range(50, 70)), (after(-0.5), before[1])) == after(4.5)
    assert begins(after(7), frames(*range(50, 70)), before) == after(7)


def test_a_place_far_from_what_is_stated_is_not_believed() -> None:
    before = (NOON, frames(*range(200)))
    assert begins(after(5), frames(*range(150, 210)), before) == after(5)


def test_the_frames_of_a_real_clip_are_read(tmp_path: Path) -> None:
    read = read_frames(write_recording(tmp_path / "clip.mp4"))
    assert read is not None
    assert read.at[0] == 0 and read.lasts == Fraction(5, 2) and len(read.digests) == 25
    assert begins(NOON, read, (after(-0.25), read)) == after(-0.25)


def test_what_holds_no_video_is_none(tmp_path: Path) -> None:
    (tmp_path / "open.mp4").write_bytes(b"\0\0\0\x24ftypisom" + b"\0" * 24)
    assert read_frames(tmp_path / "open.mp4") is None
    assert read_frames(write_audio_only(tmp_path / "sound.mp4")) is None
