"""What MediaMTX writes, in the contract's words."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.contract.errors import Malformed
from adapters.contract.models import CameraStatus, Interval, Stream
from adapters.mediamtx import mapping
from adapters.mediamtx.client import ListedSpan
from adapters.mediamtx.mapping import Kept, PathConf, PathState

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("24h0m0s", timedelta(days=1)),
        ("1d2h", timedelta(hours=26)),
        ("100ms", timedelta(milliseconds=100)),
        ("1.5s", timedelta(seconds=1.5)),
        ("0s", timedelta()),
        ("0", timedelta()),
        (None, None),
    ],
)
def test_durations_are_read_in_gos_notation(text: str | None, means: timedelta | None) -> None:
    assert mapping.duration(text) == means


@pytest.mark.parametrize("text", ["soon", "3", "-1h", "1h ago", ""])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        mapping.duration(text)


def test_recordings_that_are_never_deleted_have_no_retention() -> None:
    assert mapping.kept(PathConf(name="a", recordDeleteAfter="0s")).after is None


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("2026-06-15T14:00:00+02:00", NOON),
        ("2026-06-15T12:00:00.123456789Z", NOON + timedelta(microseconds=123456)),
        ("2026-10-25T02:30:00+02:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-10-25T02:30:00+01:00", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
    ],
)
def test_instants_keep_their_offset(text: str, means: datetime) -> None:
    assert mapping.instant(text) == means


@pytest.mark.parametrize("text", ["2026-06-15T12:00:00", "yesterday", "0001-01-01T00:00:00+14:00"])
def test_an_instant_without_offset_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        mapping.instant(text)


@pytest.mark.parametrize(
    ("state", "on_demand", "status"),
    [
        ({"online": True}, False, CameraStatus.UP),
        ({"ready": True}, False, CameraStatus.UP),
        ({"online": False, "ready": True}, False, CameraStatus.DOWN),
        ({"online": False}, True, CameraStatus.UNKNOWN),
        ({}, False, CameraStatus.UNKNOWN),
        (None, False, CameraStatus.DOWN),
    ],
)
def test_only_a_connected_source_is_up(
    state: dict[str, bool] | None, on_demand: bool, status: CameraStatus
) -> None:
    conf = PathConf(name="a", sourceOnDemand=on_demand)
    known = None if state is None else PathState(name="a", **state)
    assert mapping.camera("a", conf, known).status is status


def test_sound_is_no_stream_and_an_impossible_size_is_unknown() -> None:
    tracks = [
        {"codec": "MPEG-4 Audio", "codecProps": {"sampleRate": 48000}},
        {"codec": "H265", "codecProps": {"width": 0, "height": 1080}},
        {"codec": "M-JPEG", "codecProps": None},
    ]
    record = mapping.camera("a", None, PathState(name="a", online=True, tracks2=tracks))
    assert record.streams == (Stream(codec="h265"), Stream(role="track 2", codec="mjpeg"))


def test_a_server_that_lists_codecs_only_is_understood() -> None:
    record = mapping.camera("a", None, PathState(name="a", ready=True, tracks=["H264", "Opus"]))
    assert record.streams == (Stream(codec="h264"),)


def test_a_span_is_overwritten_when_its_first_file_is() -> None:
    window = Interval(start=NOON, end=NOON + timedelta(hours=2))
    kept = Kept(after=timedelta(days=1), segment=timedelta(hours=1))
    whole = mapping.span(Interval(start=NOON + timedelta(minutes=1), end=window.end), window, kept)
    cut = mapping.span(Interval(start=NOON - timedelta(hours=3), end=window.end), window, kept)
    assert whole is not None and whole.overwrite_at == NOON + timedelta(days=1, minutes=1)
    assert cut is not None and cut.interval.start == NOON
    unknown = mapping.span(window, window, None)
    assert unknown is not None and unknown.overwrite_at is None


def test_an_empty_span_is_no_footage() -> None:
    assert mapping.footage(ListedSpan(start="2026-06-15T12:00:00Z", duration=0)) is None


def test_an_endless_span_is_malformed() -> None:
    with pytest.raises(Malformed):
        mapping.footage(ListedSpan(start="2026-06-15T12:00:00Z", duration=1e18))
