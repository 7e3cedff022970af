"""The archive's bytes: a ZIP file (PKWARE APPNOTE 6.3) in the one layout that bundles have.

Stored entries, fixed date, no comment, no extra field but Zip64, no byte between entries. Because the layout
follows from names, sizes and checksums alone, a reader compares every byte of it: nothing can hide between
files, and nothing expands. Any ZIP program unpacks it. What the files mean is not known here.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

CHUNK = 2**20
DIRECTORY_LIMIT = 64 * 2**20
"""Bytes; a larger directory is not read."""

_LIMIT_32 = 0xFFFFFFFF
_LIMIT_16 = 0xFFFF
_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_END_64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR_64 = struct.Struct("<4sIQI")
_CRC_OFFSET = 14
_DATE_1980_01_01 = 0x21
_UNIX = 3 << 8
_REGULAR_FILE_0644 = 0o100644 << 16


class DamagedArchive(Exception):
    """The archive's directory cannot be used; the message says where it is damaged."""


@dataclass(frozen=True)
class Entry:
    """One stored file. `offset` is where its local header starts, in bytes from the archive's start."""

    path: str
    size: int
    crc32: int
    offset: int


@dataclass(frozen=True)
class LayoutFault:
    """A difference from the one layout: `where` names the entry or part."""

    where: str
    sentence: str


def write_entries(output: BinaryIO, files: Iterable[tuple[str, int, Iterable[bytes]]]) -> None:
    """Writes an archive of `(path, size, chunks)` in the order given; `output` must be seekable.

    ValueError where the chunks of a file do not add up to its size.
    """
    start = output.tell()
    entries: list[Entry] = []
    for path, size, chunks in files:
        offset = output.tell() - start
        output.write(_local_header(Entry(path, size, 0, offset)))
        crc32, written = 0, 0
        for chunk in chunks:
            crc32 = zlib.crc32(chunk, crc32)
            written += len(chunk)
            output.write(chunk)
        if written != size:
            raise ValueError(f"{path} has {written} bytes instead of {size}")
        end = output.tell()
        output.seek(start + offset + _CRC_OFFSET)
        output.write(struct.pack("<I", crc32))
        output.seek(end)
        entries.append(Entry(path, size, crc32, offset))
    output.write(_directory(entries, output.tell() - start))


@dataclass(frozen=True)
class OpenArchive:
    """An archive whose directory could be read. `faults` is empty where every byte of its layout is right.

    With faults, entries that could not be located safely are left out.
    """

    file: BinaryIO
    entries: tuple[Entry, ...]
    faults: tuple[LayoutFault, ...]

    def content_at(self, entry: Entry) -> int:
        """Offset of the entry's first byte."""
        return entry.offset + len(_local_header(entry))

    def chunks(self, entry: Entry) -> Iterator[bytes]:
        """The entry's bytes; fewer than its size where the file ends early."""
        self.file.seek(self.content_at(entry))
        left = entry.size
        while left and (chunk := self.file.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk


def open_archive(file: BinaryIO) -> OpenArchive:
    """Reads and checks directory and headers, not the content; `DamagedArchive` without a directory."""
    size = file.seek(0, 2)
    directory_at, count = _find_directory(file, size)
    file.seek(directory_at)
    tail = file.read(size - directory_at)
    entries = _parse_directory(tail, count)
    faults: list[LayoutFault] = []
    if _directory(entries, directory_at) != tail:
        faults.append(LayoutFault("directory", "the archive's directory is not as Entrevue writes it"))
    usable: list[Entry] = []
    position = 0
    for entry in entries:
        header = _local_header(entry)
        if entry.offset != position or position + len(header) + entry.size > directory_at:
            faults.append(LayoutFault(entry.path, f"{entry.path} is not where the archive's order puts it"))
            break
        file.seek(position)
        if file.read(len(header)) != header:
            faults.append(LayoutFault(entry.path, f"the header of {entry.path} in the archive was changed"))
        usable.append(entry)
        position += len(header) + entry.size
    else:
        if position != directory_at:
            faults.append(LayoutFault("directory", "bytes that belong to no file lie before the directory"))
    return OpenArchive(file, tuple(usable), tuple(faults))


def _local_header(entry: Entry) -> bytes:
    wide = entry.size >= _LIMIT_32
    name = entry.path.encode("ascii")
    extra = struct.pack("<2H2Q", 1, 16, entry.size, entry.size) if wide else b""
    size = _LIMIT_32 if wide else entry.size
    version = 45 if wide else 20
    fixed = _LOCAL.pack(
        b"PK\x03\x04", version, 0, 0, 0, _DATE_1980_01_01, entry.crc32, size, size, len(name), len(extra)
    )
    return fixed + name + extra


def _directory(entries: Sequence[Entry], at: int) -> bytes:
    """Central directory and end records, for a directory that starts at that offset."""
    central = b"".join(_central_header(entry) for entry in entries)
    count, size = len(entries), len(central)
    if count < _LIMIT_16 and size < _LIMIT_32 and at < _LIMIT_32:
        return central + _END.pack(b"PK\x05\x06", 0, 0, count, count, size, at, 0)
    wide = _END_64.pack(b"PK\x06\x06", _END_64.size - 12, _UNIX | 45, 45, 0, 0, count, count, size, at)
    locator = _LOCATOR_64.pack(b"PK\x06\x07", 0, at + size, 1)
    end = _END.pack(b"PK\x05\x06", 0, 0, _LIMIT_16, _LIMIT_16, _LIMIT_32, _LIMIT_32, 0)
    return central + wide + locator + end


def _central_header(entry: Entry) -> bytes:
    name = entry.path.encode("ascii")
    wide = [entry.size, entry.size] if entry.size >= _LIMIT_32 else []
    wide += [entry.offset] if entry.offset >= _LIMIT_32 else []
    extra = struct.pack(f"<2H{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
    size, offset = min(entry.size, _LIMIT_32), min(entry.offset, _LIMIT_32)
    version = 45 if wide else 20
    fixed = _CENTRAL.pack(
        b"PK\x01\x02",
        _UNIX | version,
        version,
        0,
        0,
        0,
        _DATE_1980_01_01,
        entry.crc32,
        size,
        size,
        len(name),
        len(extra),
        0,
        0,
        0,
        _REGULAR_FILE_0644,
        offset,
    )
    return fixed + name + extra


def _find_directory(file: BinaryIO, size: int) -> tuple[int, int]:
    """Offset of the directory and number of entries, by the end records."""
    tail_size = min(size, _END.size + _LOCATOR_64.size + _END_64.size)
    file.seek(size - tail_size)
    tail = file.read(tail_size)
    if len(tail) < _END.size or not tail[-_END.size :].startswith(b"PK\x05\x06"):
        raise DamagedArchive("the end of the archive is missing: it was cut short, or bytes were added")
    _, _, _, _, count, directory_size, at, _ = _END.unpack(tail[-_END.size :])
    if _LIMIT_32 in (at, directory_size) or count == _LIMIT_16:
        if len(tail) < tail_size or not tail.startswith(b"PK\x06\x06"):
            raise DamagedArchive("the archive's Zip64 end record is damaged")
        *_, count, directory_size, at = _END_64.unpack(tail[: _END_64.size])
    if not at < size or size - at > DIRECTORY_LIMIT:
        raise DamagedArchive("the archive's end does not lead to its directory")
    return at, count


def _parse_directory(tail: bytes, count: int) -> tuple[Entry, ...]:
    entries: list[Entry] = []
    position = 0
    for _ in range(count):
        if len(tail) - position < _CENTRAL.size or tail[position : position + 4] != b"PK\x01\x02":
            raise DamagedArchive(
                f"the archive's directory is damaged after {len(entries)} of {count} entries"
            )
        fields = _CENTRAL.unpack_from(tail, position)
        method, crc32, size, name_size, extra_size, offset = (fields[i] for i in (4, 7, 9, 10, 11, 16))
        name_at = position + _CENTRAL.size
        position = name_at + name_size + extra_size + fields[12]
        if method != 0:
            raise DamagedArchive(
                "its files are compressed: another program packed it again; verify the original"
            )
        try:
            path = tail[name_at : name_at + name_size].decode("ascii")
        except UnicodeDecodeError as error:
            raise DamagedArchive("a file name in the archive's directory is damaged") from error
        extra = tail[name_at + name_size : name_at + name_size + extra_size]
        wide = [value[0] for value in struct.iter_unpack("<Q", extra[4 : 4 + len(extra[4:]) // 8 * 8])]
        if size == _LIMIT_32 and len(wide) >= 2:
            size = wide[0]
        if offset == _LIMIT_32 and wide:
            offset = wide[-1]
        entries.append(Entry(path, size, crc32, offset))
    return tuple(entries)
