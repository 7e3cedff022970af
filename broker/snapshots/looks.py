"""A look: the small grey picture from which quality is judged, with what is measured on it alone.

Every picture, whatever its size and shape, is squeezed onto one grid. Measures leave out the strips at its top and
bottom, where cameras write their name and the time, and what the owner masked.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from broker.snapshots.masks import Masks, covered_grid

Grey = NDArray[np.uint8]
Signal = NDArray[np.float32]

WIDTH: Final = 240
HEIGHT: Final = 136
TOP: Final = 20
BOTTOM: Final = 116
"""Rows `[TOP, BOTTOM)` are measured: 96 of 136, a number that Fourier transforms are quick at."""

COMMON_LEVELS: Final = 8
COARSE: Final = 4
BLOCKS: Final = (15, 8)
EDGE_FLOOR: Final = 4.0
DETAIL_FLOOR: Final = 0.5
NOISE_FLOOR: Final = 1.0
"""What compression alone makes of edges and detail, in grey levels: keeps logarithms of empty pictures finite."""

_NOISE_FILTER: Final = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
"""Blind to edges and shading (J. Immerkær, "Fast noise variance estimation", 1996)."""


@dataclass(frozen=True)
class Detail:
    """In blocks: how strong the finest detail is, and the logarithm of its ratio to detail four times as coarse."""

    fine: Signal
    ratio: Signal


@dataclass(frozen=True)
class Look:
    """`grey` is the whole grid; the numbers are of its measured and unmasked part.

    `noise` and `structure` are logarithms, so that differences of two looks are ratios.
    """

    grey: Grey
    common_share: float
    low: float
    high: float
    highest: float
    noise: float
    structure: float


def look_at(picture: Grey, masks: Masks) -> Look | None:
    """Measures a grey picture; None where masks leave too little of it."""
    free = free_of(masks)
    if free is not None and not free.any():
        return None
    return measure(grid_of(picture), free)


def grid_of(grey: Grey) -> Grey:
    """The picture on the grid, each point the mean of what it stands for."""
    while (
        grey.shape[1] >= 2 * WIDTH and grey.shape[0] >= 2 * HEIGHT
    ):  # halving is far faster than any other ratio
        grey = np.asarray(
            cv2.resize(grey, (grey.shape[1] // 2, grey.shape[0] // 2), interpolation=cv2.INTER_AREA), np.uint8
        )
    shrinks = grey.shape[1] > WIDTH and grey.shape[0] > HEIGHT
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(grey, (WIDTH, HEIGHT), interpolation=how), np.uint8)


@lru_cache(maxsize=1024)
def free_of(masks: Masks) -> NDArray[np.bool_] | None:
    """Measured points that no mask touches, None where there are no masks."""
    if not masks.polygons:
        return None
    covered = cv2.dilate(covered_grid(masks, WIDTH, HEIGHT), np.ones((5, 5), np.uint8))
    free: NDArray[np.bool_] = covered[TOP:BOTTOM] == 0
    return free


def measure(grid: Grey, free: NDArray[np.bool_] | None) -> Look:
    strip = grid[TOP:BOTTOM]
    levels = _histogram(strip, free)
    total = levels.sum()
    reached = np.cumsum(levels) / total
    half = cv2.resize(strip, (WIDTH // 2, (BOTTOM - TOP) // 2), interpolation=cv2.INTER_AREA)
    across = cv2.convertScaleAbs(cv2.Sobel(half, cv2.CV_16S, 1, 0), alpha=0.5)
    down = cv2.convertScaleAbs(cv2.Sobel(half, cv2.CV_16S, 0, 1), alpha=0.5)
    noise = cv2.convertScaleAbs(cv2.filter2D(strip, cv2.CV_16S, _NOISE_FILTER))
    return Look(
        grey=grid,
        common_share=float(np.sort(levels)[-COMMON_LEVELS:].sum() / total),
        low=float(np.searchsorted(reached, 0.10)),
        high=float(np.searchsorted(reached, 0.95)),
        highest=float(np.searchsorted(reached, 0.998)),
        noise=float(np.log(_quantile(np.asarray(noise, np.uint8), free, 0.5) + NOISE_FLOOR)),
        structure=float(
            np.log(_quantile(np.asarray(cv2.add(across, down), np.uint8), free, 0.9) + EDGE_FLOOR)
        ),
    )


def detail_of(grid: Grey) -> Detail:
    strip = grid[TOP:BOTTOM]
    small = cv2.resize(strip, (WIDTH // COARSE, (BOTTOM - TOP) // COARSE), interpolation=cv2.INTER_AREA)
    fine, coarse = _strength(strip), _strength(np.asarray(small, np.uint8))
    return Detail(fine, np.log((fine + DETAIL_FLOOR) / (coarse + DETAIL_FLOOR)))


def _strength(values: Grey) -> Signal:
    """Root of the mean square of the Laplacian in each block."""
    detail = cv2.Laplacian(values, cv2.CV_32F)
    across, down = BLOCKS
    blocks = (detail * detail).reshape(down, values.shape[0] // down, across, values.shape[1] // across)
    strength: Signal = np.sqrt(blocks.mean(axis=(1, 3), dtype=np.float32))
    return strength


def _histogram(values: Grey, free: NDArray[np.bool_] | None) -> NDArray[np.float32]:
    mask = None if free is None else _fitted(free, values.shape)
    return np.asarray(cv2.calcHist([values], [0], mask, [256], [0, 256]), np.float32).ravel()


def _fitted(free: NDArray[np.bool_], shape: tuple[int, ...]) -> Grey:
    points = free.view(np.uint8)
    if points.shape == shape:
        return points
    return np.asarray(cv2.resize(points, shape[::-1], interpolation=cv2.INTER_NEAREST), np.uint8)


def _quantile(values: Grey, free: NDArray[np.bool_] | None, share: float) -> float:
    """Between grey levels too: within a level, points are taken to be spread evenly."""
    reached = np.cumsum(_histogram(values, free))
    wanted = share * reached[-1]
    level = int(np.searchsorted(reached, wanted))
    below = reached[level - 1] if level else 0.0
    return float(level + (wanted - below) / max(reached[level] - below, 1.0))
