"""London's JamCams in both forms: one id, a direction where the text states one, and what is unavailable."""

from typing import Any

import pytest

from adapters.contract.errors import Malformed
from adapters.contract.models import CameraStatus, Rejection
from adapters.lists.dialects.tfl import rows
from adapters.lists.mapping import CameraFacts, RowRules, map_camera

PROPERTIES = {
    "available": "true",
    "imageUrl": "https://cams.example/00001.07450.jpg",
    "videoUrl": "https://cams.example/00001.07450.mp4",
    "view": "A406\\/7293B",
}


def feature(**properties: Any) -> dict[str, Any]:
    geometry = {"type": "Point", "coordinates": [-0.13484, 51.5096]}
    return {"type": "Feature", "properties": PROPERTIES | properties, "geometry": geometry}


def place(**given: Any) -> dict[str, Any]:
    extra = [{"key": key, "value": value, "modified": "2024-02-12"} for key, value in PROPERTIES.items()]
    return {
        "id": "JamCams_00001.07450",
        "commonName": "A4 Pall Mall",
        "placeType": "JamCam",
        "lat": 51.5096,
        "lon": -0.13484,
        "additionalProperties": extra,
    } | given


def facts(document: Any) -> list[CameraFacts | str]:
    rules = RowRules(area=None, values={}, id_strip_leading_zeros=False, position_accuracy_m=None)
    found = rows(document, "jamcams.json")
    return [row.reason if isinstance(row, Rejection) else map_camera(row, rules) for row in found]


def fact(entry: dict[str, Any]) -> CameraFacts:
    (found,) = facts({"type": "FeatureCollection", "features": [entry]})
    assert isinstance(found, CameraFacts), found
    return found


def test_both_forms_give_one_camera_the_same_id_place_and_picture() -> None:
    (api,) = facts([place()])
    store = fact(feature())
    assert isinstance(api, CameraFacts)
    assert api.native_id == store.native_id == "00001.07450"
    assert api.position == store.position
    assert api.snapshot_url == store.snapshot_url == PROPERTIES["imageUrl"]
    assert api.clip_url == store.clip_url == PROPERTIES["videoUrl"]
    assert (api.name, store.name) == ("A4 Pall Mall", "A406/7293B")


@pytest.mark.parametrize(
    ("available", "status"),
    [("false", CameraStatus.DOWN), (False, CameraStatus.DOWN), ("true", None), ("", None)],
)
def test_only_what_is_unavailable_is_known_to_be_down(available: Any, status: CameraStatus | None) -> None:
    assert fact(feature(available=available)).status is status


@pytest.mark.parametrize(
    ("view", "heading_deg"),
    [
        ("East - A501 twds Euston", 90),
        ("SOUTH - A24 jct", 180),
        ("NORTH-Islington High St", 0),
        ("West (A205 twds Dulwich)", 270),
        ("East Facing", 90),
        ("East Facing (Home)", 90),
        ("Zoom north - Lansdowne Road jct", 0),
        ("West zoom - Clavert Street jct", 270),
        ("North Circular Road", None),
        ("East India Dock Rd", None),
        ("South-East - Elephant", None),
        ("Kennington Oval - S/East", None),
        ("", None),
    ],
)
def test_a_direction_is_read_only_where_the_text_states_one(view: str, heading_deg: float | None) -> None:
    views = fact(feature(view=view)).views
    assert [each.heading_deg for each in views] == ([] if heading_deg is None else [heading_deg])


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"type": "FeatureCollection", "features": ["x"]}, "is no feature with properties"),
        (
            {"type": "FeatureCollection", "features": [feature(imageUrl="", videoUrl=None)]},
            "has neither an id",
        ),
        ([place(additionalProperties="x")], "is no place with additionalProperties"),
        ([place(lat=[[1]])], "lat is not a plain value"),
    ],
)
def test_one_bad_camera_costs_only_itself(document: Any, reason: str) -> None:
    (told,) = facts(document)
    assert isinstance(told, str)
    assert told.startswith(reason)


@pytest.mark.parametrize("document", [{}, "x", {"features": {}}])
def test_another_document_is_refused(document: Any) -> None:
    with pytest.raises(Malformed, match="neither a FeatureCollection of JamCams nor a list of places"):
        facts(document)
