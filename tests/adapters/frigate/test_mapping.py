"""What Frigate says, in the contract's words."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.contract.errors import Malformed
from adapters.contract.models import CameraStatus, Interval
from adapters.frigate import mapping
from adapters.frigate.client import Export, Recorded
from adapters.frigate.mapping import CameraConfiguration, Run

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def segment(start_s: float, end_s: float) -> Recorded:
    return Recorded(start_time=after(start_s).timestamp(), end_time=after(end_s).timestamp())


@pytest.mark.parametrize(
    ("record", "days"),
    [
        ({"continuous": {"days": 7}, "motion": {"days": 30}}, 7),
        ({"continuous": {"days": 0}, "motion": {"days": 30}}, None),
        ({"retain": {"days": 3, "mode": "all"}}, 3),
        ({"retain": {"days": 3, "mode": "motion"}}, None),
        ({}, None),
    ],
)
def test_retention_is_known_where_everything_is_kept(record: dict[str, object], days: float | None) -> None:
    configured = CameraConfiguration.model_validate({"record": record})
    assert mapping.camera("a", configured, None).retention_days == days


@pytest.mark.parametrize(
    ("enabled", "seen", "status"),
    [
        (True, {"camera_fps": 5.1}, CameraStatus.UP),
        (True, {"camera_fps": 0}, CameraStatus.DOWN),
        (True, None, CameraStatus.UNKNOWN),
        (False, {"camera_fps": 5.1}, CameraStatus.DOWN),
    ],
)
def test_only_a_camera_with_frames_is_up(enabled: bool, seen: object, status: CameraStatus) -> None:
    assert mapping.camera("a", CameraConfiguration(enabled=enabled), seen).status is status


def test_a_friendly_name_is_the_name_and_what_is_detected_no_stream() -> None:
    configured = CameraConfiguration.model_validate({"friendly_name": "Quai", "detect": {"width": 640}})
    record = mapping.camera("quai", configured, None)
    assert (record.native_id, record.name, record.streams) == ("quai", "Quai", ())


def test_segments_in_any_order_make_runs_that_keep_gaps() -> None:
    told = [segment(30.5, 40), segment(0, 10.2), segment(10, 20), segment(20.9, 29.5), segment(50, 50)]
    assert mapping.runs(told) == [
        Run(NOON, after(40), after(10.2)),
    ]
    assert len(mapping.runs([segment(0, 10), segment(11.1, 20)])) == 2


def test_a_span_goes_when_its_first_segment_does() -> None:
    window = Interval(start=after(5), end=after(100))
    (span,) = mapping.spans([Run(NOON, after(40), after(10))], window, timedelta(days=1))
    assert span.interval == Interval(start=after(5), end=after(40))
    assert span.overwrite_at == after(10) + timedelta(days=1)
    assert mapping.spans([Run(NOON, after(40), after(10))], window, None)[0].overwrite_at is None


@pytest.mark.parametrize("key", ["a", "hold_1-2", "-", "1-2-3"])
def test_an_exports_name_says_what_it_holds(key: str) -> None:
    run = Run(NOON, after(10.0301), after(10))
    known = mapping.held(mapping.export_name(key, run))
    assert known is not None and known.key == key
    assert known.interval == Interval(start=NOON, end=after(10.031))


@pytest.mark.parametrize("name", [None, "", "Front door", "entrevue-a-1", "entrevue--1-2", "entrevue-a-2-1"])
def test_other_exports_are_nobodys_hold(name: str | None) -> None:
    assert mapping.held(name) is None


def test_an_export_being_made_is_not_held_yet() -> None:
    name = mapping.export_name("a", Run(NOON, after(10), after(10)))
    facts = {"id": "x", "camera": "a", "name": name, "video_path": "/media/frigate/exports/x.mp4"}
    assert mapping.by_hold([Export.model_validate({**facts, "in_progress": True})]) == {}
    assert list(mapping.by_hold([Export.model_validate({**facts, "in_progress": False})])) == ["a"]


def test_a_time_beyond_all_calendars_is_malformed() -> None:
    with pytest.raises(Malformed):
        mapping.instant(1e30)
