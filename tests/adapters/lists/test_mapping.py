"""Each field is read in its own terms; unknown stays unknown."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.models import CameraKind, CameraStatus, View
from adapters.lists.config import CameraColumns, CameraField, PlaceColumns
from adapters.lists.mapping import CameraCells, CameraFacts, PlaceCells, RowRules, map_camera, map_place
from adapters.lists.rows import TextRow, Unusable

PLAIN = RowRules(area=None, values={}, id_strip_leading_zeros=False, position_accuracy_m=None)


def facts(rules: RowRules = PLAIN, /, *streets: str, **cells: str) -> CameraFacts:
    known = dict.fromkeys(CameraCells._fields, "") | {"id": "c1"} | cells
    return map_camera(TextRow("list.csv row 2", (*CameraCells(**known), *streets)), rules)


def test_cells_stand_in_the_order_of_the_columns() -> None:
    assert CameraCells._fields == tuple(CameraColumns.model_fields)
    assert PlaceCells._fields == tuple(PlaceColumns.model_fields)


def test_what_a_row_does_not_say_is_none() -> None:
    assert facts() == CameraFacts(
        where="list.csv row 2",
        native_id="c1",
        name=None,
        kind=None,
        position=None,
        elevation_m=None,
        place=None,
        level=None,
        views=(),
        status=None,
        retention_days=None,
        tags=(),
        streets=(),
    )


@pytest.mark.parametrize(("written", "native_id"), [("01065", "1065"), ("1065", "1065"), ("000", "0")])
def test_leading_zeros_go_when_asked(written: str, native_id: str) -> None:
    assert facts(replace(PLAIN, id_strip_leading_zeros=True), id=written).native_id == native_id
    assert facts(id=written).native_id == written


@pytest.mark.parametrize(
    ("heading", "fov", "range_m", "views"),
    [
        ("360", "", "", (View(heading_deg=0),)),
        ("-98", "", "", (View(heading_deg=262),)),
        ("-1e-20", "", "", (View(heading_deg=0),)),
        ("180,5", "", "", (View(heading_deg=180.5),)),
        ("", "360", "", (View(fov_deg=360),)),
        ("10, 20", "30/40", "", (View(heading_deg=10, fov_deg=30), View(heading_deg=20, fov_deg=40))),
        ("10|", "", "", (View(heading_deg=10),)),
        ("", "", "", ()),
    ],
)
def test_views_are_read_as_lists_write_them(
    heading: str, fov: str, range_m: str, views: tuple[View, ...]
) -> None:
    assert facts(heading_deg=heading, fov_deg=fov, range_m=range_m).views == views


def test_an_angle_and_a_range_stand_for_every_heading() -> None:
    assert facts(heading_deg="180;350", fov_deg="60", range_m="30").views == (
        View(heading_deg=180, fov_deg=60, range_m=30),
        View(heading_deg=350, fov_deg=60, range_m=30),
    )


@given(st.floats(-180, 360))
def test_every_heading_accepted_is_a_bearing(heading_deg: float) -> None:
    (view,) = facts(heading_deg=repr(heading_deg)).views
    assert view.heading_deg is not None
    assert 0 <= view.heading_deg < 360
    turned = abs(view.heading_deg - heading_deg) % 360
    assert min(turned, 360 - turned) < 1e-9


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"id": ""}, "has no id"),
        ({"kind": "drone"}, "kind is 'drone', none of fixed, ptz, dome, mobile"),
        ({"status": "ok"}, "status is 'ok', none of up, down"),
        ({"heading_deg": "400"}, "heading_deg is 400"),
        ({"heading_deg": "north"}, "heading_deg is 'north', not a number"),
        ({"heading_deg": "1;2;3", "fov_deg": "1;2"}, "different numbers of views"),
        ({"fov_deg": "0"}, "fov_deg is 0"),
        ({"fov_deg": "361"}, "fov_deg is 361"),
        ({"range_m": "0"}, "range_m is 0"),
        ({"retention_days": "0"}, "retention_days is 0"),
        ({"position_accuracy_m": "-3"}, "position_accuracy_m is -3"),
        ({"lat_lon": "here"}, "lat_lon is 'here'"),
    ],
)
def test_an_impossible_value_is_named(cells: dict[str, str], reason: str) -> None:
    with pytest.raises(Unusable, match=reason):
        facts(**cells)


def test_words_of_the_list_are_translated_first() -> None:
    values: dict[CameraField, dict[str, str]] = {
        "kind": {"Dôme": "dome"},
        "status": {"En service": "up"},
        "retention_days": {"inconnue": ""},
    }
    read = facts(replace(PLAIN, values=values), kind="Dôme", status="En service", retention_days="inconnue")
    assert (read.kind, read.status, read.retention_days) == (CameraKind.DOME, CameraStatus.UP, None)


def test_tags_are_split_at_any_usual_mark_and_kept_once() -> None:
    assert facts(tags="quai, gare;quai|reserved").tags == ("quai", "gare", "reserved")


def test_stated_accuracy_overrules_the_default_and_an_unlocated_camera_has_none() -> None:
    ten = replace(PLAIN, position_accuracy_m=10)
    located = facts(ten, lat="48", lon="2").position
    stated = facts(ten, lat="48", lon="2", position_accuracy_m="0").position
    assert located is not None
    assert stated is not None
    assert (located.accuracy_m, stated.accuracy_m) == (10, 0)
    assert facts(ten).position is None


def test_descriptions_are_split_into_streets() -> None:
    assert facts(PLAIN, "Rue A, rue B", "", " Quai C ").streets == ("Rue A", "rue B", "Quai C")


def test_a_place_needs_coordinates_and_is_called_by_its_id_where_it_has_no_name() -> None:
    place = map_place(TextRow("places.csv row 2", ("gdn", "", "", "", "48.88, 2.35", "", "")), None)
    assert (place.native_id, place.name, place.position.lat) == ("gdn", "gdn", 48.88)
    with pytest.raises(Unusable, match="needs coordinates"):
        map_place(TextRow("places.csv row 3", ("gdn", "Gare", "", "", "", "", "")), None)
