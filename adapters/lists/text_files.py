"""Opens text files whose encoding nobody wrote down. Owns decoding and what a file system's errors mean.

Encoding: a byte-order mark decides; else UTF-16 shows by its zero bytes; else UTF-8, which hardly any other
encoding satisfies by chance; else Windows-1252, the usual one of office programs in western Europe. A few
damaged bytes in a file that is clearly UTF-8 do not turn it into Windows-1252: they are kept as lone
surrogates (PEP 383), so that only the row they stand in is lost.
"""

import codecs
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from adapters.contract.errors import Malformed, Misconfigured, Unreachable

_CHUNK_BYTES = 1 << 20
_SAMPLE_BYTES = 4096
_ESCAPED = re.compile("[\udc80-\udcff]")
_UNUSABLE = re.compile("[\x00\ud800-\udfff]")


@contextmanager
def explaining(path: Path) -> Iterator[None]:
    """Turns what the file system says of `path` into `Misconfigured`, or `Unreachable` where it may pass."""
    try:
        yield
    except FileNotFoundError as error:
        raise Misconfigured(f"{path}: there is no such file") from error
    except (PermissionError, IsADirectoryError, NotADirectoryError) as error:
        raise Misconfigured(f"{path}: cannot be read: {error.strerror}") from error
    except OSError as error:
        raise Unreachable(f"{path}: reading failed: {error.strerror}") from error


@contextmanager
def open_text(path: Path, encoding: str | None) -> Iterator[TextIO]:
    """The file as text, line ends as they are; undecodable bytes become characters that `is_damaged` finds.

    `Misconfigured` for a file that is missing, unreadable or without a single byte; `Malformed` for one
    that is not in a multi-byte `encoding` that the configuration names.
    """
    with explaining(path):
        if path.stat().st_size == 0:
            raise Misconfigured(f"{path}: is empty (0 bytes)")
        chosen = encoding or detect_encoding(path)
        # Only encodings of single bytes can carry a byte through as a surrogate.
        wide = codecs.lookup(chosen).name.startswith(("utf-16", "utf-32"))
        with path.open(encoding=chosen, errors="replace" if wide else "surrogateescape", newline="") as text:
            try:
                yield text
            except UnicodeDecodeError as error:
                raise Malformed(f"{path}: is not {chosen} text: {error.reason}") from error


def is_damaged(text: str) -> bool:
    """True where a text holds a NUL or what was not a character in the file's encoding."""
    return _UNUSABLE.search(text) is not None


def detect_encoding(path: Path) -> str:
    """The codec to read the file with; reads all of it unless a byte-order mark or zero bytes decide."""
    with path.open("rb") as data:
        sample = data.read(_SAMPLE_BYTES)
        if sample.startswith(codecs.BOM_UTF8):
            return "utf-8-sig"
        if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        even, odd = sample[0::2].count(0), sample[1::2].count(0)
        if max(even, odd) * 4 > len(sample):
            return "utf-16-le" if odd > even else "utf-16-be"
        data.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
        characters = damaged = 0
        while chunk := data.read(_CHUNK_BYTES):
            text = decoder.decode(chunk)
            if not text.isascii():
                escaped = len(_ESCAPED.findall(text))
                damaged += escaped
                characters += len(text) - len(text.encode("ascii", "ignore")) - escaped
    return "utf-8" if characters >= damaged else "cp1252"
