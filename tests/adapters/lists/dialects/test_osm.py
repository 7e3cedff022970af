"""Overpass's answers: which elements are cameras, where they stand, and what is never read."""

from typing import Any

import pytest

from adapters.contract.errors import Malformed
from adapters.contract.models import Rejection
from adapters.lists.dialects.osm import rows
from adapters.lists.mapping import CameraFacts, RowRules, map_camera

CAMERA = {"man_made": "surveillance", "surveillance:type": "camera"}


def element(**given: Any) -> dict[str, Any]:
    return {"type": "node", "id": 7, "lat": 48.85, "lon": 2.35, "tags": CAMERA} | given


def tagged(**tags: str) -> dict[str, Any]:
    return element(tags=CAMERA | {key.replace("__", ":"): value for key, value in tags.items()})


def facts(*elements: Any, **document: Any) -> list[CameraFacts | str]:
    rules = RowRules(area=None, values={}, id_strip_leading_zeros=False, position_accuracy_m=None)
    return [
        row.reason if isinstance(row, Rejection) else map_camera(row, rules)
        for row in rows({"elements": list(elements), **document}, "list.json")
    ]


def fact(given: dict[str, Any]) -> CameraFacts:
    (found,) = facts(given)
    assert isinstance(found, CameraFacts), found
    return found


def test_an_element_without_tags_is_no_camera_and_no_mistake() -> None:
    assert facts(element(tags={}), {"type": "node", "id": 8, "lat": 1.0, "lon": 1.0}) == []


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        (
            {"man_made": "surveillance", "surveillance:type": "guard"},
            "surveillance:type is guard, not a camera",
        ),
        ({"highway": "street_lamp"}, "none of its tags speaks of a camera"),
        ({"highway": 3}, "its tags are no texts"),
        (["man_made"], "its tags are no texts"),
    ],
)
def test_what_is_no_camera_is_told(tags: Any, reason: str) -> None:
    assert facts(element(tags=tags)) == [reason]


@pytest.mark.parametrize(
    "tags",
    [
        {"man_made": "surveillance"},
        {"man_made": "tower;surveillance"},
        {"surveillance": "webcam"},
        {"contact:webcam": "https://cams.example/"},
        {"surveillance:type": "ALPR"},
        {"surveillance:type": "guard", "camera:type": "fixed"},
    ],
)
def test_what_speaks_of_a_camera_is_one(tags: dict[str, str]) -> None:
    assert fact(element(tags=tags)).native_id == "node/7"


@pytest.mark.parametrize("broken", ["x", None, {"type": "area", "id": 1}, {"type": "node", "id": "1"}])
def test_what_is_no_element_is_told(broken: Any) -> None:
    assert facts(broken) == ["is no node, way or relation with an id"]


@pytest.mark.parametrize("document", [[], {}, {"elements": {}}, None])
def test_what_is_no_answer_of_overpass_is_refused(document: Any) -> None:
    with pytest.raises(Malformed, match="no answer of Overpass"):
        list(rows(document, "list.json"))


def test_an_answer_that_broke_off_is_refused_for_it_lacks_cameras() -> None:
    with pytest.raises(Malformed, match="Overpass broke off"):
        facts(element(), remark='runtime error: Query timed out in "query" at line 3 after 26 seconds.')


@pytest.mark.parametrize(
    ("written", "kind"),
    [("fixed", "fixed"), ("panning", "ptz"), ("Dome", "dome"), ("moving", None), ("AXIS 214", None)],
)
def test_the_kind_is_that_of_camera_type(written: str, kind: str | None) -> None:
    assert fact(tagged(camera__type=written)).kind == kind


def test_several_directions_are_several_views_and_a_range_keeps_its_width() -> None:
    views = fact(tagged(camera__direction="180;350-10;SE")).views
    assert [(view.heading_deg, view.fov_deg) for view in views] == [(180, None), (0, 20), (135, None)]


def test_the_direction_of_a_camera_stands_in_for_camera_direction() -> None:
    assert fact(tagged(direction="90")).views[0].heading_deg == 90
    assert fact(tagged(direction="90", camera__direction="10")).views[0].heading_deg == 10
    lamp = element(tags={"highway": "street_lamp", "contact:webcam": "https://a.example/", "direction": "90"})
    assert fact(lamp).views == ()


def test_a_camera_of_type_360_sees_all_round() -> None:
    (view,) = fact(tagged(camera__type="360")).views
    assert (view.heading_deg, view.fov_deg) == (None, 360)


def test_how_far_a_camera_looks_down_is_not_how_wide_it_sees() -> None:
    (view,) = fact(tagged(camera__direction="90", camera__angle="15")).views
    assert view.fov_deg is None
    assert fact(tagged(camera__angle="15")).views == ()


def test_names_of_people_and_how_to_reach_them_are_never_read() -> None:
    secrets = {
        "name": "Mx Made-Up",
        "operator": "Mx Made-Up",
        "contact__phone": "+33 1 00 00 00 00",
        "contact__email": "mx@made-up.example",
        "addr__street": "Rue Inventée",
        "description": "Mx Made-Up's house",
    }
    given = tagged(**secrets) | {"user": "Mx Made-Up", "uid": 12345, "changeset": 67890}
    read = repr(fact(given))
    assert not any(word in read for word in ("Made-Up", "made-up", "+33", "Inventée", "12345", "67890"))


def test_an_operator_that_numbers_its_cameras_names_them() -> None:
    assert fact(tagged(operator="Statens vegvesen", ref="155369")).name == "Statens vegvesen 155369"
    assert fact(tagged(ref="155369")).name == "155369"
    assert fact(tagged(operator="Statens vegvesen")).name is None


def test_what_is_watched_becomes_tags_as_openstreetmap_writes_them() -> None:
    watched = tagged(surveillance="public", surveillance__zone="traffic, parking", camera__mount="pole")
    assert fact(watched).tags == (
        "surveillance=public",
        "surveillance:zone=traffic",
        "surveillance:zone=parking",
        "camera:mount=pole",
    )


def test_no_tag_of_a_stranger_reserves_a_camera() -> None:
    assert "reserved" not in fact(tagged(surveillance="reserved")).tags


def test_the_address_of_a_picture_is_kept_and_that_of_a_page_is_not() -> None:
    page = "https://cams.example/page;art168"
    assert fact(tagged(contact__webcam=page)).snapshot_url is None
    assert fact(tagged(contact__webcam=f"{page};https://cams.example/now.JPG")).snapshot_url == (
        "https://cams.example/now.JPG"
    )
    assert fact(tagged(contact__webcam=page, contact__webcam__type="image")).snapshot_url == page
    assert (
        fact(tagged(url__webcam="https://cams.example/a.png?x")).snapshot_url
        == "https://cams.example/a.png?x"
    )


def test_a_photograph_of_the_camera_is_not_its_picture() -> None:
    assert fact(tagged(image="https://photos.example/camera.jpg")).snapshot_url is None


def way(**given: Any) -> dict[str, Any]:
    return {"type": "way", "id": 9, "tags": CAMERA, **given}


SQUARE = [{"lat": 48.0, "lon": 2.0}, {"lat": 48.002, "lon": 2.0}, {"lat": 48.002, "lon": 2.002}]


def test_a_way_stands_at_its_centre() -> None:
    position = fact(way(center={"lat": 48.1, "lon": 2.1}, nodes=[1, 2])).position
    assert position is not None
    assert (position.lat, position.lon, position.accuracy_m) == (48.1, 2.1, None)


def test_a_way_is_located_by_its_nodes_as_uncertain_as_it_is_long() -> None:
    corners = [{"type": "node", "id": number, **corner} for number, corner in enumerate(SQUARE)]
    (found,) = facts(way(nodes=[0, 1, 2]), *corners)
    assert isinstance(found, CameraFacts)
    assert found.position is not None
    assert found.position.lat == pytest.approx(48.001)
    assert found.position.lon == pytest.approx(2.001)
    assert found.position.accuracy_m == pytest.approx(133.8, abs=0.5)


@pytest.mark.parametrize(
    "given",
    [
        {"geometry": SQUARE},
        {"bounds": {"minlat": 48.0, "minlon": 2.0, "maxlat": 48.002, "maxlon": 2.002}},
    ],
)
def test_a_way_is_located_by_its_geometry_or_its_bounds(given: dict[str, Any]) -> None:
    position = fact(way(**given)).position
    assert position is not None
    assert (position.lat, position.lon) == (pytest.approx(48.001), pytest.approx(2.001))


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"nodes": [1, 2]}, "a way needs a center"),
        ({}, "a way needs a center"),
        ({"geometry": [{"lat": 99.0, "lon": 2.0}]}, "out of range"),
    ],
)
def test_a_way_that_cannot_be_located_is_told(given: dict[str, Any], reason: str) -> None:
    (told,) = facts(way(**given))
    assert isinstance(told, str)
    assert reason in told
