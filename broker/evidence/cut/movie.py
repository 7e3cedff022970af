"""Writes one MP4 (ISO/IEC 14496-12): packets as they come, then the tables that say when each is shown.

The file is written strictly forward, so that its hash is known when it ends: `ftyp`, then `mdat` boxes of a
few MiB, then `moov`. Nothing in it depends on when or where it was made. Owns the layout; which packets
belong into a movie, and when they are shown, is the caller's.
"""

import hashlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from broker.evidence.cut.boxes import box, box_header
from broker.evidence.cut.tables import Samples, Track, movie_box

_FILE_TYPE = box(b"ftyp", b"isom", (0x200).to_bytes(4, "big"), b"isomiso2mp41")
_BLOCK_SIZE = 4 * 1024 * 1024
_BLOCKS_WAITING = 2
_WRITE_SIZE = 256 * 1024
"""Small enough that what was written is still in the processor's cache when it is hashed."""
_MDAT_HEADER_SIZE = 8


@dataclass(frozen=True)
class WrittenFile:
    """`size` in bytes, `sha256` in hexadecimal."""

    size: int
    sha256: str


class MovieWriter:
    """One MP4 under way; `finish` or `abandon` it. OSError where the disk refuses.

    A thread hashes and writes while the caller reads on. Blocks are used again: fresh ones would cost as much
    in page faults as the copy into them.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("wb", buffering=0)
        self._hash = hashlib.sha256()
        self._size = 0
        self._block = bytearray(_BLOCK_SIZE)
        self._free: SimpleQueue[bytearray] = SimpleQueue()
        for _ in range(_BLOCKS_WAITING):
            self._free.put(bytearray(_BLOCK_SIZE))
        self._filled = 0
        self._chunk_of: Samples | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="movie-writer")
        self._writes: deque[Future[None]] = deque()
        self._write(_FILE_TYPE)

    def add(self, samples: Samples, data: memoryview, shown_at: int, *, is_keyframe: bool) -> None:
        """Appends one packet, unchanged, to the track whose samples are given."""
        size = len(data)
        if self._filled + size > len(self._block):
            self._end_block()
            if size > len(self._block):
                self._block = bytearray(size)
        if samples is not self._chunk_of:
            samples.chunk_offsets.append(self._size + _MDAT_HEADER_SIZE + self._filled)
            samples.chunk_lengths.append(0)
            self._chunk_of = samples
        samples.chunk_lengths[-1] += 1
        samples.shown_at.append(shown_at)
        samples.sizes.append(size)
        samples.keyframes.append(is_keyframe)
        self._block[self._filled : self._filled + size] = data
        self._filled += size

    def finish(self, tracks: list[Track], timescale: int) -> WrittenFile:
        """Writes what is left and the tables, and closes the file."""
        self._end_block()
        self._write(movie_box(tracks, timescale))
        self._thread.shutdown()
        self._raise_failures()
        self._file.close()
        return WrittenFile(size=self._size, sha256=self._hash.hexdigest())

    def abandon(self) -> None:
        """Closes the file and takes it away."""
        self._thread.shutdown(cancel_futures=True)
        self._file.close()
        self._path.unlink(missing_ok=True)

    def _end_block(self) -> None:
        if self._filled:
            self._write(box_header(b"mdat", self._filled))
            self._write(memoryview(self._block)[: self._filled], self._block)
            self._block = self._free.get()
            self._filled = 0
            self._chunk_of = None
            self._raise_failures()

    def _write(self, data: bytes | memoryview, block: bytearray | None = None) -> None:
        """Queues the data; the block that holds it is free again when it is written."""
        self._size += len(data)
        self._writes.append(self._thread.submit(self._write_now, data, block))

    def _write_now(self, data: bytes | memoryview, block: bytearray | None) -> None:
        try:
            left = memoryview(data)
            while left:
                written = self._file.write(left[:_WRITE_SIZE])
                self._hash.update(left[:written])
                left = left[written:]
        finally:
            if block is not None:
                self._free.put(block)

    def _raise_failures(self) -> None:
        while self._writes and self._writes[0].done():
            self._writes.popleft().result()
