"""How much of an AVI file is whole. Owns the walk over RIFF chunks (OpenDML 1.02); decodes none.

A finished file states the size of each of its RIFF parts. One that is still being written, or that lost power, states
nothing or more than there is: it is whole up to its last complete chunk of media.
"""

import os
import struct
from typing import BinaryIO, NamedTuple

RIFF, LIST = b"RIFF", b"LIST"
PARTS = frozenset({b"AVI ", b"AVIX"})
HEADER_BYTES = 12
_OPEN_SIZES = frozenset({0, 0xFFFFFFFF})
"""What writers put where they do not know the size yet."""


class AviLayout(NamedTuple):
    """`whole_bytes` of `size`; `has_media` tells that something of the media is among them."""

    size: int
    whole_bytes: int
    has_media: bool


class _Chunk(NamedTuple):
    kind: bytes
    form: bytes
    body: int
    end: int | None


def is_avi(head: bytes) -> bool:
    """Whether the first 12 bytes open an AVI file."""
    return head[:4] == RIFF and head[8:12] == b"AVI "


def read_layout(file: BinaryIO) -> AviLayout:
    """The layout of a file that is open for reading; other processes may be writing to it."""
    size = os.fstat(file.fileno()).st_size
    whole, has_media, at = 0, False, 0
    while (part := _chunk(file, at, size)) is not None and part.kind == RIFF and part.form in PARTS:
        if part.end is not None:
            whole, has_media, at = part.end, True, part.end
            continue
        reached, found = _last_whole(file, part.body, size)
        return AviLayout(size, max(whole, reached), has_media or found)
    return AviLayout(size, whole, has_media)


def _chunk(file: BinaryIO, at: int, size: int) -> _Chunk | None:
    """The chunk that starts there, `end` None where it is open or reaches beyond the file; padding included."""
    file.seek(at)
    header = file.read(HEADER_BYTES)
    if len(header) < 8:
        return None
    kind, stated = struct.unpack_from("<4sI", header)
    if not kind.strip().isalnum() or not kind.isascii():
        # Space that a recorder allocated ahead of time, or damage: nothing whole lies beyond.
        return None
    holds_others = kind in {RIFF, LIST}
    end = at + 8 + stated + stated % 2
    is_open = end > size or (holds_others and stated in _OPEN_SIZES)
    return _Chunk(
        kind, header[8:12] if holds_others else b"", at + 8 + 4 * holds_others, None if is_open else end
    )


def _last_whole(file: BinaryIO, at: int, size: int) -> tuple[int, bool]:
    """Where the last complete chunk of an open part ends, and whether it lies in the media (`movi`)."""
    has_media = False
    while (chunk := _chunk(file, at, size)) is not None:
        in_media = chunk.form == b"movi"
        if chunk.end is not None:
            has_media = has_media or in_media
            at = chunk.end
        elif in_media:
            return _last_frame(file, chunk.body, size)
        else:
            break
    return at, has_media


def _last_frame(file: BinaryIO, at: int, size: int) -> tuple[int, bool]:
    first = at
    while (chunk := _chunk(file, at, size)) is not None and chunk.end is not None:
        at = chunk.end
    return at, at > first
