"""The outermost boxes of an MP4 file, and how much of the file is whole.

Owns the walk over box headers (ISO/IEC 14496-12, 4.2); reads no sample and never trusts a stated size beyond
the end of the file. Not a validator: what it does not need, it passes over.
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

TOP_LEVEL = frozenset(
    b"ftyp styp moov moof mdat mfra free skip wide pnot sidx ssix emsg prft meta uuid pdin imda".split()
)
MAX_TABLE_BYTES = 256 * 1024 * 1024


class NotUnderstood(Exception):
    """The file states something that this reader does not follow; another way of reading may."""


@dataclass(frozen=True, slots=True)
class Box:
    """One box: `start` of its header, `body` of its content, `end`, as offsets into what was walked."""

    kind: bytes
    start: int
    body: int
    end: int


@dataclass(frozen=True, slots=True)
class Mp4Layout:
    """What stands at the top of a file.

    `whole_bytes` is how much of the file is complete: for a plain file everything up to the last whole box,
    for a fragmented one everything up to the last fragment that has both its index and its data.
    `has_torn_box` tells that a box states more bytes than the file has.
    """

    size: int
    whole_bytes: int
    movie: Box | None
    fragments: tuple[Box, ...]
    has_torn_box: bool


def is_mp4(head: bytes) -> bool:
    """Whether the first 8 bytes open an ISO media file."""
    return len(head) >= 8 and head[4:8] in TOP_LEVEL


def children(data: memoryview, start: int, end: int) -> Iterator[Box]:
    """The boxes inside a box's content; `NotUnderstood` where they do not fit into it."""
    at = start
    while at + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, at)
        body = at + 8
        if size == 1 and at + 16 <= end:
            (size,) = struct.unpack_from(">Q", data, at + 8)
            body = at + 16
        elif size == 0:
            size = end - at
        if size < body - at or at + size > end:
            raise NotUnderstood(f"box {kind!r} is larger than what holds it")
        yield Box(kind, at, body, at + size)
        at += size


def _top_level(file: BinaryIO, size: int) -> Iterator[Box]:
    """The outermost boxes in order; one that reaches beyond the file's end comes last, with that end."""
    at = 0
    while at + 8 <= size:
        file.seek(at)
        header = file.read(16)
        if len(header) < 8:
            return
        stated, kind = struct.unpack_from(">I4s", header)
        if kind not in TOP_LEVEL:
            # Padding that a recorder allocated ahead of time, or damage: nothing whole lies beyond.
            return
        body = at + 8
        if stated == 1:
            if len(header) < 16:
                return
            (stated,) = struct.unpack_from(">Q", header, 8)
            body = at + 16
        elif stated == 0:
            stated = size - at
        if stated < body - at:
            return
        yield Box(kind, at, body, at + stated)
        at += stated


def read_layout(file: BinaryIO) -> Mp4Layout:
    """The outermost boxes of a file that is open for reading; other processes may be writing to it."""
    size = os.fstat(file.fileno()).st_size
    movie: Box | None = None
    fragments: list[Box] = []
    pending: Box | None = None
    whole = 0
    reached = 0
    for box in _top_level(file, size):
        reached = box.end
        if box.end > size:
            break
        if box.kind == b"moov":
            movie = box
        elif box.kind == b"moof":
            pending = box
        elif box.kind == b"mdat" and pending is not None:
            fragments.append(pending)
            pending = None
            whole = box.end
        if not fragments and pending is None:
            whole = box.end
    if fragments and reached == size and pending is None:
        whole = size
    return Mp4Layout(size, whole, movie, tuple(fragments), reached > size)


def read_box(file: BinaryIO, box: Box) -> memoryview:
    """The content of a box; `NotUnderstood` for one that no sane recorder writes."""
    length = box.end - box.body
    if length > MAX_TABLE_BYTES:
        raise NotUnderstood(f"box {box.kind!r} of {length} bytes is too large to be an index")
    file.seek(box.body)
    content = file.read(length)
    if len(content) != length:
        raise NotUnderstood(f"box {box.kind!r} ended early")
    return memoryview(content)
