"""A JPEG's segments, read without decoding (ITU-T T.81, annex B): what may be kept as it came, and without what."""

import struct
from collections.abc import Iterator
from typing import Final

END_OF_IMAGE: Final = b"\xff\xd9"
_START: Final = b"\xff\xd8"
_START_OF_SCAN: Final = 0xDA
_START_OF_FRAME: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_NEEDED: Final = _START_OF_FRAME | {0xC4, 0xDB, 0xDD, 0xE0, 0xEE}
"""Frames, tables and the restart interval; JFIF and Adobe say how colours are meant. Positions, names, thumbnails and
comments stand in others."""

_USUAL_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended and progressive: what every browser shows."""

_EXIF: Final = b"Exif\0\0"
_ORIENTATION: Final = 0x0112
_UPRIGHT: Final = 1


def stripped(data: bytes) -> bytes | None:
    """The same picture bit for bit, with nothing but what it takes to decode it.

    None where it cannot stay as it came: no common kind of JPEG, not of one or three colours, turned by its metadata,
    or with more than one frame or scan, which only decoding could tell apart.
    """
    parts = [_START]
    frames = 0
    for marker, begin, end in _segments(data):
        if marker == _START_OF_SCAN:
            last = data.find(END_OF_IMAGE, end)
            is_only_scan = data.find(b"\xff\xda", end, last) < 0
            if frames != 1 or last < 0 or not is_only_scan:
                return None
            return b"".join([*parts, data[begin : last + 2]])
        if marker in _START_OF_FRAME:
            frames += 1
            if marker not in _USUAL_FRAMES or end - begin < 10 or data[begin + 9] not in (1, 3):
                return None
        if marker == 0xE1 and _orientation(data[begin + 4 : end]) != _UPRIGHT:
            return None
        if marker in _NEEDED and not (marker in {0xE0, 0xEE} and not _is_colour_note(data[begin + 4 : end])):
            parts.append(data[begin:end])
    return None


def _is_colour_note(body: bytes) -> bool:
    return body[:5] in (b"JFIF\0", b"Adobe") and len(body) <= 16 and body[12:14] in (b"\0\0", b"")


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, begin and end of each segment up to the first scan's header."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        end = at + 2 + int(struct.unpack_from(">H", data, at + 2)[0])
        if end > len(data) or end < at + 4:
            return
        yield marker, at, end
        if marker == _START_OF_SCAN:
            return
        at = end


def _orientation(body: bytes) -> int:
    """As Exif says; 0 where it says what cannot be read."""
    if not body.startswith(_EXIF):
        return _UPRIGHT
    tiff = body[len(_EXIF) :]
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 10:
        return 0
    (first,) = struct.unpack_from(f"{order}I", tiff, 4)
    if first + 2 > len(tiff):
        return 0
    (count,) = struct.unpack_from(f"{order}H", tiff, first)
    for entry in range(first + 2, min(first + 2 + 12 * count, len(tiff) - 11), 12):
        if struct.unpack_from(f"{order}H", tiff, entry)[0] == _ORIENTATION:
            return int(struct.unpack_from(f"{order}H", tiff, entry + 8)[0])
    return _UPRIGHT
