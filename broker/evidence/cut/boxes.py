"""Builds and finds ISO base media boxes (ISO/IEC 14496-12); knows nothing of samples or time."""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct

_HEADER = Struct(">I4s")
_FULL = Struct(">I")


class MalformedBox(ValueError):
    """A box whose size does not fit what holds it, or one that should be there and is not."""


def box(kind: bytes, *contents: bytes) -> bytes:
    """A box of less than 4 GiB."""
    payload = b"".join(contents)
    return _HEADER.pack(len(payload) + _HEADER.size, kind) + payload


def full_box(kind: bytes, version: int, flags: int, *contents: bytes) -> bytes:
    return box(kind, _FULL.pack(version << 24 | flags), *contents)


def box_header(kind: bytes, payload_size: int) -> bytes:
    """The header alone, for a payload that is written after it."""
    return _HEADER.pack(payload_size + _HEADER.size, kind)


@dataclass(frozen=True)
class Box:
    """One box as it stands in a file: `whole` with its header, `payload` without."""

    kind: bytes
    whole: bytes

    @property
    def payload(self) -> bytes:
        return self.whole[_HEADER.size :]

    def children(self) -> Iterator["Box"]:
        return read_boxes(self.payload)

    def child(self, *path: bytes) -> "Box":
        """The first box at that path of kinds below this one."""
        found = self
        for kind in path:
            inside = next((each for each in found.children() if each.kind == kind), None)
            if inside is None:
                raise MalformedBox(f"box {found.kind!r} has no {kind!r}")
            found = inside
        return found


def read_boxes(data: bytes) -> Iterator[Box]:
    """The boxes that fill `data` one after another. Sizes of 64 bits and "to the end" are refused."""
    at = 0
    while at < len(data):
        if at + _HEADER.size > len(data):
            raise MalformedBox(f"{len(data) - at} bytes are left at {at}, too few for a box")
        size, kind = _HEADER.unpack_from(data, at)
        if size < _HEADER.size or at + size > len(data):
            raise MalformedBox(f"box {kind!r} at {at} claims {size} of {len(data) - at} bytes")
        yield Box(kind=kind, whole=data[at : at + size])
        at += size
