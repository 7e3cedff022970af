"""`sees` for each camera by its own views; the words of the interface are proven by the oracle."""

from geographiclib.geodesic import Geodesic
from hypothesis import assume, given, settings
from hypothesis import strategies as st

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


@settings(deadline=None, max_examples=200)
@given(
    st.floats(0, 359.9), st.floats(1, 359), st.floats(0, 359.9), st.sampled_from([20.0, 45.0, 60.0, 400.0])
)
def test_a_view_sees_half_its_angle_to_either_side_as_far_as_its_range(
    heading_deg: float, fov_deg: float, towards_deg: float, away_m: float
) -> None:
    off_deg = abs((towards_deg - heading_deg + 180) % 360 - 180)
    assume(abs(off_deg - fov_deg / 2) > 0.1)
    stands = Geodesic.WGS84.Direct(*POINT, (towards_deg + 180) % 360, away_m)
    view = View(heading_deg=heading_deg, fov_deg=fov_deg, range_m=50.0)
    camera = catalog_camera("c", stands["lat2"], stands["lon2"], views=(view,))
    assert seen(camera) == {"c": off_deg < fov_deg / 2 and away_m < 50.0}
