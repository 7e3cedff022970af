"""How far a download has come, and whether it may go on after a break. Owns the rules of Range and If-Range."""

from collections.abc import Mapping
from typing import Final

from adapters.contract.errors import Malformed, TooLarge, TryLater

MOST_BREAKS: Final = 5
"""Breaks in a row without a byte in between."""


class Position:
    """Bytes received so far of one content, which a validator of the recorder's identifies."""

    def __init__(self, call: str, max_bytes: int | None) -> None:
        self._call = call
        self._max_bytes = max_bytes
        self._received = 0
        self._validator: str | None = None
        self._breaks = 0

    def conditions(self) -> dict[str, str]:
        """Headers that ask for the rest of the same content; none at the start."""
        if self._received == 0 or self._validator is None:
            return {}
        return {"Range": f"bytes={self._received}-", "If-Range": self._validator}

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Takes note of an answer's head; raises where it does not go on from here."""
        if self._received > 0:
            if status != 206:
                raise TryLater(f"{self._call}: the content changed while it was read")
            if not headers.get("content-range", "").startswith(f"bytes {self._received}-"):
                raise Malformed(f"{self._call} answers another range than was asked for")
            return
        if status == 206:
            raise Malformed(f"{self._call} answers a part where the whole was asked for")
        size = headers.get("content-length", "")
        if (
            self._max_bytes is not None
            and size.isascii()
            and size.isdigit()
            and int(size[:19]) > self._max_bytes
        ):
            raise TooLarge(f"{self._call} holds {int(size[:19])} bytes; at most {self._max_bytes} are taken")
        etag = headers.get("etag", "")
        if etag.startswith('"'):  # a weak one does not promise the same bytes
            self._validator = etag
        elif headers.get("accept-ranges", "").lower() == "bytes":
            self._validator = headers.get("last-modified")

    def advance(self, count: int) -> None:
        """`TooLarge` where there is more than may be."""
        self._received += count
        self._breaks = 0
        if self._max_bytes is not None and self._received > self._max_bytes:
            raise TooLarge(f"{self._call} holds more than the {self._max_bytes} bytes that are taken")

    def may_go_on(self) -> bool:
        """After a break: whether to ask again, from the start where nothing came yet, else by a Range."""
        self._breaks += 1
        return self._breaks < MOST_BREAKS and self._received > 0 and self._validator is not None
