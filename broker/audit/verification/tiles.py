"""Reads stored tiles in order and holds them against what the tree over the entries says."""

from collections.abc import Iterator

from broker.audit.verification.findings import Findings
from broker.audit.verification.models import Fault
from broker.audit.verification.tree import HASH_BYTES, TILE_HEIGHT, TILE_WIDTH


class StoredLevel:
    """The hashes of one level; `size` is how many leaves the tree has, so how many hashes there must be is known."""

    def __init__(self, level: int, rows: Iterator[tuple[int, object]], size: int, findings: Findings) -> None:
        self._level = level
        self._rows = rows
        self._findings = findings
        self.count = size >> (TILE_HEIGHT * level)
        self._n = -1
        self._hashes = b""
        self._following = next(rows, None)

    def at(self, index: int) -> bytes | None:
        """The hash at this place; places are asked for in order. None where there is none."""
        n, place = divmod(index, TILE_WIDTH)
        if n != self._n:
            self._go_to(n)
        start = place * HASH_BYTES
        found = self._hashes[start : start + HASH_BYTES]
        return found if len(found) == HASH_BYTES else None

    def finish(self) -> None:
        """Whatever lies beyond the tree's end was put in."""
        self._go_to((self.count + TILE_WIDTH - 1) // TILE_WIDTH)
        while self._following is not None:
            self._pass_over()

    def _go_to(self, n: int) -> None:
        while self._following is not None and not self._is_from(n):
            self._pass_over()
        self._n, self._hashes = n, b""
        if self._following is None or self._following[0] != n:
            if n * TILE_WIDTH < self.count:
                self._tell(n, "is missing")
            return
        if n * TILE_WIDTH >= self.count:
            return
        stored = self._following[1]
        self._following = next(self._rows, None)
        expected = min(TILE_WIDTH, self.count - n * TILE_WIDTH) * HASH_BYTES
        if not isinstance(stored, bytes) or len(stored) != expected:
            self._tell(n, "has another length than the tree needs")
        if isinstance(stored, bytes):
            self._hashes = stored

    def _is_from(self, n: int) -> bool:
        return self._following is not None and isinstance(self._following[0], int) and self._following[0] >= n

    def _pass_over(self) -> None:
        """A tile that nothing asks for."""
        if self._following is not None:
            n = self._following[0]
            self._tell(n if isinstance(n, int) and n >= 0 else 0, "has no place in the tree")
        self._following = next(self._rows, None)

    def _tell(self, n: int, what: str) -> None:
        width = TILE_WIDTH << (TILE_HEIGHT * self._level)
        first, last = n * width + 1, (n + 1) * width
        said = f"tile {n} of level {self._level} {what}"
        self._findings.about(Fault.CHANGED_TILE, first, last, said)
