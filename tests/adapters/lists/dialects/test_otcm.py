"""OpenTrafficCamMap in both schemas: ids that last, directions that are one, and no password anywhere."""

from typing import Any

import pytest

from adapters.contract.errors import Malformed, Misconfigured
from adapters.contract.models import Rejection
from adapters.lists.dialects.otcm import rows, rows_v1
from adapters.lists.mapping import CameraFacts, RowRules, map_camera

FLAT: dict[str, Any] = {
    "description": "I-10 McDonald Rd",
    "latitude": 30.53555,
    "longitude": -88.23918,
    "direction": "E",
    "url": "http://cams.example/a.jpg",
    "encoding": "JPEG",
    "format": "IMAGE_STREAM",
}
PLACE_KEYS = ("description", "latitude", "longitude", "direction")


def nested(camera: dict[str, Any]) -> dict[str, Any]:
    location = {key: camera[key] for key in PLACE_KEYS if key in camera}
    return {"location": location} | {key: value for key, value in camera.items() if key not in PLACE_KEYS}


def facts(*cameras: Any, v1: bool = False, county: str = "Mobile") -> list[CameraFacts | str]:
    rules = RowRules(area=None, values={}, id_strip_leading_zeros=False, position_accuracy_m=None)
    document = {"Alabama": {county: list(cameras)}}
    found = (rows_v1 if v1 else rows)(document, "USA.json")
    return [row.reason if isinstance(row, Rejection) else map_camera(row, rules) for row in found]


def fact(**given: Any) -> CameraFacts:
    (found,) = facts(FLAT | given)
    assert isinstance(found, CameraFacts), found
    return found


def test_both_schemas_say_the_same_of_one_camera() -> None:
    assert facts(nested(FLAT), v1=True) == facts(FLAT)


def test_an_id_outlasts_a_corrected_description_a_new_edition_and_https() -> None:
    first = fact(url="http://cams.example/a.jpg?1728089220000")
    later = fact(
        url="https://CAMS.example/a.jpg?1828089220000", description="I-10 at McDonald Road", latitude=30.5
    )
    assert first.native_id == later.native_id
    assert first.native_id != fact(url="http://cams.example/a.jpg?id=7").native_id


def test_cameras_without_an_address_are_told_apart_by_what_they_are_said_to_be() -> None:
    cameras = [fact(url=None), fact(url=""), fact(url=None, direction="W"), fact(url=None, latitude=30.6)]
    assert len({camera.native_id for camera in cameras}) == 3
    assert cameras[0].native_id == cameras[1].native_id


@pytest.mark.parametrize(
    ("direction", "heading_deg"),
    [("N", 0), ("SW", 225), ("West", 270), ("Northeast", 45)]
    + [
        (word, None)
        for word in ("NS", "WE", "Eastbound", "Both Directions", "Median", "NA", "U", None, "", "EB ")
    ],
)
def test_only_the_way_a_camera_faces_is_a_heading(direction: str | None, heading_deg: float | None) -> None:
    views = fact(direction=direction).views
    assert [view.heading_deg for view in views] == ([] if heading_deg is None else [heading_deg])


def test_a_password_in_an_address_is_nowhere() -> None:
    secret = fact(url="rtsp://admin:hunter2@10.0.0.1:554/")
    assert "hunter2" not in repr(secret)
    assert secret.snapshot_url is None
    assert secret.native_id == fact(url=None).native_id


def test_only_a_picture_is_a_snapshot() -> None:
    assert fact().snapshot_url == FLAT["url"]
    assert fact(encoding="H.264", format="M3U8").snapshot_url is None


def test_state_county_and_doubt_are_tags() -> None:
    assert fact(markedForReview=True).tags == ("state=Alabama", "county=Mobile", "marked for review")
    (other,) = facts(FLAT, county="other")
    assert isinstance(other, CameraFacts)
    assert other.tags == ("state=Alabama",)
    (split,) = facts(FLAT, county="A, B|C")
    assert isinstance(split, CameraFacts)
    assert split.tags == ("state=Alabama", "county=A B C")


def test_coordinates_written_as_text_are_coordinates_and_none_are_unknown() -> None:
    position = fact(latitude="30.5", longitude="-88.25").position
    assert position is not None
    assert (position.lat, position.lon) == (30.5, -88.25)
    assert fact(latitude=None, longitude=None).position is None
    assert fact(latitude=0, longitude=0).position is None


def test_one_bad_camera_costs_only_itself() -> None:
    good, bad = facts(FLAT, "x")
    assert isinstance(good, CameraFacts)
    assert bad == "is no camera"
    assert facts(nested(FLAT), {"url": "http://cams.example/b.jpg"}, v1=True)[1] == "has no location"


def test_the_other_schema_is_told_at_once() -> None:
    with pytest.raises(Misconfigured, match="set dialect = 'otcm_v1'"):
        facts(nested(FLAT))
    with pytest.raises(Misconfigured, match="set dialect = 'otcm'"):
        facts(FLAT, v1=True)


@pytest.mark.parametrize("document", [[], {"Alabama": []}, {"Alabama": {"Mobile": {}}}])
def test_another_document_is_refused(document: Any) -> None:
    with pytest.raises(Malformed, match=r"USA\.json: "):
        list(rows(document, "USA.json"))
