"""The faults that there are, and what was asked of a faulty server."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Fault(StrEnum):
    """What the proxy does with a request. Where it says *answer*, the recorder's own answer is spoiled, so that its
    status and content type are right; refusals of the recorder itself, such as a challenge for a password, pass."""

    NONE = "none"
    OUTAGE = "outage"  # nothing listens any more
    SILENCE = "silence"  # the request is taken and never answered
    BREAK_OFF = "break_off"  # half of the answer, then the connection ends
    STALL = "stall"  # half of the answer, then nothing
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    THROTTLED = "throttled"  # 429, try again in RETRY_AFTER_S
    FAILING = "failing"  # 500
    UNAVAILABLE = "unavailable"  # 503
    MALFORMED = "malformed"  # the answer's body is garbage
    OVERSIZED = "oversized"  # the answer's body goes on for a gigabyte
    DRIP = "drip"  # the answer's body comes byte by byte, without end
    REDIRECT_ELSEWHERE = "redirect_elsewhere"
    ADDRESSES_ELSEWHERE = "addresses_elsewhere"  # addresses in the answer lead to another server


RETRY_AFTER_S: Final = 7
STATUSES: Final = {
    Fault.UNAUTHORIZED: 401,
    Fault.FORBIDDEN: 403,
    Fault.THROTTLED: 429,
    Fault.FAILING: 500,
    Fault.UNAVAILABLE: 503,
}
GARBAGE: Final = b"\x00\xff<{[ this is nothing that anybody could read"
OVERSIZED_BYTES: Final = 1024 * 1024 * 1024


@dataclass(frozen=True)
class Request:
    """One request as it came in."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The first header of this name, in lower case."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True)
class Exchange:
    """A request and the status that it was answered with."""

    request: Request
    status: int
