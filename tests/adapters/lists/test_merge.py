"""Several rows make one camera: the first statement counts, later ones fill what is unknown."""

import pytest

from adapters.contract.models import CameraKind, CameraRecord, CameraStatus, Position, View
from adapters.lists.crossings import CrossingIndex
from adapters.lists.mapping import CameraFacts
from adapters.lists.merge import build_record, disagreements, merge_facts
from adapters.lists.rows import TextRow, Unusable

SILENT = CameraFacts(
    where="a.csv row 2",
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
FULL = CameraFacts(
    where="b.csv row 7",
    native_id="c1",
    name="Quai",
    kind=CameraKind.PTZ,
    position=Position(lat=48.85, lon=2.35, accuracy_m=5),
    elevation_m=30.0,
    place="gdn",
    level="-1",
    views=(View(heading_deg=90),),
    status=CameraStatus.UP,
    retention_days=30.0,
    tags=("quai",),
    streets=("Rue A",),
)


def test_a_later_row_fills_all_that_is_unknown() -> None:
    assert merge_facts(SILENT, FULL) == FULL._replace(where=SILENT.where)


def test_the_first_row_is_believed() -> None:
    other = FULL._replace(name="Autre", kind=CameraKind.FIXED, status=CameraStatus.DOWN, elevation_m=0.0)
    assert merge_facts(FULL, other) == FULL


def test_a_camera_reserved_by_any_list_is_reserved() -> None:
    assert merge_facts(FULL, SILENT._replace(tags=("reserved", "quai"))).tags == ("quai", "reserved")


@pytest.mark.parametrize(
    ("lon", "accuracy_m", "told"), [(2.351, 5, True), (2.351, 500, False), (2.35, 0, False)]
)
def test_positions_too_far_apart_to_be_both_right_are_told(lon: float, accuracy_m: float, told: bool) -> None:
    later = FULL._replace(where="c.csv row 3", position=Position(lat=48.85, lon=lon, accuracy_m=accuracy_m))
    notes = list(disagreements(FULL, later))
    assert bool(notes) is told
    assert all(note.where == "c.csv row 3" and "73 m from where b.csv row 7" in note.reason for note in notes)


def test_another_kind_is_told_and_silence_is_not() -> None:
    (note,) = disagreements(FULL, FULL._replace(kind=CameraKind.FIXED))
    assert "calls camera c1 fixed; b.csv row 7 calls it ptz, which is kept" in note.reason
    assert list(disagreements(FULL, SILENT)) == list(disagreements(SILENT, FULL)) == []


def test_a_camera_without_a_name_is_called_by_its_id() -> None:
    record = build_record(SILENT._replace(place="gdn"), None)
    assert record == CameraRecord(native_id="c1", name="c1", place="gdn", status=CameraStatus.UNKNOWN)


def test_stated_coordinates_are_not_replaced_by_a_crossing() -> None:
    crossings = CrossingIndex(10, 200, None)
    crossings.add(TextRow("x.csv row 2", ("A", "B", "48.0", "2.0", "")))
    facts = FULL._replace(streets=("A", "B"))
    assert build_record(facts, crossings).position == FULL.position
    located = build_record(facts._replace(position=None), crossings).position
    assert located == Position(lat=48, lon=2, elevation_m=30, accuracy_m=10)


def test_a_place_is_enough_where_no_crossing_is_found() -> None:
    facts = SILENT._replace(place="gdn", streets=("A", "B"))
    assert build_record(facts, CrossingIndex(10, 200, None)).position is None


def test_a_camera_nowhere_is_refused_with_what_was_tried() -> None:
    with pytest.raises(Unusable, match=r"camera c1 has neither coordinates nor a place$"):
        build_record(SILENT, None)
    with pytest.raises(Unusable, match=r"nor a place; no crossing of its streets is known \('A', 'B'\)"):
        build_record(SILENT._replace(streets=("A", "B")), CrossingIndex(10, 200, None))
