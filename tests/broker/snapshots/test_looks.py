"""A look says the same of a picture at any size, and nothing of what is masked."""

import numpy as np
import pytest

from broker.snapshots.comparing import changed_share, halved, likeness, sharpness_against, spectrum
from broker.snapshots.looks import HEIGHT, WIDTH, Look, detail_of, look_at
from broker.snapshots.masks import NO_MASKS, Masks
from tests.broker.snapshots.scenes import view

LEFT = Masks((((0, 0), (0.5, 0), (0.5, 1), (0, 1)),))


def look(seed: int, width: int = 640, height: int = 360, masks: Masks = NO_MASKS) -> Look:
    found = look_at(view(seed, width, height)[:, :, 1], masks)
    assert found is not None
    return found


@pytest.mark.parametrize("size", [(1920, 1080), (1280, 720), (704, 576), (480, 270), (360, 640)])
def test_measures_of_a_picture_are_those_of_it_at_another_size(size: tuple[int, int]) -> None:
    one, other = look(4), look(4, *size)
    assert other.grey.shape == (HEIGHT, WIDTH)
    for measure in ("common_share", "low", "high", "highest", "structure"):
        assert getattr(other, measure) == pytest.approx(getattr(one, measure), rel=0.1, abs=0.05), measure
    assert likeness(spectrum(other.grey, NO_MASKS), spectrum(one.grey, NO_MASKS)) > 30


@pytest.mark.parametrize("size", [(2, 2), (3, 500), (500, 3), (1, 1)])
def test_the_smallest_pictures_have_a_look_too(size: tuple[int, int]) -> None:
    found = look_at(np.full(size, 90, np.uint8), NO_MASKS)
    assert found is not None and found.low == found.high == 90


def test_only_the_same_view_is_alike() -> None:
    one = spectrum(look(4).grey, NO_MASKS)
    assert likeness(one, one) > 60
    for other in (5, 6, 7):
        assert likeness(one, spectrum(look(other).grey, NO_MASKS)) < 6
    moved = np.roll(look(4).grey, 30, axis=1)
    assert likeness(one, spectrum(moved, NO_MASKS)) < 6
    swayed = np.roll(look(4).grey, (1, 2), axis=(0, 1))
    assert likeness(one, spectrum(swayed, NO_MASKS)) > 30


def test_an_empty_look_is_like_none_and_gives_numbers() -> None:
    empty = np.full((HEIGHT, WIDTH), 100, np.uint8)
    for other in (empty, look(4).grey):
        found = likeness(spectrum(empty, NO_MASKS), spectrum(other, NO_MASKS))
        assert np.isfinite(found) and found < 6


def test_what_is_masked_changes_no_measure() -> None:
    grid = look(4).grey.copy()
    other = grid.copy()
    other[:, : WIDTH // 2 - 4] = 255 - other[:, : WIDTH // 2 - 4]
    one, two = (look_at(each, LEFT) for each in (grid, other))
    assert one is not None and two is not None
    for measure in ("common_share", "low", "high", "highest", "noise", "structure"):
        assert getattr(one, measure) == getattr(two, measure)
    assert changed_share(halved(grid), halved(other), LEFT) == 0
    assert changed_share(halved(grid), halved(other), NO_MASKS) > 0.3
    assert likeness(spectrum(grid, LEFT), spectrum(other, LEFT)) > 60
    assert sharpness_against(detail_of(grid), detail_of(other), LEFT) == pytest.approx(0, abs=0.01)


def test_masks_without_a_whole_block_left_say_nothing_of_sharpness() -> None:
    stripes = tuple(
        ((x, 0.0), (x + 0.03, 0.0), (x + 0.03, 1.0), (x, 1.0)) for x in np.arange(0, 0.97, 0.05).tolist()
    )
    grid = look(4).grey
    assert sharpness_against(detail_of(grid), detail_of(grid), Masks(stripes)) is None


def test_a_mask_over_everything_leaves_no_look() -> None:
    assert look_at(view(4)[:, :, 1], Masks((((0, 0), (1, 0), (1, 1), (0, 1)),))) is None
