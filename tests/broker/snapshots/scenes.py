"""Generated views for machines without footage: many edges of many sizes, other ones for each seed."""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


def view(seed: int = 0, width: int = 640, height: int = 360) -> Picture:
    """A street-like clutter of boxes, the same at any size."""
    return np.asarray(cv2.resize(_drawn(seed), (width, height), interpolation=cv2.INTER_AREA), np.uint8)


@cache
def _drawn(seed: int) -> Picture:
    random = np.random.default_rng(seed)
    picture = np.full((1080, 1920, 3), 120, np.uint8)
    for size in (500, 200, 80, 30, 12):
        for _ in range(40_000 // size):
            left, top = int(random.integers(-size, 1920)), int(random.integers(-size, 1080))
            corner = (
                left + int(random.integers(size // 3, size)),
                top + int(random.integers(size // 3, size)),
            )
            colour = [int(value) for value in random.integers(30, 220, 3)]
            cv2.rectangle(picture, (left, top), corner, colour, -1)
    return picture


def taken(picture: Picture, seed: int, strength: float = 1.5) -> bytes:
    """A JPEG of it with the noise of that moment."""
    grain = np.random.default_rng(seed).normal(0, strength, picture.shape)
    noisy = np.clip(picture + grain, 0, 255).astype(np.uint8)
    return bytes(cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 85])[1])
