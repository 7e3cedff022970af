"""What the gateway says, in the contract's words; real objects of a real XProtect among it."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from adapters.contract.models import CameraStatus, Position, View
from adapters.milestone import mapping
from broker.demo.milestone import camera_object
from tests.adapters.milestone.network import HALL, QUAY
from tests.requirements import sample_data


def camera(**more: Any) -> dict[str, Any]:
    return {"id": "0c60e7bf", "displayName": "Cam", "enabled": True, "recordingEnabled": True, **more}


def real_camera() -> dict[str, Any]:
    file = sample_data() / "apis" / "milestone" / "_Parse_Camera.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8-sig"))
    return found


def test_a_real_camera_is_read() -> None:
    record, problem = mapping.camera(real_camera())
    assert problem is None
    assert record.native_id == "0c60e7bf-9d57-4047-b623-e76d375a1fe6"
    assert record.name == "iPadCam01 Camera"
    assert record.position == Position(lat=41.27878, lon=-96.16593)
    assert record.views == (View(heading_deg=180, fov_deg=90, range_m=4.57200000001829),)
    assert (record.status, record.tags, record.streams) == (CameraStatus.UNKNOWN, (), ())


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    return type(value)


def test_the_simulated_gateway_answers_in_the_form_of_the_real_one() -> None:
    real = shape(real_camera())
    assert shape(camera_object(QUAY)) == real
    assert shape(camera_object(HALL)) == real


@pytest.mark.parametrize(
    ("point", "position", "is_told"),
    [
        ("POINT (2.3553 48.8809)", Position(lat=48.8809, lon=2.3553), False),
        ("point(2.3553 48.8809)", Position(lat=48.8809, lon=2.3553), False),
        ("POINT Z (-2.5e-1 51 12)", Position(lat=51, lon=-0.25), False),
        ("POINT EMPTY", None, False),
        ("POINT (0 0)", None, False),
        ("", None, False),
        (None, None, False),
        ("POINT (2.3 148.8)", None, True),
        ("LINESTRING (0 0, 1 1)", None, True),
        ("somewhere", None, True),
    ],
)
def test_positions_are_longitude_first(point: str | None, position: Position | None, is_told: bool) -> None:
    record, problem = mapping.camera(camera(gisPoint=point))
    assert record.position == position
    assert (problem is not None) is is_told


@pytest.mark.parametrize(
    ("direction", "angle", "depth", "views"),
    [
        ("0.5", "0.25", "10", (View(heading_deg=180, fov_deg=90, range_m=10),)),
        ("1", "1", "0", (View(heading_deg=0, fov_deg=360),)),
        ("-0.25", "0.1", "", (View(heading_deg=270, fov_deg=36),)),
        ("0", "0", "0", ()),
        ("0", "0", "25.5", (View(heading_deg=0, range_m=25.5),)),
        (None, None, None, ()),
        ("north", "wide", "far", ()),
        ("nan", "0.25", "10", (View(fov_deg=90, range_m=10),)),
        (0.5, 0.25, 10, (View(heading_deg=180, fov_deg=90, range_m=10),)),
        ("0.5", "1.5", "10", (View(heading_deg=180, range_m=10),)),
    ],
)
def test_views_are_fractions_of_a_turn_and_zero_is_what_nobody_drew(
    direction: object, angle: object, depth: object, views: tuple[View, ...]
) -> None:
    item = camera(coverageDirection=direction, coverageFieldOfView=angle, coverageDepth=depth)
    assert mapping.camera(item)[0].views == views


def test_a_camera_that_is_switched_off_is_down_and_one_not_recorded_says_so() -> None:
    assert mapping.camera(camera(enabled=False))[0].status is CameraStatus.DOWN
    assert mapping.camera(camera(recordingEnabled=False))[0].tags == ("not recorded",)


@pytest.mark.parametrize("item", [{}, {"id": "a"}, {"id": "", "displayName": "a"}, None, []])
def test_a_camera_without_id_or_name_is_none(item: Any) -> None:
    with pytest.raises(ValidationError):
        mapping.camera(item)


@pytest.mark.parametrize(
    "lock",
    [
        {"reference": "Incident 7"},
        {"reference": None},
        {"reference": "entrevue a", "startTime": "2026-06-15T12:00:00"},
        {"reference": "entrevue a", "endTime": "2026-06-15T11:00:00Z"},
    ],
)
def test_other_locks_are_no_hold(lock: dict[str, Any]) -> None:
    times = {"startTime": "2026-06-15T12:00:00.0000000Z", "endTime": "2026-06-15T13:00:00.9999999Z"}
    assert mapping.receipt(mapping.Lock.model_validate({"id": "x", **times, **lock})) is None
