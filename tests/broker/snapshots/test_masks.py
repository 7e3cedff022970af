"""What is inside a polygon is gone to the last pixel; what is two pixels outside is as it was."""

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.snapshots.masks import MASK_COLOUR, NO_MASKS, Masks, burn, covered_grid

Shares = st.floats(0, 1, allow_nan=False)
Triangles = st.tuples(*[st.tuples(Shares, Shares)] * 3)


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(1).integers(100, 255, (height, width, 3), dtype=np.uint8)


def distances(masks: Masks, height: int, width: int) -> np.ndarray:
    """Of each pixel's centre to the polygon in pixels, positive inside, as OpenCV's own geometry says."""
    corners = np.array(masks.polygons[0], np.float32) * np.float32([width, height]) - np.float32(0.5)
    return np.array(
        [
            [cv2.pointPolygonTest(corners, (float(column), float(row)), True) for column in range(width)]
            for row in range(height)
        ]
    )


@settings(deadline=None)
@given(Triangles, st.integers(2, 40), st.integers(2, 40))
def test_masking_is_total_inside_and_leaves_the_outside_alone(
    triangle: tuple[tuple[float, float], ...], height: int, width: int
) -> None:
    masks = Masks((triangle,))
    picture = noise(height, width)
    before = picture.copy()
    burn(picture, masks)
    far = distances(masks, height, width)
    assert (picture[far > 0] == MASK_COLOUR).all()
    outside = far < -3
    assert (picture[outside] == before[outside]).all()
    masked = covered_grid(masks, width, height) > 0
    assert (picture[masked] == MASK_COLOUR).all()
    assert (picture[~masked] == before[~masked]).all()


@settings(deadline=None)
@given(st.floats(0.01, 0.99), st.sampled_from([(1080, 1920), (540, 960), (135, 240), (97, 31)]))
def test_a_mask_to_the_edge_leaves_no_line_of_pixels_at_the_edge(share: float, size: tuple[int, int]) -> None:
    picture = noise(*size)
    burn(picture, Masks((((0, 0), (1, 0), (1, share), (0, share)),)))
    rows = max(1, int(share * size[0]))
    assert (picture[:rows] == MASK_COLOUR).all()


def test_several_polygons_hide_each_and_none_hides_nothing() -> None:
    picture = noise(50, 100)
    before = picture.copy()
    burn(picture, NO_MASKS)
    assert (picture == before).all()
    squares = tuple(((x, 0.2), (x + 0.1, 0.2), (x + 0.1, 0.6), (x, 0.6)) for x in (0.1, 0.5))
    burn(picture, Masks(squares))
    assert (picture[15, [12, 52]] == MASK_COLOUR).all()
    assert (picture[15, 35] == before[15, 35]).all()


def test_overlapping_polygons_do_not_open_each_other() -> None:
    square = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9))
    picture = noise(60, 60)
    burn(picture, Masks((square, square)))
    assert (picture[30, 30] == MASK_COLOUR).all()
