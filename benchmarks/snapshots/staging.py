"""Faults staged on real frames, and what is no fault: other light, a swaying mast, weaker compression.

Every picture gets the camera's running clock and leaves as a JPEG, as cameras send it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.snapshots.footage import Picture

Random = np.random.Generator
Fault = Callable[[Picture, Random], Picture]

TURN_DEG: Final = 15.0
SWAY_SHARE: Final = 0.0015
_NOISE_BANK: Final = np.random.default_rng(3).standard_normal((1200, 2200, 3), np.float32)


@dataclass(frozen=True)
class Pair:
    """Two pictures in a row of one camera: a fault shows when both have it."""

    before: bytes
    now: bytes


def usual(frame: Picture, random: Random) -> bytes:
    """As a reference is made of: any light, any compression, sensor noise."""
    lit = with_light(frame, random)
    return as_sent(
        with_noise(swayed(lit, random), random, random.uniform(0, 2)), random, _compression(random)
    )


def pair(frames: list[Picture], random: Random, fault: str) -> Pair:
    """Two frames of other moments under one light, with a fault of `FAULTS`, or none where it is `""`."""
    first, second = (frames[number] for number in random.choice(len(frames), 2, replace=False))
    light, compression, seed = random.integers(1 << 30), _compression(random), random.integers(1 << 30)
    if fault == "freeze":
        still = with_noise(with_light(first, np.random.default_rng(light)), random, random.uniform(0, 2))
        return Pair(as_sent(still, random, compression), as_sent(still, random, compression))
    noise = 0.0 if random.random() < 0.5 else random.uniform(0, 2)

    def seen(frame: Picture) -> bytes:
        lit = swayed(with_light(frame, np.random.default_rng(light)), random)
        if fault:
            lit = FAULTS[fault](lit, np.random.default_rng(seed))
        return as_sent(with_noise(lit, random, noise), random, compression)

    return Pair(seen(first), seen(second))


def as_sent(picture: Picture, random: Random, compression: int) -> bytes:
    """With the running clock in the upper left corner, as a JPEG."""
    drawn = picture.copy()
    scale = drawn.shape[0] / 540
    day, hour, minute, second = random.integers(10, 24, 4)
    cv2.putText(
        drawn,
        f"2026-06-{day} {hour}:{minute}:{second}",
        (int(12 * scale), int(40 * scale)),
        cv2.FONT_HERSHEY_SIMPLEX,
        1.1 * scale,
        (255, 255, 255),
        max(1, int(2 * scale)),
    )
    return bytes(cv2.imencode(".jpg", drawn, [cv2.IMWRITE_JPEG_QUALITY, compression])[1])


def _compression(random: Random) -> int:
    return int(random.integers(65, 93))


def with_light(picture: Picture, random: Random) -> Picture:
    """0.7 to 1.3 times as bright, and another contrast."""
    gain, gamma = random.uniform(0.7, 1.3), random.uniform(0.85, 1.2)
    curve = np.clip(255 * (np.arange(256) / 255) ** gamma * gain, 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(picture, curve), np.uint8)


def swayed(picture: Picture, random: Random) -> Picture:
    """Half of the pictures are shifted by up to 0.15 % of the width."""
    if random.random() < 0.5:
        return picture
    height, width = picture.shape[:2]
    shift = random.uniform(-SWAY_SHARE, SWAY_SHARE, 2) * width
    move = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32)
    return np.asarray(
        cv2.warpAffine(picture, move, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def with_noise(picture: Picture, random: Random, strength: float) -> Picture:
    """Gaussian, of so many grey levels; cut at random out of one large sheet, which is much faster than new noise."""
    height, width = picture.shape[:2]
    top, left = (int(random.integers(0, most)) for most in (1200 - height, 2200 - width))
    sheet = _NOISE_BANK[top : top + height, left : left + width]
    return np.clip(picture + strength * sheet, 0, 255).astype(np.uint8)


def covered(picture: Picture, random: Random) -> Picture:
    """A dark lid, a hand or a bag over most of the view, or paint through which a little is seen."""
    height, width = picture.shape[:2]
    kind = random.integers(3)
    soft: NDArray[np.float32] = np.ones((1, 1, 1), np.float32)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    slope = (columns / width - 0.5) * random.uniform(-30, 30) + (rows / height - 0.5) * random.uniform(
        -30, 30
    )
    colour = random.uniform(5, 60, 3) if kind == 0 else random.uniform(15, 200, 3)
    sheet = np.clip(colour + slope[..., None], 0, 255)
    if kind == 1:
        hidden = np.zeros((height, width), np.float32)
        hidden[:, : int(width * random.uniform(0.85, 1))] = 1
        if random.random() < 0.5:
            hidden = hidden[:, ::-1].copy()
        soft = np.asarray(cv2.GaussianBlur(hidden, (0, 0), width * 0.02), np.float32)[..., None]
    elif kind == 2:
        soft = np.full((1, 1, 1), random.uniform(0.85, 0.97), np.float32)
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), width * 0.02), np.uint8)
    return with_noise(np.clip(soft * sheet + (1 - soft) * picture, 0, 255).astype(np.uint8), random, 1)


def defocused(picture: Picture, random: Random) -> Picture:
    """Each point a disc of 1.5 to 4 % of the width."""
    across = max(3.0, random.uniform(0.015, 0.04) * picture.shape[1])
    half = int(across / 2) + 1
    rows, columns = np.mgrid[-half : half + 1, -half : half + 1]
    disc = (np.hypot(rows, columns) <= across / 2).astype(np.float32)
    return np.asarray(
        cv2.filter2D(picture, -1, disc / disc.sum(), borderType=cv2.BORDER_REFLECT_101), np.uint8
    )


def turned(picture: Picture, random: Random) -> Picture:
    """Turned by 15° to either side, for a lens of 60 to 80°; what comes into view is what was there, mirrored."""
    height, width = picture.shape[:2]
    focal = width / 2 / np.tan(np.radians(random.uniform(60, 80)) / 2)
    angle = np.radians(TURN_DEG if random.random() < 0.5 else -TURN_DEG)
    lens = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    seen = lens @ turn @ np.linalg.inv(lens)
    found = cv2.warpPerspective(
        picture, seen, (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT_101
    )
    return np.asarray(found, np.uint8)


def darkened(picture: Picture, random: Random) -> Picture:
    """2 to 10 % of the light."""
    weak = (picture * random.uniform(0.02, 0.10)).astype(np.uint8)
    return with_noise(weak, random, random.uniform(0.5, 2))


def overexposed(picture: Picture, random: Random) -> Picture:
    found = np.clip(picture * random.uniform(5, 10) + random.uniform(190, 220), 0, 255)
    return np.asarray(found, np.uint8)


def noisy(picture: Picture, random: Random) -> Picture:
    """Noise of 20 to 45 grey levels; a third of the pictures have dead points as well."""
    found = with_noise(picture, random, random.uniform(20, 45))
    if random.random() < 0.3:
        share, points = random.uniform(0.02, 0.1), random.random(picture.shape[:2])
        found[points < share / 2], found[points > 1 - share / 2] = 0, 255
    return found


def without_signal(picture: Picture, random: Random) -> Picture:
    """One bright colour, colour bars, or a text on black."""
    card = np.zeros_like(picture)
    height, width = card.shape[:2]
    kind = random.integers(3)
    if kind == 0:
        card[:] = random.integers(40, 255, 3)
    elif kind == 1:
        for number in range(8):
            colour = (255 * (number & 1), 255 * (number >> 1 & 1), 255 * (number >> 2 & 1))
            card[:, number * width // 8 : (number + 1) * width // 8] = colour
    else:
        at = (int(width * 0.2), height // 2)
        cv2.putText(
            card, "NO SIGNAL", at, cv2.FONT_HERSHEY_SIMPLEX, width / 400, (255, 255, 255), width // 150
        )
    return card


FAULTS: Final[dict[str, Fault]] = {
    "cover": covered,
    "defocus": defocused,
    "turn 15°": turned,
    "freeze": lambda picture, _: picture,
    "dark": darkened,
    "noise": noisy,
    "bright": overexposed,
    "no signal": without_signal,
}
REQUIRED: Final = ("cover", "defocus", "turn 15°", "freeze", "dark", "noise")
