"""The archive's layout agrees with ZIP as others read it, beyond 4 GiB too."""

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.evidence.bundle.container import DamagedArchive, open_archive, write_entries

GIB = 2**30
FIVE_GIB = 5 * GIB


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8})?", fullmatch=True), st.binary(max_size=500)))
def test_what_is_written_is_read_by_python_and_by_ourselves(files: dict[str, bytes]) -> None:
    output = io.BytesIO()
    write_entries(output, [(name, len(data), [data[:100], data[100:]]) for name, data in files.items()])
    with zipfile.ZipFile(output) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == files
    opened = open_archive(output)
    assert opened.faults == ()
    assert {entry.path: b"".join(opened.chunks(entry)) for entry in opened.entries} == files


class SparseZeros:
    """Iterates over 5 GiB of zeros by one shared block."""

    def __iter__(self) -> "SparseZeros":
        self.left = FIVE_GIB
        return self

    def __next__(self) -> bytes:
        if not self.left:
            raise StopIteration
        self.left -= GIB // 16
        return _ZEROS


_ZEROS = bytes(GIB // 16)


class HoleyFile:
    """A seekable file that keeps everything but blocks of zeros, so that gigabytes cost no disk."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("w+b")

    def write(self, data: bytes) -> int:
        if data is _ZEROS:
            self.file.seek(len(data), 1)
            return len(data)
        return self.file.write(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        return self.file.tell()

    def close(self) -> None:
        self.file.close()


def test_files_beyond_4_gib_are_read_back_by_python_and_by_ourselves(tmp_path: Path) -> None:
    path = tmp_path / "large.zip"
    holey = HoleyFile(path)
    files = [("large", FIVE_GIB, SparseZeros()), ("small", 3, [b"abc"])]
    write_entries(holey, files)  # type: ignore[arg-type]  # writes, seeks and tells: all that is used
    holey.close()
    with zipfile.ZipFile(path) as archive:
        assert [each.file_size for each in archive.infolist()] == [FIVE_GIB, 3]
        assert archive.read("small") == b"abc"
    with path.open("rb") as file:
        opened = open_archive(file)
        assert opened.faults == ()
        assert [entry.size for entry in opened.entries] == [FIVE_GIB, 3]
        assert b"".join(opened.chunks(opened.entries[1])) == b"abc"


def test_a_wrong_size_is_refused_while_writing() -> None:
    with pytest.raises(ValueError, match="a has 1 bytes instead of 2"):
        write_entries(io.BytesIO(), [("a", 2, [b"x"])])


@given(st.binary(max_size=400))
def test_any_bytes_open_or_are_refused_by_name(content: bytes) -> None:
    for end in (b"", b"PK\x05\x06" + bytes(18)):
        try:
            opened = open_archive(io.BytesIO(content + end))
        except DamagedArchive:
            continue
        assert opened.entries == ()
        assert (opened.faults == ()) == (content == b"")
