"""The promise itself: three players show exactly the frames of the interval, from the recorder's own bits."""

from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import av
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from adapters.contract.models import Interval
from broker.evidence.cut.errors import NoFootage
from broker.evidence.cut.service import cut
from broker.evidence.cut.timeline import Clock
from tests.broker.evidence.cut.footage import START, in_container, packets_of, source, units_of
from tests.broker.evidence.cut.players import PLAYERS
from tests.requirements import sample_data

KINDS = (
    "h264 mp4",
    "h264 mkv",
    "h264 fragmented",
    "h264 open gop",
    "h264 one gop",
    "h264 no edit list",
    "h265 mp4",
    "h265 mkv",
    "h265 open gop",
    "h264 ts",
    "h264 ts open gop",
    "h264 ts one gop",
    "h265 ts",
    "h264 avi",
    "h264 avi b frames",
    "h264 avi open gop",
)
REAL_FILES = (
    "intel/one-by-one-person-detection.mp4",
    "intel/car-detection.mp4",
    "intel/bottle-detection.mp4",
    "intel/walk.mkv",
    "kerberos/test-480p.mp4",
    "mediamtx/emptyvideoaudio.mkv",
    "mediamtx/offline_h264.mp4",
    "mediamtx/offline_h265.mp4",
)
IN_OTHER_CONTAINERS = tuple(
    (name, suffix)
    for name in REAL_FILES
    for suffix in ("ts", "avi")
    if (name, suffix) != ("mediamtx/offline_h265.mp4", "avi")  # which libavformat does not write
)
QUICK = {
    "deadline": None,
    "derandomize": True,
    "phases": [Phase.generate],
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}

fractions = st.floats(0, 1, exclude_max=True)


@cache
def instants_of(path: Path) -> list[int]:
    """Microseconds after START of every frame, in the order shown."""
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        if path.suffix == ".avi":  # the n-th frame shown has the n-th time stored
            times = [
                packet.dts for packet in container.demux(video) if packet.dts is not None and packet.size
            ]
        else:
            times = [frame.pts or 0 for frame in container.decode(video)]
        assert video.time_base is not None
        clock = Clock.anchored(START, times[0], video.time_base)
    return [(clock.instant(pts) - START) // timedelta(microseconds=1) for pts in times]


@cache
def shown_whole(path: Path, player: str) -> list[str]:
    return PLAYERS[player](path)


@cache
def packet_data(path: Path) -> list[bytes]:
    return [packet.data for packet in packets_of(path)]


def check_cut(path: Path, start_us: int, length_us: int, output_dir: Path) -> None:
    start = START + timedelta(microseconds=start_us)
    interval = Interval(start=start, end=start + timedelta(microseconds=length_us))
    expected = [n for n, us in enumerate(instants_of(path)) if start_us <= us < start_us + length_us]
    sources = [source(path)]
    if not expected:
        with pytest.raises(NoFootage):
            cut(sources, interval, output_dir, keep_audio=False, name=lambda n: f"{n}.mp4")
        return
    result = cut(sources, interval, output_dir, keep_audio=False, name=lambda n: f"{n}.mp4")
    [part] = result.parts
    for player, shown in PLAYERS.items():
        whole = shown_whole(path, player)
        assert shown(part.path) == [whole[n] for n in expected], player
    assert part.frames_shown == len(expected)
    assert (part.first_frame_at - START) // timedelta(microseconds=1) == instants_of(path)[expected[0]]
    assert (part.last_frame_at - START) // timedelta(microseconds=1) == instants_of(path)[expected[-1]]
    assert interval.start <= part.interval.start < part.interval.end <= interval.end
    check_packets(path, part.path)


def check_packets(recorded: Path, clip: Path) -> None:
    """The clip's packets are a run of the recording's, bit for bit and in the same order.

    In an open group of pictures only the leading pictures right after the first keyframe are left out.
    """
    ours: list[Any] = [packet.data for packet in packets_of(clip)]
    theirs: list[Any] = packet_data(recorded)
    if recorded.suffix in {".ts", ".avi"}:
        ours = [units_of(data, has_start_codes=False) for data in ours]
        theirs = [units_of(data, has_start_codes=True) for data in theirs]
    skips = range(4) if "open" in recorded.name else range(1)
    firsts = [at for at, data in enumerate(theirs) if data == ours[0]]
    assert any(theirs[at + 1 + skip :][: len(ours) - 1] == ours[1:] for at in firsts for skip in skips)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=10, **QUICK)
@given(start=fractions, length=fractions)
def test_a_clip_of_any_interval_shows_exactly_its_frames(
    recordings: dict[str, Path], tmp_path: Path, kind: str, start: float, length: float
) -> None:
    check_cut(recordings[kind], round(start * 6_200_000) - 100_000, round(length * 4_000_000) + 1, tmp_path)


@pytest.mark.parametrize("name", REAL_FILES)
@settings(max_examples=8, **QUICK)
@given(start=fractions, length=fractions)
def test_a_clip_of_a_real_recording_shows_exactly_its_frames(
    tmp_path: Path, name: str, start: float, length: float
) -> None:
    path = sample_data() / "video" / name
    lasts_us = instants_of(path)[-1]
    check_cut(path, round(start * lasts_us), round(length * min(lasts_us, 3_000_000)) + 1, tmp_path)


@cache
def in_other_container(name: str, suffix: str, folder: Path) -> Path:
    return in_container(sample_data() / "video" / name, folder / f"{Path(name).stem}.{suffix}")


@pytest.mark.parametrize(("name", "suffix"), IN_OTHER_CONTAINERS)
@settings(max_examples=4, **QUICK)
@given(start=fractions, length=fractions)
def test_a_clip_of_a_real_recording_in_another_container_shows_exactly_its_frames(
    tmp_path: Path, name: str, suffix: str, start: float, length: float
) -> None:
    path = in_other_container(name, suffix, tmp_path)
    lasts_us = instants_of(path)[-1]
    check_cut(path, round(start * lasts_us), round(length * min(lasts_us, 3_000_000)) + 1, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("name", REAL_FILES)
@settings(max_examples=150, **QUICK)
@given(start=fractions, length=fractions)
def test_many_clips_of_real_recordings_show_exactly_their_frames(
    tmp_path: Path, name: str, start: float, length: float
) -> None:
    path = sample_data() / "video" / name
    lasts_us = instants_of(path)[-1]
    check_cut(path, round(start * lasts_us), round(length * lasts_us) + 1, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=100, **QUICK)
@given(start=fractions, length=fractions)
def test_many_clips_show_exactly_their_frames(
    recordings: dict[str, Path], tmp_path: Path, kind: str, start: float, length: float
) -> None:
    check_cut(recordings[kind], round(start * 6_200_000) - 100_000, round(length * 6_400_000) + 1, tmp_path)
