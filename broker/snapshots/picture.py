"""Turns what a camera sends into a small JPEG, or refuses it. Sizes are checked before decoding."""

import struct
from typing import Final

import cv2
import numpy as np

MAX_PIXELS: Final = 50_000_000
MAX_SIDE: Final = 1280
JPEG_QUALITY: Final = 82

_START_OF_FRAME: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""JPEG markers that carry the picture's size (ITU-T T.81, table B.1)."""


class UnusablePicture(ValueError):
    """The bytes are not a picture that may be stored; the message says why."""


def picture_size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels as a JPEG's or PNG's header states them, without decoding."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return int(width), int(height)
    if not data.startswith(b"\xff\xd8"):
        raise UnusablePicture("neither a JPEG nor a PNG")
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            break
        marker = data[at + 1]
        if marker == 0xFF or 0xD0 <= marker <= 0xD8:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in _START_OF_FRAME:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return int(width), int(height)
        at += 2 + int(struct.unpack(">H", data[at + 2 : at + 4])[0])
    raise UnusablePicture("a JPEG without a frame header")


def small_jpeg(data: bytes, max_bytes: int) -> bytes:
    """A JPEG of at most 1280 pixels a side. `UnusablePicture` where the bytes are too many or no picture."""
    if len(data) > max_bytes:
        raise UnusablePicture(f"{len(data)} bytes, over the limit of {max_bytes}")
    width, height = picture_size(data)
    if width * height > MAX_PIXELS or not width or not height:
        raise UnusablePicture(f"{width} by {height} pixels, over the limit of {MAX_PIXELS}")
    reduction = cv2.IMREAD_COLOR
    for factor, flag in (
        (8, cv2.IMREAD_REDUCED_COLOR_8),
        (4, cv2.IMREAD_REDUCED_COLOR_4),
        (2, cv2.IMREAD_REDUCED_COLOR_2),
    ):
        if max(width, height) >= factor * MAX_SIDE:
            reduction = flag
            break
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), reduction)
    if picture is None:
        raise UnusablePicture("the picture cannot be decoded")
    scale = MAX_SIDE / max(picture.shape[:2])
    if scale < 1:
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    done, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise UnusablePicture("the picture cannot be encoded")
    return encoded.tobytes()
