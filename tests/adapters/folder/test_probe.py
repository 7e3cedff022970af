"""Verdicts on files, against FFmpeg's demuxer wherever it can be asked."""

from itertools import pairwise
from pathlib import Path

import pytest

from adapters.folder import mp4_boxes, mp4_times
from adapters.folder.probe import Footage, Run, Unreadable, probe
from tests.adapters.folder.recordings import shown_times_us, write_audio_only, write_recording
from tests.broker.evidence.cut.footage import in_container
from tests.requirements import sample_data

REAL_FILES = (
    "intel/bottle-detection.mp4",
    "intel/car-detection.mp4",
    "intel/one-by-one-person-detection.mp4",
    "intel/walk.mkv",
    "kerberos/test-480p.mp4",
    "mediamtx/emptyvideoaudio.mkv",
    "mediamtx/offline_h264.mp4",
    "mediamtx/offline_h265.mp4",
)
IN_OTHER_CONTAINERS = [
    (name, suffix)
    for name in REAL_FILES
    for suffix in ("ts", "avi")
    if (name, suffix) != ("mediamtx/offline_h265.mp4", "avi")  # which FFmpeg does not write
]
HIDDEN_BY_ITS_EDIT_US = {"kerberos/test-480p.mp4": 33_366}
"""One frame: the other containers have no edit list, and show it."""
GAPPED = [*range(20), *range(45, 60)]
SHAPES = [("a.mp4", False), ("a.mp4", True), ("a.mkv", False), ("a.ts", False), ("a.avi", False)]


def look(path: Path) -> Footage | Unreadable:
    return probe(path, lambda: None)


def footage(path: Path) -> Footage:
    verdict = look(path)
    assert isinstance(verdict, Footage), verdict
    return verdict


def refusal(path: Path) -> Unreadable:
    verdict = look(path)
    assert isinstance(verdict, Unreadable), verdict
    return verdict


def cut(path: Path, size: int) -> Path:
    path.write_bytes(path.read_bytes()[:size])
    return path


@pytest.mark.parametrize(("name", "fragmented"), SHAPES)
def test_a_recording_is_one_run_up_to_its_last_frame(tmp_path: Path, name: str, fragmented: bool) -> None:
    path = write_recording(tmp_path / name, fragmented=fragmented)
    found = footage(path)
    assert found.runs == (Run(first_us=0, last_us=2_400_000),)
    assert (found.codec, found.width, found.height, found.fps) == ("h264", 64, 48, 10.0)
    assert (found.period_us, found.whole_bytes, found.torn_bytes) == (100_000, path.stat().st_size, 0)
    assert found.container == path.suffix[1:]


@pytest.mark.parametrize(("name", "fragmented"), SHAPES)
def test_over_a_second_without_a_frame_is_a_gap(tmp_path: Path, name: str, fragmented: bool) -> None:
    b_frames = 0 if name.endswith(".avi") else 2
    path = write_recording(tmp_path / name, frames=GAPPED, fragmented=fragmented, b_frames=b_frames)
    assert footage(path).runs == (
        Run(first_us=0, last_us=1_900_000),
        Run(first_us=4_500_000, last_us=5_900_000),
    )


@pytest.mark.parametrize("fragmented", [False, True])
def test_the_index_tells_the_same_times_as_the_demuxer(tmp_path: Path, fragmented: bool) -> None:
    path = write_recording(tmp_path / "a.mp4", frames=GAPPED, fps=30, fragmented=fragmented)
    assert index_times_us(path) == shown_times_us(path)


@pytest.mark.parametrize(
    "name",
    [
        "intel/bottle-detection.mp4",
        "intel/car-detection.mp4",
        "intel/one-by-one-person-detection.mp4",
        "kerberos/test-480p.mp4",
        "mediamtx/offline_h264.mp4",
        "mediamtx/offline_h265.mp4",
    ],
)
def test_the_index_of_real_files_tells_the_same_times_as_the_demuxer(name: str) -> None:
    path = sample_data() / "video" / name
    assert index_times_us(path) == shown_times_us(path)


@pytest.mark.parametrize("name", ["intel/walk.mkv", "mediamtx/emptyvideoaudio.mkv"])
def test_real_matroska_files_end_with_their_last_frame(name: str) -> None:
    path = sample_data() / "video" / name
    (run,) = footage(path).runs
    assert abs(run.last_us - shown_times_us(path)[-1]) <= 1


@pytest.mark.parametrize(("name", "suffix"), IN_OTHER_CONTAINERS)
def test_real_recordings_in_other_containers_are_the_same_footage(
    tmp_path: Path, name: str, suffix: str
) -> None:
    source = sample_data() / "video" / name
    path = in_container(source, tmp_path / f"{source.stem}.{suffix}")
    found, original = footage(path), footage(source)
    assert found.container == suffix
    assert (found.codec, found.width, found.height) == (original.codec, original.width, original.height)
    assert (found.whole_bytes, found.torn_bytes) == (path.stat().st_size, 0)
    assert len(found.runs) == len(original.runs) == 1
    # A tick of MPEG-TS lasts 11 microseconds, one of AVI up to 1/600 s; and AVI has decoding times.
    last_us = original.runs[0].last_us + HIDDEN_BY_ITS_EDIT_US.get(name, 0)
    assert abs(found.runs[0].last_us - last_us) <= (12 if suffix == "ts" else 1667)
    assert found.runs[0].last_us == shown_times_us(path)[-1]


def test_a_growing_transport_stream_ends_before_its_last_frame(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "a.ts", frames=range(40), b_frames=0)
    whole = path.read_bytes()
    finished = footage(path)
    assert (finished.runs[-1].last_us, finished.torn_bytes) == (3_900_000, 0)
    growing = probe(path, lambda: None, is_growing=True)
    assert isinstance(growing, Footage)
    assert growing.runs[-1].last_us == 3_800_000
    assert growing.whole_bytes + growing.torn_bytes == len(whole)
    assert growing.whole_bytes % 188 == 0


def test_a_transport_stream_that_breaks_off_is_read_up_to_the_frame_before(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "a.ts", frames=range(40), b_frames=0)
    whole = path.read_bytes()
    lengths = []
    for size in range(1, len(whole), 331):
        path.write_bytes(whole[:size])
        verdict = look(path)
        if isinstance(verdict, Unreadable):
            assert verdict.unfinished or size <= 188, verdict
            continue
        assert verdict.whole_bytes + verdict.torn_bytes == size
        if size % 188:
            assert verdict.torn_bytes > 0
            cut(path, verdict.whole_bytes)
            assert shown_times_us(path)[-1] == verdict.runs[-1].last_us
        lengths.append(verdict.runs[-1].last_us)
    assert len(set(lengths)) > 20
    assert all(earlier <= later for earlier, later in pairwise(lengths))


def test_an_avi_that_breaks_off_is_read_up_to_its_last_complete_frame(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "a.avi", frames=range(40))
    whole = path.read_bytes()
    lengths = []
    for size in range(5000, whole.index(b"idx1"), 331):
        path.write_bytes(whole[:size])
        verdict = look(path)
        if isinstance(verdict, Unreadable):
            assert verdict.unfinished
            continue
        assert verdict.whole_bytes + verdict.torn_bytes == size
        cut(path, verdict.whole_bytes)
        assert shown_times_us(path)[-1] == verdict.runs[-1].last_us
        lengths.append(verdict.runs[-1].last_us)
    assert len(set(lengths)) > 5
    assert all(earlier <= later for earlier, later in pairwise(lengths))


def test_an_avi_without_its_sizes_yet_is_read_like_one_that_breaks_off(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "a.avi", frames=range(40))
    whole = bytearray(path.read_bytes())
    movi = whole.index(b"movi") - 8
    for at in (0, movi):
        whole[at + 4 : at + 8] = b"\0\0\0\0"
    path.write_bytes(whole[: whole.index(b"idx1")] + bytes(4096))
    found = footage(path)
    assert (found.runs[-1].last_us, found.torn_bytes) == (3_900_000, 4096)


def test_b_pictures_in_avi_are_one_run_from_the_first_idr_picture_on(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "a.avi", b_frames=2)
    assert footage(path).runs == (Run(first_us=0, last_us=2_400_000),)
    gapped = write_recording(tmp_path / "c.avi", frames=GAPPED, b_frames=2)
    assert "which of them lie behind the gap is not stated" in refusal(gapped).reason
    headless = write_recording(tmp_path / "b.avi", frames=range(25), b_frames=2, keep_key_frames=False)
    assert "nothing in it states that order" in refusal(headless).reason


def index_times_us(path: Path) -> list[int]:
    with path.open("rb") as file:
        times = mp4_times.read_frame_times(file, mp4_boxes.read_layout(file))
    assert times is not None
    return [round((tick - times.ticks[0]) * 1_000_000 / times.per_second) for tick in times.ticks]


def test_a_growing_fragmented_file_is_read_up_to_its_last_complete_fragment(tmp_path: Path) -> None:
    whole = write_recording(tmp_path / "whole.mp4", frames=range(40), fragmented=True).read_bytes()
    growing = tmp_path / "growing.mp4"
    lengths = []
    for size in range(1, len(whole), 97):
        growing.write_bytes(whole[:size])
        verdict = look(growing)
        if isinstance(verdict, Unreadable):
            assert verdict.unfinished
            continue
        assert verdict.whole_bytes + verdict.torn_bytes == size
        growing.write_bytes(whole[: verdict.whole_bytes])
        assert shown_times_us(growing)[-1] == verdict.runs[-1].last_us
        lengths.append(verdict.runs[-1].last_us)
    assert {900_000, 1_900_000, 2_900_000} <= set(lengths)
    assert all(earlier <= later for earlier, later in pairwise(lengths))


def test_space_allocated_ahead_is_not_part_of_the_file(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "a.mp4", fragmented=True)
    whole_bytes = footage(path).whole_bytes - mfra_size(path)
    cut(path, whole_bytes)
    with path.open("ab") as file:
        file.write(bytes(4096))
    assert (footage(path).whole_bytes, footage(path).torn_bytes) == (whole_bytes, 4096)


def mfra_size(path: Path) -> int:
    return int.from_bytes(path.read_bytes()[-4:], "big")


def test_a_growing_matroska_file_is_read_up_to_its_last_complete_cluster(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "a.mkv", frames=range(150))
    size = path.stat().st_size
    cut(path, size - 300)
    found = footage(path)
    assert 0 < found.whole_bytes < size - 300
    cut(path, found.whole_bytes)
    assert shown_times_us(path)[-1] == found.runs[-1].last_us


def test_a_cluster_of_unknown_size_is_read_up_to_its_last_complete_block(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "a.mkv")
    data = path.read_bytes()
    before = footage(path)
    cluster = data.index(bytes.fromhex("1f43b675"))
    length = 9 - data[cluster + 4].bit_length()
    unknown = ((1 << 7 * length) - 1 | 1 << 7 * length).to_bytes(length, "big")
    data = data[: cluster + 4] + unknown + data[cluster + 4 + length :]
    cues = data.index(bytes.fromhex("1c53bb6b"), cluster)
    path.write_bytes(data[: cues - 5])
    after = footage(path)
    assert after.torn_bytes > 0
    assert 0 < len(shown_times_us(cut(path, after.whole_bytes))) < 26
    assert after.runs[0].first_us == 0 and after.runs[-1].last_us <= before.runs[-1].last_us


def test_a_plain_mp4_without_its_index_is_unfinished(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "a.mp4")
    verdict = refusal(cut(path, path.stat().st_size - 200))
    assert verdict.unfinished and "index" in verdict.reason


def test_a_plain_mp4_cut_after_its_index_is_refused_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(index_first(write_recording(tmp_path / "b.mp4").read_bytes()))
    assert footage(path).runs[-1].last_us == 2_400_000
    assert "before its data" in refusal(cut(path, path.stat().st_size - 10)).reason


def index_first(data: bytes) -> bytes:
    """The file with its index moved to the front, and chunk offsets moved along."""
    moov = data.index(b"moov") - 4
    ftyp_end = int.from_bytes(data[:4], "big")
    index = data[moov:]
    at = index.index(b"stco") + 12
    count = int.from_bytes(index[at - 4 : at], "big")
    moved = b"".join(
        (int.from_bytes(index[at + 4 * n : at + 4 * n + 4], "big") + len(index)).to_bytes(4, "big")
        for n in range(count)
    )
    index = index[:at] + moved + index[at + 4 * count :]
    return data[:ftyp_end] + index + data[ftyp_end:moov]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"not a video at all, whatever its name says", "no MP4, Matroska, MPEG-TS or AVI"),
        (b"\x1a\x45\xdf\xa3" + bytes(60), "no complete cluster"),
        (b"\0\0\0\x10ftypisom\0\0\0\0", "no index"),
    ],
)
def test_what_is_no_video_is_refused_with_its_reason(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    assert words in refusal(path).reason


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_a_video_without_key_frames_is_refused(tmp_path: Path, name: str) -> None:
    path = write_recording(tmp_path / name, keep_key_frames=False)
    assert "no key frame" in refusal(path).reason


def test_sound_alone_is_refused(tmp_path: Path) -> None:
    assert "no video stream" in refusal(write_audio_only(tmp_path / "a.mp4")).reason


@pytest.mark.parametrize(("name", "fragmented"), SHAPES)
def test_damage_anywhere_never_raises(tmp_path: Path, name: str, fragmented: bool) -> None:
    data = write_recording(tmp_path / name, fragmented=fragmented).read_bytes()
    damaged = tmp_path / f"damaged{name[-4:]}"
    for at in range(0, len(data), 41):
        damaged.write_bytes(data[:at] + b"\xff\xff\xff\xff" + data[at + 4 :])
        look(damaged)


def test_a_file_that_is_gone_is_told_from_one_that_is_damaged(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        look(tmp_path / "gone.mp4")


def test_a_caller_who_has_gone_ends_the_demuxing(tmp_path: Path) -> None:
    class Gone(Exception):
        pass

    def check() -> None:
        raise Gone

    with pytest.raises(Gone):
        probe(write_recording(tmp_path / "a.mkv"), check)
