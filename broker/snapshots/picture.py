"""Turns what a camera sends into a small picture, or refuses it; and that into a JPEG. Decodes nothing unbounded."""

import struct
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from broker.snapshots.jpeg import stripped

Pixels = NDArray[np.uint8]

MAX_PIXELS: Final = 50_000_000
MAX_SCANNED_PIXELS: Final = 1_000_000_000
"""A progressive JPEG may go over all its pixels in thousands of scans of a few bytes each."""

MAX_SIDE: Final = 1280
JPEG_QUALITY: Final = 82

KEPT_SIDE: Final = 1920
KEPT_BYTES: Final = 512 * 1024
"""A JPEG up to this large is kept as it came, without its metadata: to encode it anew costs as much as to judge it."""

JUDGED_SIDE: Final = 480
"""Twice as wide as the grid of `broker.snapshots.looks`: a quarter of 1920."""

_COLOUR: Final = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}
_GREY: Final = {
    1: cv2.IMREAD_GRAYSCALE,
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
}

_START_OF_FRAME: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""JPEG markers that carry the picture's size (ITU-T T.81, table B.1)."""


class UnusablePicture(ValueError):
    """The bytes are not a picture that may be stored; the message says why."""


_START_OF_SCAN: Final = 0xDA
_SCAN_MARKER: Final = b"\xff\xda"
_JPEG_START: Final = b"\xff\xd8"
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
    if data.startswith(_JPEG_START):
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
            if data.rfind(_END_OF_IMAGE, at) < 0:
                raise UnusablePicture("a JPEG that is cut off before its end")
            return size
        at += 2 + int(struct.unpack(">H", data[at + 2 : at + 4])[0])
    raise UnusablePicture("a JPEG without a frame and a scan")


def decode(data: bytes, max_bytes: int) -> Pixels:
    """The picture in BGR, upright, at most 1280 pixels a side. `UnusablePicture` where the bytes are too many or no
    picture.

    JPEGs are made smaller by whole steps while they are decoded, which costs less than decoding: of 1920 pixels 960 are
    left, of 3840 as many.
    """
    width, height = _checked_size(data, max_bytes)
    picture = _decoded(data, _COLOUR[_step(width, height, MAX_SIDE)])
    scale = MAX_SIDE / max(picture.shape[:2])
    if scale < 1:
        sides = [max(1, round(side * scale)) for side in picture.shape[:2]]
        return np.asarray(cv2.resize(picture, (sides[1], sides[0]), interpolation=cv2.INTER_AREA), np.uint8)
    return picture


def decode_grey(data: bytes, max_bytes: int) -> Pixels:
    """Its brightness alone, upright and just large enough to be judged; refuses what `decode` refuses."""
    width, height = _checked_size(data, max_bytes)
    return _decoded(data, _GREY[_step(width, height, JUDGED_SIDE)])


def as_it_came(data: bytes) -> bytes | None:
    """The very picture without its metadata, where it is no larger than pictures are kept; it must have been decoded.

    None where it has to be encoded anew.
    """
    if len(data) > KEPT_BYTES or not data.startswith(_JPEG_START):
        return None
    width, height = picture_size(data)
    return stripped(data) if max(width, height) <= KEPT_SIDE else None


def _checked_size(data: bytes, max_bytes: int) -> tuple[int, int]:
    if len(data) > max_bytes:
        raise UnusablePicture(f"{len(data)} bytes, over the limit of {max_bytes}")
    width, height = picture_size(data)
    if not width or not height:
        raise UnusablePicture("a picture without pixels")
    if width * height > MAX_PIXELS:
        raise UnusablePicture(f"{width} by {height} pixels, over the limit of {MAX_PIXELS}")
    passes = data.count(_SCAN_MARKER) if data.startswith(_JPEG_START) else 1
    if passes * width * height > MAX_SCANNED_PIXELS:
        raise UnusablePicture(
            f"{passes} scans of {width} by {height} pixels, over {MAX_SCANNED_PIXELS} in all"
        )
    return width, height


def _decoded(data: bytes, how: int) -> Pixels:
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), how)
    except cv2.error as error:
        raise UnusablePicture("the picture cannot be decoded") from error
    if picture is None:
        raise UnusablePicture("the picture cannot be decoded")
    return np.asarray(picture, np.uint8)


def encode(picture: Pixels) -> bytes:
    """A JPEG with nothing of the original but its pixels: no position, no name, no thumbnail."""
    try:
        done, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    except cv2.error as error:
        raise UnusablePicture("the picture cannot be encoded") from error
    if not done:
        raise UnusablePicture("the picture cannot be encoded")
    return encoded.tobytes()


def _step(width: int, height: int, wanted_side: int) -> int:
    """By how much to make the picture smaller: the least that brings it to the wanted side, but leaves a pixel."""
    for step in (1, 2, 4):
        if max(width, height) <= step * wanted_side or min(width, height) < 2 * step:
            return step
    return 8
