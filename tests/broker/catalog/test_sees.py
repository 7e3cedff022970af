"""`sees` is true only where it is stated and inside, false only where it is stated and outside, else null."""

import numpy as np
from geographiclib.geodesic import Geodesic
from hypothesis import assume, given
from hypothesis import strategies as st

from adapters.contract.models import CameraKind, Position, View
from broker.catalog.columns import sees_point
from broker.catalog.geometry import SEES, SEES_NOT, UNKNOWN
from broker.catalog.models import Camera
from tests.broker.catalog.catalogs import catalog_camera

POINT = (48.8809, 2.3553)
MARGIN_M, MARGIN_DEG = 0.5, 0.5

VIEWS = st.builds(
    View,
    heading_deg=st.none() | st.floats(0, 359.9),
    fov_deg=st.none() | st.floats(1, 360) | st.just(360.0),
    range_m=st.none() | st.floats(1, 500),
)


@st.composite
def seen_from(draw: st.DrawFn) -> tuple[Camera, float, float]:
    """A camera somewhere around the point, with the true distance and bearing from it to the point."""
    away_m, heading = draw(st.floats(1, 600)), draw(st.floats(0, 360))
    there = Geodesic.WGS84.Direct(*POINT, heading, away_m)
    line = Geodesic.WGS84.Inverse(there["lat2"], there["lon2"], *POINT)
    accuracy = draw(st.none() | st.floats(0, 300))
    camera = catalog_camera(
        "c",
        kind=draw(st.none() | st.sampled_from(CameraKind)),
        position=Position(lat=there["lat2"], lon=there["lon2"], accuracy_m=accuracy),
        views=tuple(draw(st.lists(VIEWS, max_size=3))),
    )
    return camera, line["s12"], line["azi1"] % 360


def sector_sees(view: View, away_m: float, bearing: float) -> bool | None:
    """By the words of the interface, for one sector."""
    stated_angle = view.fov_deg is not None and (view.fov_deg >= 360 or view.heading_deg is not None)
    inside_angle = None
    if stated_angle:
        assert view.fov_deg is not None
        off_deg = abs((bearing - (view.heading_deg or 0.0) + 180) % 360 - 180)
        assume(view.fov_deg >= 360 or abs(off_deg - view.fov_deg / 2) > MARGIN_DEG)
        inside_angle = view.fov_deg >= 360 or off_deg < view.fov_deg / 2
    inside_range = None
    if view.range_m is not None:
        assume(abs(view.range_m - away_m) > MARGIN_M)
        inside_range = away_m < view.range_m
    if inside_angle is False or inside_range is False:
        return False
    return True if inside_angle and inside_range else None


@given(seen_from())
def test_sees_means_what_the_interface_says(case: tuple[Camera, float, float]) -> None:
    camera, away_m, bearing = case
    assert camera.position is not None
    accuracy = camera.position.accuracy_m or 0.0
    assume(abs(accuracy - away_m) > MARGIN_M)
    sectors = [sector_sees(view, away_m, bearing) for view in camera.views]
    expected: int
    if camera.kind is CameraKind.PTZ or not sectors or accuracy > away_m:
        expected = UNKNOWN
    elif True in sectors:
        expected = SEES
    else:
        expected = UNKNOWN if None in sectors else SEES_NOT
    assert sees_point([camera], *POINT, np.array([away_m])).tolist() == [expected]


def test_a_panoramic_camera_sees_all_round_without_a_heading() -> None:
    camera = catalog_camera("c", 48.8809, 2.3554, views=(View(fov_deg=360.0, range_m=50.0),))
    assert sees_point([camera], *POINT, np.array([7.3])).tolist() == [SEES]


def test_a_camera_known_by_its_place_only_is_never_said_to_see_or_not() -> None:
    camera = catalog_camera(
        "c", place_position=Position(lat=48.8809, lon=2.3554), views=(View(heading_deg=0, fov_deg=90),)
    )
    assert sees_point([camera], *POINT, np.array([7.3])).tolist() == [UNKNOWN]


def test_each_camera_is_answered_for_by_its_own_views() -> None:
    east = View(heading_deg=90.0, fov_deg=90.0, range_m=50.0)
    west = View(heading_deg=270.0, fov_deg=90.0, range_m=50.0)
    cameras = [
        catalog_camera("yes", 48.8809, 2.3550, views=(west, east)),
        catalog_camera("none", 48.8809, 2.3550),
        catalog_camera("no", 48.8809, 2.3550, views=(west,)),
        catalog_camera("lost", views=(east,)),
    ]
    found = sees_point(cameras, *POINT, np.full(4, 22.0))
    assert found.tolist() == [SEES, UNKNOWN, SEES_NOT, UNKNOWN]
