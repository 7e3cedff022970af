"""RTSP 1.0 messages (RFC 2326) as bytes and back. Pure: owns their grammar and bounds, reads no socket."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, urlsplit

from adapters.contract.errors import Malformed

HEADER_BYTES: Final = 32 * 1024
MOST_HEADERS: Final = 100
DEFAULT_PORTS: Final = {"rtsp": 554, "rtsps": 322}


@dataclass(frozen=True)
class RtspAddress:
    """Where an RTSP resource is. Never holds a user or a password; `resource` is its path and query."""

    scheme: str
    host: str
    port: int
    resource: str = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> "RtspAddress":
        """`Malformed` for what is no `rtsp://` or `rtsps://` address; a user in it is dropped."""
        parts = _split(text)
        if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
            raise Malformed("an address of a stream is neither rtsp:// nor rtsps://")
        resource = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if not resource.isascii() or any(character <= " " for character in resource):
            raise Malformed("an address of a stream holds characters that no address has")
        try:
            port = parts.port or DEFAULT_PORTS[parts.scheme]
        except ValueError:
            raise Malformed("an address of a stream has an impossible port") from None
        return cls(parts.scheme, parts.hostname, port, resource)

    @property
    def is_encrypted(self) -> bool:
        return self.scheme == "rtsps"

    @property
    def url(self) -> str:
        """The whole address as requests carry it; it may hold a token, so no error and no log shows it."""
        return f"{self.shown}{self.resource}"

    @property
    def shown(self) -> str:
        """Scheme, host and port: nothing that could be a secret."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def _split(text: str) -> SplitResult:
    try:
        return urlsplit(text.strip())
    except ValueError:
        raise Malformed("an address of a stream cannot be read") from None


@dataclass(frozen=True)
class RtspAnswer:
    """Header names in lower case; one that is repeated keeps all of its values, in order."""

    status: int
    headers: Mapping[str, Sequence[str]] = field(repr=False)
    body: bytes = field(default=b"", repr=False)

    def header(self, name: str) -> str | None:
        values = self.headers.get(name)
        return values[0] if values else None


def format_request(method: str, url: str, sequence: int, headers: Mapping[str, str]) -> bytes:
    """One request without a body. ValueError for a value that would break out of its line."""
    lines = [f"{method} {url} RTSP/1.0", f"CSeq: {sequence}", "User-Agent: entrevue"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if any(character in line for line in lines for character in "\r\n\0"):
        raise ValueError("a header of a request holds a line break")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def parse_head(head: bytes) -> tuple[str, dict[str, list[str]]]:
    """The first line and the headers of a message, its blank line included or not; `Malformed` otherwise."""
    try:
        first, *lines = head.decode("utf-8", errors="replace").rstrip("\r\n").split("\r\n")
    except ValueError:
        raise Malformed("an RTSP message is empty") from None
    if len(lines) > MOST_HEADERS:
        raise Malformed(f"an RTSP message has more than {MOST_HEADERS} headers")
    headers: dict[str, list[str]] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise Malformed("an RTSP message has a header without a name")
        headers.setdefault(name.strip().lower(), []).append(value.strip())
    return first, headers


def parse_status(first: str) -> int:
    """The status of an answer's first line; `Malformed` where it is none."""
    version, _, rest = first.partition(" ")
    status = rest.partition(" ")[0]
    if not version.startswith("RTSP/1.") or not (status.isascii() and status.isdigit() and len(status) == 3):
        raise Malformed("an answer is no RTSP")
    return int(status)


def whole_number(headers: Mapping[str, Sequence[str]], name: str) -> int:
    """A header's number, 0 where it is absent; `Malformed` for what is none."""
    text = headers[name][0] if headers.get(name) else "0"
    if not (text.isascii() and text.isdigit()):
        raise Malformed(f"an RTSP message has an impossible {name}")
    return int(text[:18])
