"""Areas over many points: the grid that spares measuring says the same as measuring each."""

import numpy as np
import pytest
import shapely

from broker.agencies.covering import FEW, points_inside


@pytest.mark.parametrize("seed", range(3))
def test_many_points_are_told_apart_as_each_by_itself(seed: int) -> None:
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    radius = 0.3 + 0.1 * rng.random(200)
    outline = np.c_[2.35 + radius * np.cos(angle), 48.85 + radius * np.sin(angle)]
    area = shapely.difference(shapely.Polygon(outline), shapely.box(2.3, 48.8, 2.36, 48.9))
    lon, lat = 2.35 + rng.normal(0, 0.2, 3 * FEW), 48.85 + rng.normal(0, 0.2, 3 * FEW)
    lon[:200], lat[:200] = outline.T
    expected = shapely.intersects_xy(area, lon, lat)
    assert (points_inside(area, lon, lat) == expected).all()
    assert 0.1 < expected.mean() < 0.9


def test_points_on_the_outline_of_a_box_are_inside() -> None:
    side = np.linspace(0, 1, FEW)
    area = shapely.box(0, 0, 1, 1)
    for fixed in (0.0, 1.0):
        assert points_inside(area, np.full(FEW, fixed), side).all()
        assert points_inside(area, side, np.full(FEW, fixed)).all()
    assert not points_inside(area, np.full(FEW, np.nextafter(1, 2)), side).any()
