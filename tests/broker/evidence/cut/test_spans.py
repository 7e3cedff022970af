"""Where parts begin and end: file boundaries, gaps, overlaps, changed parameters, undecodable starts."""

from pathlib import Path

import pytest

from adapters.contract.models import Interval
from broker.evidence.cut.models import CutResult, ProblemKind
from tests.broker.evidence.cut import footage
from tests.broker.evidence.cut.conftest import Cut
from tests.broker.evidence.cut.footage import (
    Encoding,
    at,
    between,
    numbers_from,
    packets_of,
    record,
    remux,
    source,
)
from tests.broker.evidence.cut.players import numbers_shown

H264_1_FPS = Encoding(rate=1, gop=10, b_frames=2, options=(("b_strategy", "0"),))


def shown(result: CutResult) -> list[list[int]]:
    return [numbers_shown(part.path) for part in result.parts]


def kinds(result: CutResult) -> set[ProblemKind]:
    return {problem.kind for problem in result.problems}


@pytest.mark.parametrize("encoding", [footage.H264, footage.H264_OPEN_GOP, footage.H265], ids=str)
@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_files_that_follow_each_other_become_one_part(
    tmp_path: Path, cut_into: Cut, encoding: Encoding, suffix: str
) -> None:
    files = [record(tmp_path / f"{n}.{suffix}", numbers_from(n * 50, 50), encoding) for n in range(3)]
    sources = [source(file, n * 2) for n, file in enumerate(files)]
    result = cut_into(sources, between(0.3, 5.1))
    assert shown(result) == [list(range(8, 128))]
    assert result.gaps == ()
    assert result.problems == ()
    assert result.parts[0].sources == tuple(files)


def test_a_part_goes_from_mp4_into_matroska_where_the_parameters_are_the_same(
    tmp_path: Path, cut_into: Cut
) -> None:
    first = record(tmp_path / "a.mp4", numbers_from(0, 50))
    second = record(tmp_path / "b.mkv", numbers_from(50, 50))
    result = cut_into([source(first), source(second, 2)], between(0.3, 3.1))
    assert shown(result) == [list(range(8, 78))]


@pytest.mark.parametrize("encoding", [footage.H264, footage.H264_NO_B], ids=["b frames", "no b frames"])
def test_avi_files_that_follow_each_other_become_one_part(
    tmp_path: Path, cut_into: Cut, encoding: Encoding
) -> None:
    files = [record(tmp_path / f"{n}.avi", numbers_from(n * 50, 50), encoding) for n in range(3)]
    result = cut_into([source(file, n * 2) for n, file in enumerate(files)], between(0.3, 5.1))
    assert shown(result) == [list(range(8, 128))]
    assert (result.gaps, result.problems) == ((), ())


def test_a_gap_inside_a_transport_stream_splits_it(tmp_path: Path, cut_into: Cut) -> None:
    file = record(tmp_path / "a.ts", range(80), footage.H264_ONE_GOP, times=[*range(40), *range(90, 130)])
    result = cut_into([source(file)], between(0.4, 4.4))
    assert shown(result) == [list(range(10, 40)), list(range(40, 60))]
    assert result.gaps == (between(1.6, 3.6),)


def test_jitter_of_file_starts_below_a_frame_neither_splits_nor_loses_a_frame(
    tmp_path: Path, cut_into: Cut
) -> None:
    offsets = [0, 2.013, 3.991, 6.0071]
    files = [record(tmp_path / f"{n}.mp4", numbers_from(n * 50, 50)) for n in range(4)]
    result = cut_into([source(file, s) for file, s in zip(files, offsets, strict=True)], between(0, 9))
    assert shown(result) == [list(range(200))]


def test_changed_parameters_begin_a_new_part_without_a_gap(tmp_path: Path, cut_into: Cut) -> None:
    first = record(tmp_path / "a.mp4", numbers_from(0, 50))
    second = record(tmp_path / "b.mp4", numbers_from(50, 50), Encoding(width=footage.WIDTH + 64))
    result = cut_into([source(first), source(second, 2)], between(1, 3))
    assert shown(result) == [list(range(25, 50)), list(range(50, 75))]
    assert [part.interval for part in result.parts] == [between(1, 2), between(2, 3)]
    assert result.gaps == ()


def test_missing_time_between_files_is_a_gap(tmp_path: Path, cut_into: Cut) -> None:
    first = record(tmp_path / "a.mp4", numbers_from(0, 50))
    second = record(tmp_path / "b.mp4", numbers_from(50, 50))
    result = cut_into([source(first), source(second, 5)], between(-3, 9))
    assert shown(result) == [list(range(50)), list(range(50, 100))]
    assert result.gaps == (between(-3, 0), between(2, 5), between(7, 9))


def test_a_gap_inside_a_file_splits_it_wherever_the_keyframes_are(tmp_path: Path, cut_into: Cut) -> None:
    times = [*range(40), *range(90, 130)]
    file = record(tmp_path / "a.mp4", range(80), footage.H264_ONE_GOP, times=times)
    result = cut_into([source(file)], between(0.4, 4.4))
    assert shown(result) == [list(range(10, 40)), list(range(40, 60))]
    assert result.gaps == (between(1.6, 3.6),)
    second = result.parts[1]
    assert second.hidden_head is not None
    assert second.hidden_head.packets == 40
    assert second.hidden_head.interval == between(0, 3.6)


def test_a_pause_of_exactly_the_threshold_is_no_gap(tmp_path: Path, cut_into: Cut) -> None:
    times = [*range(40), *range(64, 90)]
    file = record(tmp_path / "a.mp4", range(66), times=times)
    assert shown(cut_into([source(file)], between(0, 4))) == [list(range(66))]


def test_two_frame_periods_decide_for_a_slow_camera(tmp_path: Path, cut_into: Cut) -> None:
    times = [*range(20), *range(21, 30), *range(33, 40)]
    file = record(tmp_path / "a.mp4", range(36), H264_1_FPS, times=times)
    result = cut_into([source(file)], between(0, 40))
    assert shown(result) == [list(range(29)), list(range(29, 36))]
    assert result.gaps == (between(30, 33),)


def test_where_files_overlap_the_later_start_wins_and_no_frame_is_shown_twice(
    tmp_path: Path, cut_into: Cut
) -> None:
    first = record(tmp_path / "a.mp4", numbers_from(0, 75))
    second = record(tmp_path / "b.mp4", numbers_from(100, 50))
    sources = [
        source(first, 0, Interval(start=at(0), end=at(3))),
        source(second, 2.01, Interval(start=at(2.01), end=at(5))),
    ]
    result = cut_into(sources, between(0, 4))
    assert [number for numbers in shown(result) for number in numbers] == [*range(51), *range(100, 150)]
    assert result.gaps == ()
    assert kinds(result) == {ProblemKind.OVERLAP}


def test_an_overlap_without_reordered_frames_stays_one_part(tmp_path: Path, cut_into: Cut) -> None:
    first = record(tmp_path / "a.mp4", numbers_from(0, 75), footage.H264_NO_B)
    second = record(tmp_path / "b.mp4", numbers_from(100, 50), footage.H264_NO_B)
    sources = [
        source(first, 0, Interval(start=at(0), end=at(2.01))),
        source(second, 2.01, Interval(start=at(2.01), end=at(5))),
    ]
    result = cut_into(sources, between(0, 4))
    assert shown(result) == [[*range(51), *range(100, 150)]]


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_frames_before_a_files_first_keyframe_are_left_out_and_reported(
    tmp_path: Path, cut_into: Cut, suffix: str
) -> None:
    whole = record(tmp_path / "whole.mp4", range(150), footage.H264_NO_B)
    torn = remux(whole, tmp_path / f"torn.{suffix}", range(20, 150))
    result = cut_into([source(torn)], between(0, 10))
    assert shown(result) == [list(range(50, 150))]
    assert kinds(result) == {ProblemKind.UNDECODABLE_START}
    assert result.gaps == (between(0, 1.2), between(5.2, 10))


@pytest.mark.parametrize("encoding", [footage.H264_OPEN_GOP, footage.H265_OPEN_GOP], ids=["h264", "h265"])
def test_leading_pictures_are_shown_where_the_file_before_holds_their_references(
    tmp_path: Path, cut_into: Cut, encoding: Encoding
) -> None:
    whole = record(tmp_path / "whole.mp4", range(150), encoding)
    times = [packet.pts or 0 for packet in packets_of(whole)]
    numbers = [sorted(times).index(pts) for pts in times]
    keyframe = next(
        at for at in range(60, 150) if packets_of(whole)[at].is_keyframe and min(numbers[at:]) < numbers[at]
    )
    first_leading = min(numbers[keyframe:])
    first = remux(whole, tmp_path / "a.mkv", range(keyframe))
    second = remux(whole, tmp_path / "b.mkv", range(keyframe, 150))
    sources = [source(first), source(second, first_leading / 25)]
    assert shown(cut_into(sources, between(0, 6))) == [list(range(150))]
    alone = cut_into(sources[1:], between(0, 6))
    assert shown(alone) == [list(range(numbers[keyframe], 150))]
    assert kinds(alone) == {ProblemKind.UNDECODABLE_START}


def test_what_is_hidden_is_told(recordings: dict[str, Path], cut_into: Cut) -> None:
    [part] = cut_into([source(recordings["h264 mp4"])], between(2.4, 3.05)).parts
    assert part.hidden_head is not None
    assert part.hidden_head.packets == 10
    assert part.hidden_head.interval == between(2, 2.4)
    assert part.hidden_tail is not None
    assert part.hidden_tail.interval.start >= at(3.05)
    hidden = part.hidden_head.packets + part.hidden_tail.packets
    assert len(packets_of(part.path)) == part.frames_shown + hidden


def test_a_clip_can_be_cut_again_from_a_clip(
    recordings: dict[str, Path], cut_into: Cut, tmp_path: Path
) -> None:
    [part] = cut_into([source(recordings["h264 mp4"])], between(2.4, 5.05)).parts
    kept = part.path.rename(tmp_path / "kept.mp4")
    result = cut_into([source(kept, 2.4)], between(0, 4))
    assert shown(result) == [list(range(60, 100))]
    assert kinds(result) == set()
