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


_START_OF_SCAN: Final = 0xDA
_END_OF_IMAGE: Final = b"\xff\xd9"
_PNG_HEADER: Final = b"\x89PNG\r\n\x1a\n"
_PNG_END: Final = b"\0\0\0\0IEND\xae\x42\x60\x82"
"""The last chunk of a PNG with its checksum (ISO/IEC 15948, 11.2.5)."""


def picture_size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels as a JPEG's or PNG's header states them, without decoding.

    `UnusablePicture` also where the picture is cut off: decoders would fill the rest with grey.
    """
    if data.startswith(_PNG_HEADER):
        return _png_size(data)
    if data.startswith(b"\xff\xd8"):
        return _jpeg_size(data)
    raise UnusablePicture("neither a JPEG nor a PNG")


def _png_size(data: bytes) -> tuple[int, int]:
    if len(data) < 24 or data[12:16] != b"IHDR":
        raise UnusablePicture("a PNG without its header")
    if _PNG_END not in data:
        raise UnusablePicture("a PNG that is cut off before its end")
    width, height = struct.unpack(">II", data[16:24])
    return int(width), int(height)


def _jpeg_size(data: bytes) -> tuple[int, int]:
    size: tuple[int, int] | None = None
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF or 0xD0 <= marker <= 0xD8:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in _START_OF_FRAME and size is None and at + 9 <= len(data):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            size = int(width), int(height)
        if marker == _START_OF_SCAN and size is not None:
            if data.find(_END_OF_IMAGE, at) < 0:
                raise UnusablePicture("a JPEG that is cut off before its end")
            return size
        at += 2 + int(struct.unpack(">H", data[at + 2 : at + 4])[0])
    raise UnusablePicture("a JPEG without a frame and a scan")


def small_jpeg(data: bytes, max_bytes: int) -> bytes:
    """A JPEG of at most 1280 pixels a side. `UnusablePicture` where the bytes are too many or no picture."""
    if len(data) > max_bytes:
        raise UnusablePicture(f"{len(data)} bytes, over the limit of {max_bytes}")
    width, height = picture_size(data)
    if not width or not height:
        raise UnusablePicture("a picture without pixels")
    if width * height > MAX_PIXELS:
        raise UnusablePicture(f"{width} by {height} pixels, over the limit of {MAX_PIXELS}")
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), _reduction(width, height))
        if picture is None:
            raise UnusablePicture("the picture cannot be decoded")
        scale = MAX_SIDE / max(picture.shape[:2])
        if scale < 1:
            sides = [max(1, round(side * scale)) for side in picture.shape[:2]]
            picture = cv2.resize(picture, (sides[1], sides[0]), interpolation=cv2.INTER_AREA)
        done, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    except cv2.error as error:
        raise UnusablePicture("the picture cannot be decoded") from error
    if not done:
        raise UnusablePicture("the picture cannot be encoded")
    return encoded.tobytes()


def _reduction(width: int, height: int) -> int:
    """How much smaller the decoder may make it at once: not below the wanted size, nor below a pixel."""
    for factor, flag in (
        (8, cv2.IMREAD_REDUCED_COLOR_8),
        (4, cv2.IMREAD_REDUCED_COLOR_4),
        (2, cv2.IMREAD_REDUCED_COLOR_2),
    ):
        if max(width, height) >= factor * MAX_SIDE and min(width, height) >= factor:
            return flag
    return cv2.IMREAD_COLOR
