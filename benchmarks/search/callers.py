"""Callers of an HTTP server: as many connections as there are callers, each asking again once it is answered.

Plain sockets and prepared requests, so that what is measured is the server and not its caller. Answers need a
`Content-Length`, and connections stay open.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

END: Final = b"\r\n\r\n"
LENGTH: Final = b"content-length:"


@dataclass(frozen=True)
class Load:
    """What callers met: answers a second, and each answer's time in seconds, in no order."""

    per_second: float
    seconds: tuple[float, ...]
    bytes_an_answer: float

    def percentile(self, share: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def request_of(url: str, headers: dict[str, str]) -> bytes:
    """The bytes of a GET."""
    parts = urlsplit(url)
    lines = [f"GET {parts.path}?{parts.query} HTTP/1.1", f"Host: {parts.netloc}"]
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items())]).encode() + END


async def load(url: str, requests: Sequence[bytes], callers: int, seconds: float) -> Load:
    """Lets the callers ask these requests in turn for so long; every answer must be a 200."""
    parts = urlsplit(url)
    until = time.perf_counter() + seconds
    turns = [requests[at::callers] or requests for at in range(callers)]
    began = time.perf_counter()
    met = await asyncio.gather(*(_call(parts.hostname, parts.port, turn, until) for turn in turns))
    took = time.perf_counter() - began
    times = tuple(one for times, _ in met for one in times)
    return Load(len(times) / took, times, sum(size for _, size in met) / len(times))


async def _call(
    host: str | None, port: int | None, requests: Sequence[bytes], until: float
) -> tuple[list[float], int]:
    reader, writer = await asyncio.open_connection(host, port, limit=2**22)
    times: list[float] = []
    size = turn = 0
    while (asked := time.perf_counter()) < until:
        writer.write(requests[turn % len(requests)])
        head = await reader.readuntil(END)
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"the server under measurement refused: {head[:300]!r}")
        lowered = head.lower()
        begin = lowered.index(LENGTH) + len(LENGTH)
        size += len(await reader.readexactly(int(lowered[begin : lowered.index(b"\r\n", begin)])))
        times.append(time.perf_counter() - asked)
        turn += 1
    writer.close()
    return times, size
