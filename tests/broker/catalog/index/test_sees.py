"""`sees` for each camera by its own views; the words of the interface are proven by the oracle."""

from adapters.contract.models import CameraKind, Position, View
from broker.catalog.models import Camera
from broker.catalog.questions import Along, Question, Radius
from tests.broker.catalog.catalogs import catalog_camera
from tests.broker.catalog.index.indexes import ask, index_of
from tests.world import NOW

POINT = (48.8809, 2.3553)
EAST = View(heading_deg=90.0, fov_deg=90.0, range_m=50.0)
WEST = View(heading_deg=270.0, fov_deg=90.0, range_m=50.0)


def seen(*cameras: Camera) -> dict[str, bool | None]:
    hits = ask(index_of(cameras), Question(area=Radius(*POINT, 500), as_of=NOW, limit=100)).hits
    return {hit.camera_id.partition(":")[2]: hit.sees for hit in hits}


def test_each_camera_is_answered_for_by_its_own_views() -> None:
    assert seen(
        catalog_camera("yes", 48.8809, 2.3550, views=(WEST, EAST)),
        catalog_camera("none", 48.8809, 2.3550),
        catalog_camera("no", 48.8809, 2.3550, views=(WEST,)),
        catalog_camera("ptz", 48.8809, 2.3550, views=(EAST,), kind=CameraKind.PTZ),
        catalog_camera("vague", position=Position(lat=48.8809, lon=2.3550, accuracy_m=30), views=(EAST,)),
        catalog_camera("unsaid", 48.8809, 2.3550, views=(View(heading_deg=90.0, fov_deg=90.0),)),
        catalog_camera("short", 48.8809, 2.3550, views=(View(range_m=10.0),)),
        catalog_camera("round", 48.8809, 2.3550, views=(View(fov_deg=360.0, range_m=50.0),)),
    ) == {
        "yes": True,
        "none": None,
        "no": False,
        "ptz": None,
        "vague": None,
        "unsaid": None,
        "short": False,
        "round": True,
    }


def test_a_camera_known_by_its_place_only_is_never_said_to_see_or_not() -> None:
    assert seen(catalog_camera("c", place_position=Position(lat=48.8809, lon=2.3554), views=(EAST,))) == {
        "c": None
    }


def test_along_a_line_it_is_the_nearest_point_of_the_line_that_is_seen() -> None:
    line = Along(((2.3553, 48.879), (2.3553, 48.883)), 100)
    cameras = [
        catalog_camera("looks", 48.8809, 2.3550, views=(EAST,)),
        catalog_camera("turned", 48.8809, 2.3550, views=(WEST,)),
    ]
    hits = ask(index_of(cameras), Question(area=line, as_of=NOW, limit=100)).hits
    assert {hit.camera_id.partition(":")[2]: hit.sees for hit in hits} == {"looks": True, "turned": False}


def test_a_camera_at_the_very_point_is_asked_too_much() -> None:
    assert seen(catalog_camera("here", *POINT, views=(EAST,))) == {"here": None}
