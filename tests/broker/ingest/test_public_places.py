"""A camera that names its place is located by its network's own list, else by a gazetteer, and never by a guess."""

from pathlib import Path

import pytest

from adapters.contract.models import PlaceRecord, Position
from broker.catalog.models import Camera
from tests.broker.catalog.gazetteers.gazetteers import desk, import_rows
from tests.world import TestBroker, camera

ROWS = (
    "1;Gare du Nord;48.88;2.35;200",
    "2;Châtelet;48.85;2.34;250",
    "3;chatelet;48.86;2.30;",
    "own;Stade de France;48.92;2.36;",
    "---;+++;1;1;",
)
OWN = Position(lat=1, lon=1)


@pytest.fixture
async def listed(broker: TestBroker, tmp_path: Path) -> TestBroker:
    await import_rows(broker, tmp_path, *ROWS)
    broker.rail.places = [PlaceRecord(native_id="own", name="Nanterre", position=OWN)]
    return broker


async def located(
    broker: TestBroker, named: str, position: Position | None = None
) -> tuple[Camera, tuple[str, ...]]:
    """The camera that names this place, and what its round rejected."""
    broker.rail.cameras = [camera("c", position=position, place=named)]
    report = await broker.believed("rail-cctv")
    (found,) = await broker.broker.catalog.cameras(["rail-cctv:c"])
    return found, report.reasons


@pytest.mark.parametrize(
    ("named", "place", "name"),
    [
        ("own", "rail-cctv:own", "Nanterre"),
        ("NANTERRE", "rail-cctv:own", "Nanterre"),
        ("gares:2", "gares:2", "Châtelet"),
        ("gares:own", "gares:own", "Stade de France"),
        ("gare  du-Nord", "gares:1", "Gare du Nord"),
        ("stade de france", "gares:own", "Stade de France"),
        ("Elsewhere", None, "Elsewhere"),
        ("+++", None, "+++"),
        ("police-list:own", None, "police-list:own"),
    ],
)
async def test_the_networks_own_place_counts_before_a_gazetteers(
    listed: TestBroker, named: str, place: str | None, name: str
) -> None:
    found, reasons = await located(listed, named)
    assert (found.place, found.place_name, reasons) == (place, name, ())
    assert (found.located is None) == (place is None)
    assert found.position is None


async def test_a_name_of_several_places_locates_nothing_and_says_what_to_do(listed: TestBroker) -> None:
    found, reasons = await located(listed, "Châtelet")
    assert (found.place, found.place_name, found.located) == (None, "Châtelet", None)
    assert reasons == (
        "rail-cctv:c: its place 'Châtelet' names several places: give its id (gares:2, gares:3)",
    )


async def test_one_name_in_two_gazetteers_names_several_places(listed: TestBroker, tmp_path: Path) -> None:
    await import_rows(listed, tmp_path, "x;GARE DU NORD;48.88;2.35;", gazetteer="others")
    found, reasons = await located(listed, "gare du nord")
    assert found.place is None
    assert "give its id (gares:1, others:x)" in reasons[0]


async def test_an_id_that_no_gazetteer_lists_is_told(listed: TestBroker) -> None:
    found, reasons = await located(listed, "gares:99")
    assert (found.place, found.place_name) == (None, "gares:99")
    assert reasons == ("rail-cctv:c: its place 'gares:99' is not in the gazetteer gares",)


@pytest.mark.parametrize("named", ["Châtelet", "gares:99"])
async def test_a_camera_with_coordinates_needs_no_place_to_be_located(listed: TestBroker, named: str) -> None:
    here = Position(lat=2, lon=2)
    found, reasons = await located(listed, named, here)
    assert (found.place, found.place_name, found.located, reasons) == (None, named, here, ())


async def test_a_later_import_and_a_removal_take_effect_at_the_next_round(
    listed: TestBroker, tmp_path: Path
) -> None:
    before, _ = await located(listed, "gares:1")
    assert before.place_position == Position(lat=48.88, lon=2.35, accuracy_m=200)
    await import_rows(listed, tmp_path, "1;Paris Nord;48.881;2.36;")
    moved, _ = await located(listed, "gares:1")
    assert (moved.place_name, moved.place_position) == ("Paris Nord", Position(lat=48.881, lon=2.36))
    await desk(listed.broker.ledger).remove("gares")
    gone, reasons = await located(listed, "gares:1")
    assert (gone.place, gone.place_position, reasons) == (None, None, ())
