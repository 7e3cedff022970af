"""How much of a Matroska file is whole. Owns the walk over EBML elements (RFC 8794, RFC 9559); decodes none.

A recorder that is still writing, or that lost power, leaves a cluster half written: everything before it is
whole. A cluster of unknown size is whole up to its last complete block.
"""

import os
from typing import BinaryIO, NamedTuple

EBML = 0x1A45DFA3
SEGMENT = 0x18538067
CLUSTER = 0x1F43B675
INFO, TRACKS, SEEK_HEAD, CUES = 0x1549A966, 0x1654AE6B, 0x114D9B74, 0x1C53BB6B
CHAPTERS, TAGS, ATTACHMENTS = 0x1043A770, 0x1254C367, 0x1941A469
SECTIONS = frozenset({CLUSTER, INFO, TRACKS, SEEK_HEAD, CUES, CHAPTERS, TAGS, ATTACHMENTS})
VOID, CHECKSUM = 0xEC, 0xBF


class MatroskaLayout(NamedTuple):
    """`whole_bytes` of `size`; `clusters` counts those of which something is whole."""

    size: int
    whole_bytes: int
    clusters: int


class _Element(NamedTuple):
    identity: int
    body: int
    end: int | None


def is_matroska(head: bytes) -> bool:
    """Whether the first 4 bytes open an EBML file."""
    return head[:4] == EBML.to_bytes(4, "big")


def _element(file: BinaryIO, at: int) -> _Element | None:
    """The element that starts there, `end` None for an unknown size; None where no header is whole."""
    file.seek(at)
    header = file.read(12)
    identity_length = _vint_length(header, 0)
    if not 1 <= identity_length <= 4 or len(header) <= identity_length:
        return None
    size_length = _vint_length(header, identity_length)
    body = identity_length + size_length
    if not 1 <= size_length <= 8 or len(header) < body:
        return None
    stated = int.from_bytes(header[identity_length:body], "big") & ((1 << 7 * size_length) - 1)
    unknown = stated == (1 << 7 * size_length) - 1
    identity = int.from_bytes(header[:identity_length], "big")
    return _Element(identity, at + body, None if unknown else at + body + stated)


def _vint_length(header: bytes, at: int) -> int:
    """Bytes of the variable-length number that starts there: leading zero bits + 1."""
    return 9 - header[at].bit_length() if at < len(header) else 0


def read_layout(file: BinaryIO) -> MatroskaLayout | None:
    """The layout of a file open for reading; None where it does not reach its segment."""
    size = os.fstat(file.fileno()).st_size
    head = _element(file, 0)
    if head is None or head.identity != EBML or head.end is None:
        return None
    segment = _element(file, head.end)
    if segment is None or segment.identity != SEGMENT:
        return None
    whole, clusters = segment.body, 0
    at = segment.body
    while at < size:
        element = _element(file, at)
        if element is None or element.identity not in SECTIONS | {VOID, CHECKSUM}:
            break
        end = element.end if element.end is not None else _end_of_blocks(file, element, size)
        if end > size or (element.end is None and end == element.body):
            break
        clusters += element.identity == CLUSTER
        whole = at = end
    return MatroskaLayout(size, whole, clusters)


def _end_of_blocks(file: BinaryIO, cluster: _Element, size: int) -> int:
    """Where the last whole child of an unknown-sized cluster ends."""
    at = cluster.body
    while at < size:
        child = _element(file, at)
        if child is None or child.identity in SECTIONS or child.end is None or child.end > size:
            break
        at = child.end
    return at
