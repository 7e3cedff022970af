"""What a demo camera looks at: a drawn street or platform with things that move through it.

A picture is a pure function of the scene's seed and the time, so that two programs that film the same
instant get the same picture. Pictures are I420 (planes Y, U, V), the layout that H.264 encoders take, so no
frame is converted. It draws shapes, never a face or anything that could be taken for a real person.
"""

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from broker.demo.pixel_clock import ROWS, ROWS_IN_FRAME

Plane = NDArray[np.uint8]
Colour = tuple[int, int, int]


class Setting(StrEnum):
    STREET = "street"
    PLATFORM = "platform"


@dataclass(frozen=True)
class Planes:
    """One picture in I420; U and V have half the width and height of Y."""

    y: Plane
    u: Plane
    v: Plane

    @classmethod
    def from_bgr(cls, image: NDArray[np.uint8]) -> "Planes":
        """Converts `(height, width, 3)`, both even."""
        height, width = image.shape[:2]
        packed = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420), dtype=np.uint8)
        return cls.from_packed(packed, width, height)

    @classmethod
    def from_packed(cls, packed: Plane, width: int, height: int) -> "Planes":
        """Views into one array `(height * 3 / 2, width)`: writing to the planes writes to it."""
        flat = packed.reshape(-1)
        luma, chroma = width * height, width * height // 4
        return cls(
            y=flat[:luma].reshape(height, width),
            u=flat[luma : luma + chroma].reshape(height // 2, width // 2),
            v=flat[luma + chroma :].reshape(height // 2, width // 2),
        )


@dataclass(frozen=True)
class Mover:
    """Something that crosses the picture again and again, at `speed_px_s` (negative: to the left).

    It comes back after `lap_px`, which is at least the picture's width and its own.
    """

    picture: Planes
    mask: NDArray[np.bool_]
    top_px: int
    speed_px_s: int
    lap_px: int
    head_start_px: int

    def left_px(self, ms: int) -> int:
        """Where its left edge is at a time in milliseconds; even, as I420's chroma asks."""
        travelled = self.head_start_px + self.speed_px_s * ms // 1000
        return (travelled % self.lap_px - int(self.mask.shape[1])) & ~1

    def draw(self, target: Planes, left_px: int) -> None:
        width = self.mask.shape[1]
        first, last = max(0, -left_px), min(width, target.y.shape[1] - left_px)
        if first >= last:
            return
        mask = self.mask[:, first:last]
        _paste(target.y, self.picture.y[:, first:last], mask, self.top_px, left_px + first)
        half = slice(first // 2, last // 2)
        for plane, source in ((target.u, self.picture.u), (target.v, self.picture.v)):
            _paste(plane, source[:, half], mask[::2, ::2], self.top_px // 2, (left_px + first) // 2)


def _paste(target: Plane, source: Plane, mask: NDArray[np.bool_], top_px: int, left_px: int) -> None:
    height, width = mask.shape
    np.copyto(target[top_px : top_px + height, left_px : left_px + width], source, where=mask)


class Scene:
    """A background and its movers, all drawn from `seed` for one size; width and height even."""

    def __init__(self, setting: Setting, seed: int, width: int, height: int) -> None:
        self._width = width
        self._height = height
        random = np.random.default_rng(seed)
        painter = _platform if setting is Setting.PLATFORM else _street
        background, self._movers = painter(random, width, height)
        # Clock and caption are grey: without colour beneath them they are drawn in the Y plane alone.
        strip_px = height * ROWS // ROWS_IN_FRAME
        background[: strip_px + 1] = 16
        background[-height // ROWS_IN_FRAME :] = 16
        converted = Planes.from_bgr(background)
        self._packed = np.concatenate([converted.y.ravel(), converted.u.ravel(), converted.v.ravel()])
        self._packed = self._packed.reshape(height * 3 // 2, width)

    def picture(self, ms: int) -> Plane:
        """The picture at a time in milliseconds since 1970: a new I420 array `(height * 3 / 2, width)`."""
        packed = self._packed.copy()
        planes = Planes.from_packed(packed, self._width, self._height)
        for mover in self._movers:
            mover.draw(planes, mover.left_px(ms))
        return packed


def _street(
    random: np.random.Generator, width: int, height: int
) -> tuple[NDArray[np.uint8], tuple[Mover, ...]]:
    """House fronts, a pavement, and a carriageway with one lane each way."""
    image = np.zeros((height, width, 3), dtype=np.uint8)
    pavement, road = int(height * random.uniform(0.44, 0.52)) & ~1, int(height * 0.62) & ~1
    image[:pavement] = (214, 196, 178)
    left = 0
    while left < width:
        front = int(width * random.uniform(0.12, 0.24))
        roof = int(height * random.uniform(0.13, 0.24))
        shade = _shade(random, 110, 190)
        cv2.rectangle(image, (left, roof), (left + front - 3, pavement), shade, -1)
        _windows(image, left, roof, front, pavement, random)
        left += front
    image[pavement:road] = (150, 152, 156)
    image[road:] = (78, 76, 74)
    for dash in range(0, width, width // 10):
        cv2.rectangle(
            image, (dash, int(height * 0.775)), (dash + width // 20, int(height * 0.785)), (225,) * 3, -1
        )
    far_lane, near_lane = int(height * 0.64), int(height * 0.80)
    movers = [_walker(random, width, height, pavement) for _ in range(3)]
    movers += [_car(random, width, height, far_lane, -1, 0.11) for _ in range(2)]
    movers += [_car(random, width, height, near_lane, 1, 0.13) for _ in range(2)]
    return image, tuple(movers)


def _platform(
    random: np.random.Generator, width: int, height: int
) -> tuple[NDArray[np.uint8], tuple[Mover, ...]]:
    """A tiled wall behind a track, a platform in front of it, and a train that comes by."""
    image = np.zeros((height, width, 3), dtype=np.uint8)
    track, edge = int(height * 0.52) & ~1, int(height * 0.60) & ~1
    image[:track] = _shade(random, 160, 215)
    tile = int(random.integers(18, 30))
    for x in range(0, width, tile):
        cv2.line(image, (x, 0), (x, track), (140, 140, 140), 1)
    for y in range(0, track, tile // 2):
        cv2.line(image, (0, y), (width, y), (140, 140, 140), 1)
    for x in range(int(random.integers(10, 60)), width, width // 3):
        cv2.rectangle(
            image, (x, int(height * 0.2)), (x + width // 6, int(height * 0.4)), _shade(random, 60, 230), -1
        )
    image[track:edge] = (52, 54, 58)
    image[edge:] = _shade(random, 120, 150)
    image[edge : edge + 5] = (60, 210, 235)
    train = _train(random, width, height, edge)
    distances = (0.02, 0.06, 0.10, 0.14)
    return image, (train, *(_walker(random, width, height, edge + int(height * far)) for far in distances))


def _shade(random: np.random.Generator, low: int, high: int) -> Colour:
    blue, green, red = (int(value) for value in random.integers(low, high, 3))
    return blue, green, red


def _windows(
    image: NDArray[np.uint8], left: int, roof: int, front: int, floor: int, random: np.random.Generator
) -> None:
    pane, step = max(4, front // 8), max(9, front // 4)
    glass = _shade(random, 50, 110)
    for y in range(roof + 6, floor - 2 * pane, 2 * pane + 4):
        for x in range(left + pane, left + front - 2 * pane, step):
            cv2.rectangle(image, (x, y), (x + pane, y + pane + 4), glass, -1)


def _car(
    random: np.random.Generator, width: int, height: int, top: int, direction: int, share: float
) -> Mover:
    length, tall = int(width * random.uniform(0.15, 0.22)) & ~1, int(height * share) & ~1
    body, glass, tyre = _shade(random, 40, 230), (120, 100, 80), (20, 20, 20)
    image = np.zeros((tall, length, 3), dtype=np.uint8)
    cv2.rectangle(image, (0, tall // 3), (length - 1, tall * 4 // 5), body, -1)
    cv2.rectangle(image, (length // 5, 1), (length * 4 // 5, tall // 2), glass, -1)
    for x in (length // 5, length * 4 // 5):
        cv2.circle(image, (x, tall * 3 // 4), tall // 5, tyre, -1)
    return _mover(random, image, width, top, direction * int(random.integers(60, 150)), laps=3)


def _walker(random: np.random.Generator, width: int, height: int, feet: int) -> Mover:
    """A plain figure: a disc on a rectangle."""
    tall = int(height * random.uniform(0.11, 0.15)) & ~1
    wide = (tall // 3) & ~1
    image = np.zeros((tall, wide, 3), dtype=np.uint8)
    cv2.circle(image, (wide // 2, tall // 8), tall // 9, (150, 170, 200), -1)
    cv2.rectangle(image, (1, tall // 4), (wide - 2, tall * 2 // 3), _shade(random, 30, 210), -1)
    cv2.rectangle(image, (2, tall * 2 // 3), (wide - 3, tall - 1), _shade(random, 20, 110), -1)
    speed = int(random.integers(12, 36)) * int(random.choice((-1, 1)))
    return _mover(random, image, width, (feet + int(height * 0.16) - tall) & ~1, speed, laps=2)


def _train(random: np.random.Generator, width: int, height: int, edge: int) -> Mover:
    length, tall = int(width * 0.9) & ~1, int(height * 0.30) & ~1
    image = np.zeros((tall, length, 3), dtype=np.uint8)
    image[:] = _shade(random, 90, 220)
    image[tall * 3 // 4 :] = _shade(random, 40, 90)
    for x in range(8, length - 20, 46):
        cv2.rectangle(image, (x, tall // 5), (x + 26, tall // 2), (70, 60, 50), -1)
    speed = 110 * int(random.choice((-1, 1)))
    return _mover(random, image, width, (edge - tall - 2) & ~1, speed, laps=6)


def _mover(
    random: np.random.Generator, image: NDArray[np.uint8], width: int, top: int, speed_px_s: int, laps: int
) -> Mover:
    """`laps`: how many picture widths it travels before it comes back."""
    lap_px = width * laps + image.shape[1]
    return Mover(
        picture=Planes.from_bgr(image),
        mask=np.asarray(image.max(axis=2) > 0, dtype=np.bool_),
        top_px=top & ~1,
        speed_px_s=speed_px_s,
        lap_px=lap_px,
        head_start_px=int(random.integers(0, lap_px)),
    )
