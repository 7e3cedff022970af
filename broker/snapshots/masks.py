"""What an owner hides of a camera's picture: polygons over it as it is shown, burned in before anything is kept."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Corner = tuple[float, float]

MASK_COLOUR: Final = (96, 96, 96)
_SUBPIXEL_BITS: Final = 8
_PRECISION: Final = 1 << _SUBPIXEL_BITS


@dataclass(frozen=True)
class Masks:
    """Polygons of corners `(x, y)`, from 0, 0 at the upper left to 1, 1 at the lower right of the picture as shown."""

    polygons: tuple[tuple[Corner, ...], ...] = ()


NO_MASKS: Final = Masks()


def burn(picture: NDArray[np.uint8], masks: Masks) -> None:
    """Fills what is masked with one grey, in place: every pixel that a polygon touches."""
    _fill(picture, masks, MASK_COLOUR)


def covered_grid(masks: Masks, width: int, height: int) -> NDArray[np.uint8]:
    """1 where a mask touches the point, 0 elsewhere."""
    grid = np.zeros((height, width), np.uint8)
    _fill(grid, masks, (1,))
    return grid


def _fill(target: NDArray[np.uint8], masks: Masks, colour: tuple[int, ...]) -> None:
    height, width = target.shape[:2]
    # pixel centres lie at whole numbers in OpenCV: the picture's edge is half a pixel further out
    scale, shift = np.array([width, height]), np.array([0.5, 0.5])
    for polygon in masks.polygons:
        corners = np.round((np.array(polygon) * scale - shift) * _PRECISION).astype(np.int32)
        cv2.fillPoly(target, [corners], colour, cv2.LINE_8, _SUBPIXEL_BITS)
        # fillPoly leaves pixels out whose centre lies outside by a hair: the outline takes all that it touches
        cv2.polylines(target, [corners], True, colour, 3, cv2.LINE_8, _SUBPIXEL_BITS)
