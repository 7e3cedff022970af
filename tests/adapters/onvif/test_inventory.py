"""Which camera a recording belongs to, and what its streams are called."""

from datetime import timedelta

from adapters.contract.models import CameraStatus, Position, Rejection, Stream
from adapters.onvif.inventory import take_stock
from adapters.onvif.models import Place, Profile, RecordingSetup


def profile(token: str, source: str, width: int = 1920) -> Profile:
    return Profile(
        token, source, f"Camera {source}", (f"c-{token}",), Stream(codec="h264", width=width, height=1080)
    )


def setup(
    token: str, source: str | None = None, name: str | None = None, keeps: timedelta | None = None
) -> RecordingSetup:
    return RecordingSetup(token, source, name, keeps)


def test_a_recording_belongs_to_its_source_its_profiles_source_or_its_jobs() -> None:
    profiles = [profile("p1", "s1"), profile("p2", "s2"), profile("p3", "s3")]
    stock = take_stock(profiles, [setup("r1", "s1"), setup("r2", "p2"), setup("r3")], {"r3": "p3"}, [], [])
    assert {name: channel.recordings for name, channel in stock.channels.items()} == {
        "s1": ("r1",),
        "s2": ("r2",),
        "s3": ("r3",),
    }


def test_on_a_camera_with_one_source_every_recording_is_its() -> None:
    stock = take_stock([profile("p", "s")], [setup("r1"), setup("r2", "unknown")], {}, [], [])
    assert stock.channels["s"].recordings == ("r1", "r2")


def test_a_recorder_without_profiles_has_the_cameras_that_it_records() -> None:
    stock = take_stock([], [setup("r1", "gate", "Gate"), setup("r2", "gate"), setup("r3")], {}, [], [])
    assert {name: (channel.name, channel.recordings) for name, channel in stock.channels.items()} == {
        "gate": ("Gate", ("r1", "r2")),
        "r3": ("r3", ("r3",)),
    }


def test_a_recording_that_is_listed_twice_counts_once_and_is_told() -> None:
    stock = take_stock([profile("p", "s")], [setup("r"), setup("r")], {}, [], [])
    assert stock.channels["s"].recordings == ("r",)
    assert stock.problems == (Rejection(where="recording r", reason="listed twice: the first counts"),)


def test_streams_are_ordered_by_size_and_named() -> None:
    profiles = [
        profile("a", "s", 640),
        profile("b", "s", 1920),
        profile("c", "s", 1280),
        profile("d", "s", 640),
    ]
    stock = take_stock(profiles, [], {}, [], [])
    record = stock.record(stock.channels["s"], None)
    assert [(stream.role, stream.width) for stream in record.streams] == [
        ("main", 1920),
        ("sub", 1280),
        ("sub-2", 640),
    ]


def test_the_shortest_retention_counts_and_an_unknown_one_is_unknown() -> None:
    day = timedelta(days=1)
    known = take_stock([], [setup("a", "s", keeps=2 * day), setup("b", "s", keeps=day)], {}, [], [])
    assert known.record(known.channels["s"], None).retention_days == 1
    assert known.record(known.channels["s"], 7).retention_days == 7
    unknown = take_stock([], [setup("a", "s", keeps=day), setup("b", "s")], {}, [], [])
    assert unknown.record(unknown.channels["s"], None).retention_days is None


def test_the_devices_own_place_is_that_of_its_only_camera() -> None:
    place = Place(None, Position(lat=48, lon=2), None)
    one = take_stock([profile("p", "s")], [], {}, [place], [])
    assert one.record(one.channels["s"], None).position == Position(lat=48, lon=2)
    two = take_stock([profile("p", "s"), profile("q", "t")], [], {}, [place], [])
    assert two.record(two.channels["s"], None).position is None


def test_a_device_that_is_one_camera_works_if_it_answers_and_a_recorder_proves_nothing() -> None:
    camera = take_stock([profile("p", "s")], [], {}, [], [])
    assert camera.record(camera.channels["s"], None).status is CameraStatus.UP
    recorder = take_stock([profile("p", "s"), profile("q", "t")], [], {}, [], [])
    assert recorder.record(recorder.channels["s"], None).status is CameraStatus.UNKNOWN
    tape = take_stock([], [setup("r", "s")], {}, [], [])
    assert tape.record(tape.channels["s"], None).status is CameraStatus.UNKNOWN


def test_an_event_names_a_camera_by_any_of_its_tokens() -> None:
    stock = take_stock([profile("p", "s"), profile("q", "t")], [], {}, [], [])
    assert [stock.of_source(token) for token in ("s", "p", "c-q", "x", None)] == ["s", "s", "t", None, None]
