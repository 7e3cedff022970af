from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.demo.scene import Planes, Scene, Setting

MINUTE_MS = 60_000
NOON_MS = 1_772_366_400_000


@pytest.mark.parametrize("setting", Setting)
def test_the_same_instant_gives_the_same_picture(setting: Setting) -> None:
    one, other = Scene(setting, 7, 512, 288), Scene(setting, 7, 512, 288)
    one.picture(NOON_MS + MINUTE_MS)
    assert np.array_equal(one.picture(NOON_MS), other.picture(NOON_MS))


@pytest.mark.parametrize("setting", Setting)
def test_scenes_of_different_seeds_differ(setting: Setting) -> None:
    one, other = (Scene(setting, seed, 512, 288).picture(NOON_MS) for seed in (1, 2))
    assert (one != other).mean() > 0.1


@pytest.mark.parametrize("setting", Setting)
@pytest.mark.parametrize("seed", range(4))
def test_something_moves_in_every_second_or_two(setting: Setting, seed: int) -> None:
    scene = Scene(setting, seed, 512, 288)
    seconds = [scene.picture(NOON_MS + 1000 * second) for second in range(30)]
    still = [np.array_equal(before, after) for before, after in pairwise(seconds)]
    assert sum(still) < 10


@given(
    st.sampled_from(Setting),
    st.integers(0, 2**32 - 1),
    st.integers(8, 40),
    st.integers(18, 90),
    st.integers(0, 2**42),
)
@settings(max_examples=60, deadline=None)
def test_every_size_and_time_can_be_drawn_with_grey_beneath_clock_and_caption(
    setting: Setting, seed: int, columns: int, rows: int, ms: int
) -> None:
    width, height = columns * 32, rows * 8
    packed = Scene(setting, seed, width, height).picture(ms)
    assert packed.shape == (height * 3 // 2, width)
    planes = Planes.from_packed(packed, width, height)
    for plane in (planes.u, planes.v):
        assert (np.abs(plane[: height // 18].astype(int) - 128) <= 1).all()
        assert (np.abs(plane[-(height // 36) :].astype(int) - 128) <= 1).all()
