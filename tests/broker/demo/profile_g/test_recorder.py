"""The simulated recorder tells the truth of its files, by its own clock, to whoever may know."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.models import Interval
from broker.demo.footage import make_files, plan_recordings
from broker.demo.models import FilmedCamera, Outage
from broker.demo.profile_g.device import changes_within
from broker.demo.profile_g.packets import LARGEST_PAYLOAD, Packetizer, units_of
from broker.demo.profile_g.rtsp_server import read_range
from broker.demo.profile_g.tape import Tape, TapeFrame

START = datetime(2026, 7, 14, 9, 0, tzinfo=UTC)
CAMERA = FilmedCamera(
    native_id="gate",
    name="Gate",
    width=256,
    height=144,
    gop_s=5,
    outage=Outage(every_s=60, begins_s=20, lasts_s=10),
)


def seconds(start: float, end: float) -> Interval:
    return Interval(start=START + timedelta(seconds=start), end=START + timedelta(seconds=end))


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Tape:
    folder = tmp_path_factory.mktemp("tape")
    make_files(plan_recordings(folder, [CAMERA], seconds(0, 90)))
    return Tape(folder / "gate")


def test_sections_join_files_and_keep_outages(tape: Tape) -> None:
    assert tape.sections() == (seconds(0, 20), seconds(30, 80))


def test_frames_begin_at_the_key_frame_before_and_end_at_the_key_frame_from_the_end_on(tape: Tape) -> None:
    frames = list(tape.frames(seconds(7, 8).start, seconds(7, 11).end))
    shown = [frame.shown_at for frame in frames]
    assert frames[0].is_key
    assert (min(shown), max(shown)) == (seconds(5, 6).start, seconds(0, 14.9).end)
    assert sum(frame.is_key for frame in frames) == 2
    assert not any(frame.ends_section for frame in frames)


def test_in_a_gap_frames_begin_after_it_and_a_sections_last_frame_is_told(tape: Tape) -> None:
    after = list(tape.frames(seconds(25, 26).start, seconds(0, 31).end))
    assert after[0].shown_at == seconds(30, 31).start
    over = [frame.shown_at for frame in tape.frames(START, None) if frame.ends_section]
    assert len(over) == 2


def test_a_file_that_is_torn_is_read_as_far_as_it_is_whole(tape: Tape, tmp_path: Path) -> None:
    whole = tape.files()[0].path
    (tmp_path / whole.name).write_bytes(whole.read_bytes()[:100])
    (tmp_path / "notes.mp4").write_bytes(b"none")
    assert Tape(tmp_path).sections() == ()


def test_the_newest_picture_is_that_of_the_last_key_frame(tape: Tape) -> None:
    picture = tape.newest_picture()
    assert picture is not None
    assert picture[0].startswith(b"\xff\xd8")
    assert picture[1] == seconds(75, 76).start


@given(st.binary(min_size=1, max_size=5000))
def test_packets_are_no_larger_than_a_network_takes(body: bytes) -> None:
    unit = b"\x65" + body.replace(b"\0", b"\x01") + b"\x80"
    frame = TapeFrame(b"\0\0\0\1\x67\x42" + b"\0\0\0\1" + unit, START, is_key=True)
    packets = list(Packetizer(1, timedelta()).frame(frame, is_last=True))
    assert units_of(frame.data) == [b"\x67\x42", unit]
    assert all(len(packet) <= LARGEST_PAYLOAD + 36 for packet in packets)
    assert [packet[5] >> 7 for packet in packets] == [0] * (len(packets) - 1) + [1]


def test_changes_tell_how_it_stood_and_what_changed() -> None:
    sections = [seconds(0, 20), seconds(30, 80)]
    told = changes_within("gate", sections, START + timedelta(seconds=10), START + timedelta(seconds=40))
    assert [((each.at - START).total_seconds(), each.is_present, each.is_start_state) for each in told] == [
        (10, True, True),
        (20, False, False),
        (30, True, False),
    ]
    (absent,) = changes_within("gate", sections, START + timedelta(seconds=25), START + timedelta(seconds=26))
    assert not absent.is_present


def test_only_ranges_of_the_clock_are_replayed() -> None:
    assert read_range("clock=20260714T090001.500Z-20260714T090002Z") == (
        START + timedelta(seconds=1.5),
        START + timedelta(seconds=2),
    )
    assert read_range("clock=20260714T090000Z-") == (START, None)
    assert read_range("npt=0-") is None
