"""What ZoneMinder says, in the contract's words."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from adapters.contract.models import CameraKind, CameraStatus, Interval, Position
from adapters.zoneminder import mapping
from adapters.zoneminder.mapping import EventFacts

PARIS = ZoneInfo("Europe/Paris")


def monitor(facts: dict[str, Any] | None = None, **state: Any) -> dict[str, Any]:
    known = {"Id": 3, "Name": "Porte", "Function": "Record", "Width": 640, "Height": 480, **(facts or {})}
    return {"Monitor": known, "Monitor_Status": {"Status": "Connected", "CaptureFPS": "9.99", **state}}


@pytest.mark.parametrize(
    ("item", "status"),
    [
        (monitor(), CameraStatus.UP),
        (monitor(Status="Running", CaptureFPS="0.00"), CameraStatus.DOWN),
        (monitor(CaptureFPS="0.00"), CameraStatus.DOWN),
        (monitor(Status="NotRunning", CaptureFPS="0.00"), CameraStatus.DOWN),
        (monitor({"Function": "None"}), CameraStatus.DOWN),
        (monitor(Status=None, CaptureFPS=None), CameraStatus.UNKNOWN),
        ({"Monitor": {"Id": "3", "Name": "Porte"}}, CameraStatus.UNKNOWN),
    ],
)
def test_only_a_monitor_that_captures_frames_is_up(item: dict[str, Any], status: CameraStatus) -> None:
    record, _ = mapping.camera(item)
    assert (record.native_id, record.status) == ("3", status)


@pytest.mark.parametrize(
    ("lat", "lon", "position", "is_told"),
    [
        ("48.88090000", "2.35530000", Position(lat=48.8809, lon=2.3553), False),
        ("0.00000000", "0.00000000", None, False),
        (None, None, None, False),
        ("", "2.3", None, False),
        ("98.88", "2.35", None, True),
        ("nan", "2.35", None, True),
    ],
)
def test_coordinates_are_unknown_where_they_are_none(
    lat: str | None, lon: str | None, position: Position | None, is_told: bool
) -> None:
    record, problem = mapping.camera(monitor({"Latitude": lat, "Longitude": lon}))
    assert record.position == position
    assert (problem is not None) is is_told


def test_a_monitor_that_can_be_turned_is_a_ptz() -> None:
    assert mapping.camera(monitor({"Controllable": 1}))[0].kind is CameraKind.PTZ
    assert mapping.camera(monitor({"Controllable": 0}))[0].kind is None


@pytest.mark.parametrize(
    "item", [{}, {"Monitor": {"Name": "x"}}, {"Monitor": {"Id": 1, "Name": ""}}, 7, None]
)
def test_a_monitor_without_id_or_name_is_none(item: Any) -> None:
    with pytest.raises(ValidationError):
        mapping.camera(item)


def event(number: int, started: str, ended: str | None, length: str, **more: Any) -> dict[str, Any]:
    facts = {
        "Id": number,
        "MonitorId": 1,
        "StartDateTime": started,
        "EndDateTime": ended,
        "Length": length,
        "DefaultVideo": f"{number}-video.mp4",
        "Archived": 0,
        "Notes": "",
        **more,
    }
    return {"Event": facts}


def test_complete_events_are_footage_and_bad_ones_are_told() -> None:
    items = [
        event(1, "2026-06-15 14:00:00", "2026-06-15 14:00:05", "5.70"),
        event(2, "2026-06-15 14:00:05", "2026-06-15 14:00:10", "five"),
        event(3, "2026-06-15 14:00:10", "2026-06-15 14:00:15", "5.00", DefaultVideo=""),
        event(4, "2026-06-15 14:00:15", None, "0.00"),
        {"Event": {"Id": 5}},
        None,
    ]
    found, problems = mapping.events(items, PARIS)
    assert [(each.facts.id, str(each.interval)) for each in found] == [
        (1, "2026-06-15T12:00:00Z/2026-06-15T12:00:05.700000Z")
    ]
    assert [each.where for each in problems] == ["event 2", "event 5", "event"]


def test_events_join_up_to_what_rounded_seconds_can_hide() -> None:
    items = [
        event(1, "2026-06-15 14:00:00", "2026-06-15 14:00:05", "5.70"),
        event(2, "2026-06-15 14:00:07", "2026-06-15 14:00:12", "5.00"),
        event(3, "2026-06-15 14:00:15", "2026-06-15 14:00:20", "5.00"),
    ]
    found, _ = mapping.events(items, PARIS)
    noon = datetime(2026, 6, 15, 12, tzinfo=UTC)
    assert mapping.joined(found) == [
        Interval(start=noon, end=noon.replace(second=12)),
        Interval(start=noon.replace(second=15), end=noon.replace(second=20)),
    ]


def facts(notes: str | None, archived: int) -> EventFacts:
    started = "2026-06-15 14:00:00"
    return EventFacts.model_validate(event(1, started, started, "5", Notes=notes, Archived=archived)["Event"])


@pytest.mark.parametrize("notes", ["", "court", "Motion: All\n", None])
@pytest.mark.parametrize("archived", [0, 1])
def test_marks_come_and_go_and_leave_what_was_there(notes: str | None, archived: int) -> None:
    first = facts(mapping.marked(facts(notes, archived), "a"), 1)
    assert mapping.keys_of(first) == ["a"]
    assert mapping.marked(first, "a") == first.notes
    both = facts(mapping.marked(first, "b-2"), 1)
    assert mapping.keys_of(both) == ["a", "b-2"]
    for order in (("a", "b-2"), ("b-2", "a")):
        left, stays = mapping.unmarked(both, order[0])
        assert stays
        last, stays = mapping.unmarked(facts(left, 1), order[1])
        assert (last, stays) == (notes or "", bool(archived))


def test_an_event_that_somebody_took_out_of_the_archive_is_not_held() -> None:
    assert mapping.keys_of(facts("[entrevue a]", 0)) == []
