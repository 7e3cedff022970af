"""The clip as a file, and what bad files and bad intervals lead to."""

import hashlib
from pathlib import Path

import av
import pytest

from broker.evidence.cut.description import describe
from broker.evidence.cut.errors import NoFootage, UnreadableSource
from broker.evidence.cut.models import ProblemKind
from broker.evidence.cut.movie import MovieWriter
from broker.evidence.cut.service import cut
from broker.evidence.cut.tables import Samples, Track
from tests.broker.evidence.cut import footage
from tests.broker.evidence.cut.conftest import Cut
from tests.broker.evidence.cut.footage import between, packets_of, record, remux, source
from tests.broker.evidence.cut.players import numbers_shown

FAST_START = {"movflags": "faststart"}


def test_the_same_cut_gives_the_same_bytes_and_tells_their_hash(
    recordings: dict[str, Path], cut_into: Cut
) -> None:
    sources = [source(recordings["h264 mp4"])]
    first = cut_into(sources, between(1, 4))
    data = first.parts[0].path.read_bytes()
    second = cut_into(sources, between(1, 4))
    assert second == first
    assert second.parts[0].path.read_bytes() == data
    assert first.parts[0].sha256 == hashlib.sha256(data).hexdigest()
    assert first.parts[0].size == len(data)


def test_a_clip_describes_itself_as_the_recording_does(recordings: dict[str, Path], cut_into: Cut) -> None:
    [part] = cut_into([source(recordings["h265 mp4"])], between(1, 4)).parts
    assert (part.codec, part.width, part.height) == ("h265", footage.WIDTH, footage.HEIGHT)
    with av.open(str(part.path)) as clip, av.open(str(recordings["h265 mp4"])) as recorded:
        assert (
            clip.streams.video[0].codec_context.extradata == recorded.streams.video[0].codec_context.extradata
        )
        assert [stream.type for stream in clip.streams] == ["video"]
        assert clip.metadata.get("creation_time") is None


def test_sound_is_left_out_unless_it_is_kept(tmp_path: Path, cut_into: Cut) -> None:
    file = record(tmp_path / "a.mp4", range(150), sound=True)
    [silent] = cut_into([source(file)], between(1.1, 4.3)).parts
    assert not silent.has_audio
    with av.open(str(silent.path)) as clip:
        assert not clip.streams.audio


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_kept_sound_is_the_recorders_own_and_lasts_as_long_as_the_picture(
    tmp_path: Path, cut_into: Cut, suffix: str
) -> None:
    file = record(tmp_path / f"a.{suffix}", range(150), sound=True)
    [part] = cut_into([source(file)], between(1.12, 4.32), keep_audio=True).parts
    assert part.has_audio
    with av.open(str(file)) as recorded, av.open(str(part.path)) as clip:
        theirs = [bytes(each) for each in recorded.demux(recorded.streams.audio[0]) if each.size]
        ours = [bytes(each) for each in clip.demux(clip.streams.audio[0]) if each.size]
        assert ours == theirs[theirs.index(ours[0]) : theirs.index(ours[0]) + len(ours)]
        assert len(ours) * 1024 / 48_000 == pytest.approx(3.2, abs=0.05)
    with av.open(str(part.path)) as clip:
        assert clip.duration is not None
        assert clip.duration / 1e6 == pytest.approx(3.2, abs=0.03)
    assert numbers_shown(part.path) == list(range(28, 108))


def test_sound_of_a_broadcast_is_carried_without_its_headers(tmp_path: Path, cut_into: Cut) -> None:
    file = record(tmp_path / "a.ts", range(150), sound=True)
    [part] = cut_into([source(file)], between(1.12, 4.32), keep_audio=True).parts
    assert part.has_audio
    with av.open(str(file)) as recorded, av.open(str(part.path)) as clip:
        theirs = [bytes(each) for each in recorded.demux(recorded.streams.audio[0]) if each.size]
        ours = [bytes(each) for each in clip.demux(clip.streams.audio[0]) if each.size]
        assert all(each.startswith(b"\xff\xf1") for each in theirs)
        bare = [each[7:] for each in theirs]
        assert ours == bare[bare.index(ours[0]) : bare.index(ours[0]) + len(ours)]
        assert clip.streams.audio[0].codec_context.extradata == bytes.fromhex("1190")
    with av.open(str(part.path)) as clip:
        heard = sum(frame.samples for frame in clip.decode(clip.streams.audio[0]))
        assert heard / 48_000 == pytest.approx(3.2, abs=0.05)
    assert numbers_shown(part.path) == list(range(28, 108))


def test_sound_of_files_that_follow_each_other_goes_on(tmp_path: Path, cut_into: Cut) -> None:
    files = [record(tmp_path / f"{n}.mp4", range(n * 50, n * 50 + 50), sound=True) for n in range(2)]
    result = cut_into([source(file, n * 2) for n, file in enumerate(files)], between(1, 3), keep_audio=True)
    [part] = result.parts
    assert numbers_shown(part.path) == list(range(25, 75))
    with av.open(str(part.path)) as clip:
        heard = sum(frame.samples for frame in clip.decode(clip.streams.audio[0]))
        assert heard / 48_000 == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize(
    "interval", [between(-5, 0), between(6, 9), between(100, 101), between(1.001, 1.002)]
)
def test_an_interval_without_a_frame_is_no_footage(
    recordings: dict[str, Path], cut_into: Cut, interval: footage.Interval
) -> None:
    with pytest.raises(NoFootage, match="no frame lies in"):
        cut_into([source(recordings["h264 mp4"])], interval)


def test_no_files_are_no_footage(cut_into: Cut) -> None:
    with pytest.raises(NoFootage):
        cut_into([], between(0, 1))


@pytest.mark.parametrize("data", [b"", b"\0" * 4096, b"not a video " * 99], ids=["empty", "zeroes", "text"])
def test_a_file_that_is_no_video_is_unreadable(tmp_path: Path, cut_into: Cut, data: bytes) -> None:
    file = tmp_path / "a.mp4"
    file.write_bytes(data)
    with pytest.raises(UnreadableSource, match=r"a\.mp4") as caught:
        cut_into([source(file)], between(0, 1))
    assert [problem.kind for problem in caught.value.problems] == [ProblemKind.UNREADABLE]


def test_a_missing_file_is_unreadable(tmp_path: Path, cut_into: Cut) -> None:
    with pytest.raises(UnreadableSource, match=r"gone\.mp4"):
        cut_into([source(tmp_path / "gone.mp4")], between(0, 1))


def test_a_playlist_in_the_place_of_a_recording_is_not_followed(
    recordings: dict[str, Path], tmp_path: Path, cut_into: Cut
) -> None:
    playlist = tmp_path / "a.mp4"
    playlist.write_text(f"ffconcat version 1.0\nfile '{recordings['h264 mp4']}'\n")
    with pytest.raises(UnreadableSource):
        cut_into([source(playlist)], between(0, 1))


def test_a_bad_file_does_not_keep_the_good_ones_from_being_cut(
    recordings: dict[str, Path], tmp_path: Path, cut_into: Cut
) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"")
    valid = footage.between(6, 8)
    result = cut_into([source(recordings["h264 mp4"]), source(bad, 6, valid)], between(4, 8))
    assert numbers_shown(result.parts[0].path) == list(range(100, 150))
    assert [problem.path for problem in result.problems] == [bad]
    assert result.gaps == (between(6, 8),)


@pytest.mark.parametrize("kind", ["h264 fragmented", "h264 mkv", "faststart"])
def test_a_truncated_file_gives_what_is_left_and_says_so(
    recordings: dict[str, Path], tmp_path: Path, cut_into: Cut, kind: str
) -> None:
    whole = (
        record(tmp_path / "whole.mp4", range(150), muxer_options=FAST_START)
        if kind == "faststart"
        else recordings[kind]
    )
    torn = tmp_path / f"torn{whole.suffix}"
    torn.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    result = cut_into([source(torn)], between(0, 6))
    numbers = numbers_shown(result.parts[0].path)
    assert numbers == list(range(len(numbers)))
    assert 50 <= len(numbers) < 120
    assert result.gaps == (between(len(numbers) / 25, 6),)
    if kind != "h264 fragmented":
        assert [problem.kind for problem in result.problems] == [ProblemKind.DAMAGED]


def test_a_recording_without_a_keyframe_is_unreadable(tmp_path: Path, cut_into: Cut) -> None:
    whole = record(tmp_path / "whole.mp4", range(150), footage.H264_ONE_GOP)
    torn = remux(whole, tmp_path / "torn.mkv", range(1, 150))
    with pytest.raises(UnreadableSource) as caught:
        cut_into([source(torn)], between(0, 6))
    assert [problem.kind for problem in caught.value.problems] == [ProblemKind.NO_KEYFRAME]


def test_the_name_of_a_file_does_not_decide_how_it_is_read(
    recordings: dict[str, Path], tmp_path: Path, cut_into: Cut
) -> None:
    misnamed = tmp_path / "recording: 100%.avi"
    misnamed.write_bytes(recordings["h264 mkv"].read_bytes())
    assert numbers_shown(cut_into([source(misnamed)], between(1, 2)).parts[0].path) == list(range(25, 50))


def test_nothing_is_left_where_the_output_fails(recordings: dict[str, Path], tmp_path: Path) -> None:
    second = record(tmp_path / "b.mp4", range(50))
    names = {1: "1.mp4", 2: "missing/2.mp4"}
    output_dir = tmp_path / "clips"
    output_dir.mkdir()
    sources = [source(recordings["h264 mp4"]), source(second, 20)]
    with pytest.raises(FileNotFoundError):
        cut(sources, between(0, 30), output_dir, keep_audio=False, name=names.__getitem__)
    assert list(output_dir.iterdir()) == []


def test_times_that_run_backwards_end_the_file_there(tmp_path: Path, cut_into: Cut) -> None:
    whole = record(tmp_path / "a.mp4", range(100), footage.Encoding(gop=25, b_frames=0))
    torn = tmp_path / "torn.mp4"
    samples, writer = Samples(), MovieWriter(torn)
    for number, packet in enumerate(packets_of(whole)):
        shown_at = (number if number < 75 else number - 60) * 400
        writer.add(samples, memoryview(packet.data), shown_at, is_keyframe=packet.is_keyframe)
    with av.open(str(whole)) as container:
        description = describe(container.streams.video[0])
    writer.finish([Track(description, 10_000, samples, 40_000, 400)], 10_000)
    result = cut_into([source(torn)], between(0, 10))
    assert numbers_shown(result.parts[0].path) == list(range(75))
    assert [problem.kind for problem in result.problems] == [ProblemKind.TIMESTAMPS]
