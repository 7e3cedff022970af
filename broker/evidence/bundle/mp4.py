"""Whether bytes have the outer structure of an MP4 file (ISO/IEC 14496-12, 4.2); no frame is decoded."""

import struct
from typing import BinaryIO

_HEADER = 8
_WIDE_HEADER = 16
_MOST_BOXES = 200_000


def structure_fault(file: BinaryIO, start: int, size: int) -> str | None:
    """Why the `size` bytes from `start` are no complete MP4 file; None where they are.

    The top-level boxes must fill them exactly, begin with `ftyp`, and hold `moov` and media data.
    """
    kinds: set[bytes] = set()
    position = 0
    for _ in range(_MOST_BOXES):
        if position == size:
            break
        file.seek(start + position)
        header = file.read(min(_WIDE_HEADER, size - position))
        if len(header) < _HEADER:
            return f"it ends inside a box at byte {position}"
        length, kind = struct.unpack_from(">I4s", header)
        least = _HEADER
        if length == 1 and len(header) == _WIDE_HEADER:
            (length,) = struct.unpack_from(">Q", header, _HEADER)
            least = _WIDE_HEADER
        elif length == 0:
            length = size - position
        if not least <= length <= size - position:
            return f"the box at byte {position} does not fit"
        if position == 0 and kind != b"ftyp":
            return "it does not begin as an MP4 file"
        kinds.add(kind)
        position += length
    if position != size:
        return "it has too many parts"
    if b"moov" not in kinds or b"mdat" not in kinds:
        return "it holds no description or no media"
    return None
