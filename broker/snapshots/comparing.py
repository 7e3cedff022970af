"""Whether two looks show the same view: how high their phase correlation stands at no displacement.

Only where brightness changes from point to point counts, not by how much, so that light, contrast and what passes
through change the answer little (C. D. Kuglin, D. C. Hines, "The phase correlation image alignment method", 1975).
"""

from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from broker.snapshots.looks import BLOCKS, BOTTOM, HEIGHT, TOP, WIDTH, Detail, Grey, Signal, free_of
from broker.snapshots.masks import Masks

SWAY: Final = 3
"""Points that a mast may sway, or a stabilised picture drift, and the view be the same: 1.2 % of the width."""

SMOOTHING: Final = 0.7
"""Standard deviation, in points, of what the correlation is smoothed by: the finest detail is mostly noise."""

LEVEL_FLOOR: Final = 8.0
"""Added before the logarithm, so that noise of dark corners weighs no more than detail in the light."""

SURROUNDINGS: Final = 9
"""Points across."""

DETAILED_SHARE: Final = 0.3
"""Of all blocks, those in which sharpness is compared."""

LEAST_DETAIL: Final = 0.002
"""What rounding to grey levels makes of an even surface."""

_ROWS: Final = BOTTOM - TOP
_EMPTY: Final = 1e-3
_SOFT_EDGE: Final = 9

_NEAR: Final = (slice(SWAY + 1), slice(-SWAY, None))
"""Both ends of an axis: the surface wraps around."""

Spectrum = NDArray[np.complex64]


def spectrum(grid: Grey, masks: Masks) -> Spectrum:
    """The Fourier transform of a look's detail, fading out towards its edges and masks.

    Detail is what differs from its surroundings, by ratio. It is cut off at its median, so that a bright lorry on
    a plain road does not outweigh the road.
    """
    light: Signal = np.asarray(cv2.log(grid[TOP:BOTTOM].astype(np.float32) + np.float32(LEVEL_FLOOR)))
    detail = light - cv2.blur(light, (SURROUNDINGS, SURROUNDINGS))
    most = max(float(np.median(np.abs(detail[::2, ::2]))), LEAST_DETAIL)
    found: Spectrum = fft.rfft2(np.clip(detail, -most, most) * _weights(masks))
    return found


def likeness(one: Spectrum, other: Spectrum) -> float:
    """The correlation's height around no displacement, in its standard deviations: 1 to 6 by chance, more for the
    same view."""
    product = one * np.conj(other)
    product *= _smoothing() / (np.abs(product) + np.float32(_EMPTY))
    surface: Signal = fft.irfft2(product, (_ROWS, WIDTH))
    peak: float = max(float(surface[rows, columns].max()) for rows in _NEAR for columns in _NEAR)
    spread = float(surface.std())
    return peak / max(spread, 1e-12)


def sharpness_against(look: Detail, reference: Detail, masks: Masks) -> float | None:
    """How much finer the look's detail is than the reference's, natural logarithm; negative where it is softer.

    The middle of the blocks in which the reference has most detail: what passes through covers the fewer of them. None
    where masks leave none.
    """
    free = free_of(masks)
    finest = reference.fine.copy()
    if free is not None:
        whole = cv2.resize(free.astype(np.float32), BLOCKS, interpolation=cv2.INTER_AREA)
        finest[whole < 1] = -1
    count = min(int(DETAILED_SHARE * finest.size), int(np.count_nonzero(finest >= 0)))
    if not count:
        return None
    chosen = np.argpartition(finest.ravel(), finest.size - count)[-count:]
    middle = np.median((look.ratio - reference.ratio).ravel()[chosen])
    return float(middle)


def halved(grid: Grey) -> Grey:
    """Half the grid each way: what is kept to tell whether the next picture is another."""
    return np.asarray(cv2.resize(grid, (WIDTH // 2, HEIGHT // 2), interpolation=cv2.INTER_AREA), np.uint8)


def changed_share(one: Grey, other: Grey, masks: Masks) -> float:
    """The share of measured points of two halved grids that differ."""
    differ: NDArray[np.bool_] = (one != other)[TOP // 2 : BOTTOM // 2]
    free = free_of(masks)
    if free is None:
        return int(np.count_nonzero(differ)) / int(differ.size)
    kept = free[::2, ::2]
    return int(np.count_nonzero(differ & kept)) / max(1, int(np.count_nonzero(kept)))


@lru_cache(maxsize=1024)
def _weights(masks: Masks) -> Signal:
    window: Signal = np.asarray(cv2.createHanningWindow((WIDTH, _ROWS), cv2.CV_32F))
    free = free_of(masks)
    if free is None:
        return window
    kept = cv2.erode(free.astype(np.float32), np.ones((_SOFT_EDGE, _SOFT_EDGE), np.uint8))
    return np.asarray(window * cv2.blur(kept, (_SOFT_EDGE, _SOFT_EDGE)), np.float32)


@lru_cache(maxsize=1)
def _smoothing() -> Signal:
    rows = np.fft.fftfreq(_ROWS)[:, None]
    columns = np.fft.rfftfreq(WIDTH)[None, :]
    return np.exp(-2 * (np.pi * SMOOTHING) ** 2 * (rows**2 + columns**2)).astype(np.float32)
