"""The guarded RTSP client of adapters: RFC 2326 over one TCP or TLS connection, media interleaved in it.

Owns that a conversation stays on the host it was opened to, ends in time, is bounded in what it keeps, and fails
in the words of the contract. Errors name scheme, host and port only: paths and queries of streams carry tokens.
Nothing is read ahead of its reader, so that a recorder that replays as fast as it can fills no memory.
"""

import asyncio
import ssl
import struct
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from adapters.contract.errors import Malformed, TimedOut, TooLarge, Unreachable
from adapters.transport.credentials import Credentials
from adapters.transport.rtp import is_goodbye
from adapters.transport.rtsp_digest import RtspSignIn
from adapters.transport.rtsp_messages import (
    HEADER_BYTES,
    RtspAddress,
    RtspAnswer,
    format_request,
    parse_head,
    parse_status,
    whole_number,
)
from adapters.transport.rtsp_translation import connecting, conversing, refusal
from adapters.transport.sdp import MediaDescription, SessionDescription, parse_description

BODY_BYTES: Final = 256 * 1024
KEPT_BYTES: Final = 16 * 1024 * 1024
"""Media that may arrive while an answer is waited for."""
BEGINNINGS: Final = frozenset({b"RTSP/", b"OPTIO", b"ANNOU", b"GET_P", b"SET_P", b"REDIR", b"TEARD"})
"""Of an answer, and of what a recorder may ask of us."""

SHORTEST_SESSION_S: Final = 10.0
DEFAULT_SESSION_S: Final = 60.0


@dataclass(frozen=True)
class RtspLimits:
    """How long is waited: for a connection, for an answer, and for the next packet of a playing stream."""

    connect_s: float = 5.0
    answer_s: float = 15.0
    silence_s: float = 20.0


@dataclass(frozen=True, slots=True)
class Interleaved:
    """One packet of media: RTP on the even channel that was set up, RTCP on the odd one after it."""

    channel: int
    data: bytes


class RtspClient:
    """One conversation. Made by `open`; closed by leaving its `async with` block."""

    def __init__(
        self,
        address: RtspAddress,
        sign_in: RtspSignIn | None,
        limits: RtspLimits,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._address = address
        self._sign_in = sign_in
        self._limits = limits
        self._reader = reader
        self._writer = writer
        self._sequence = 0
        self._session: str | None = None
        self._session_s = DEFAULT_SESSION_S
        self._base = address.url
        self._kept: deque[Interleaved] = deque()
        self._kept_bytes = 0
        self.said_goodbye = False
        """Whether the stream ended as streams do; else it merely broke off, or goes on."""

    @classmethod
    async def open(
        cls,
        address: RtspAddress,
        credentials: Credentials | None,
        draw: Callable[[], str],
        *,
        tls: ssl.SSLContext | None = None,
        limits: RtspLimits | None = None,
    ) -> Self:
        """Connects. `tls` is asked only for `rtsps`; without it the system's authorities are trusted."""
        limits = limits or RtspLimits()
        encryption = (tls or ssl.create_default_context()) if address.is_encrypted else None
        with connecting(address.shown):
            async with asyncio.timeout(limits.connect_s):
                reader, writer = await asyncio.open_connection(
                    address.host, address.port, ssl=encryption, limit=HEADER_BYTES
                )
        sign_in = None
        if credentials is not None:
            sign_in = RtspSignIn(credentials, address.is_encrypted, draw)
        return cls(address, sign_in, limits, reader, writer)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            with suppress(OSError, ValueError):  # as a courtesy; the session ends with its connection
                self._writer.write(self._formed("TEARDOWN", self._base, {}))
        self._writer.close()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):
                await self._writer.wait_closed()

    async def describe(self, headers: Mapping[str, str] | None = None) -> SessionDescription:
        """What the stream holds."""
        answer = await self._call(
            "DESCRIBE", self._address.url, {"Accept": "application/sdp", **(headers or {})}
        )
        for name in ("content-base", "content-location"):
            if (stated := answer.header(name)) is not None:
                self._base = _without_user(stated)
                break
        return parse_description(answer.body)

    async def set_up(self, media: MediaDescription, headers: Mapping[str, str] | None = None) -> None:
        """Has this media sent over the connection, on channels 0 (RTP) and 1 (RTCP)."""
        target = self._control(media.control)
        wanted = {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1", **(headers or {})}
        answer = await self._call("SETUP", target, wanted)
        transport = answer.header("transport") or ""
        if "interleaved=0-1" not in transport.replace(" ", ""):
            raise Malformed(
                f"{self._address.shown}: the stream would be sent in another way than was asked for"
            )
        session, _, parameters = (answer.header("session") or "").partition(";")
        if not session.strip():
            raise Malformed(f"{self._address.shown}: SETUP was answered without a session")
        self._session = session.strip()
        name, _, seconds = parameters.strip().partition("=")
        if name.strip().lower() == "timeout" and seconds.strip().isdigit():
            self._session_s = max(SHORTEST_SESSION_S, float(seconds.strip()[:6]))

    async def play(self, headers: Mapping[str, str] | None = None) -> None:
        """Begins the stream; read it by `packets`."""
        await self._call("PLAY", self._base, headers or {})

    async def packets(self) -> AsyncGenerator[Interleaved, None]:
        """The media as it comes, until the recorder says goodbye or closes the connection; the session is kept alive.

        `TimedOut` where nothing comes for too long: a stream that ends says so in the stream.
        """
        loop = asyncio.get_running_loop()
        alive_at = loop.time() + self._session_s / 2
        silent_at = loop.time() + self._limits.silence_s
        while True:
            if self._kept:
                item: Interleaved | RtspAnswer | None = self._kept.popleft()
                self._kept_bytes -= len(item.data) if isinstance(item, Interleaved) else 0
            else:
                if loop.time() >= alive_at:
                    await self._write(self._formed("GET_PARAMETER", self._base, {}))
                    alive_at = loop.time() + self._session_s / 2
                try:
                    async with asyncio.timeout_at(silent_at):
                        item = await self._read_item()
                except TimeoutError as error:
                    raise TimedOut(
                        f"{self._address.shown}: nothing more of the stream for {self._limits.silence_s:g} s"
                    ) from error
            if item is None:
                return
            if not isinstance(item, Interleaved):
                continue
            if item.channel == 1 and is_goodbye(item.data):
                self.said_goodbye = True
                return
            yield item
            if item.channel == 0:  # reports go on although a stream has stalled
                silent_at = loop.time() + self._limits.silence_s

    def _control(self, control: str | None) -> str:
        """The address to set one media up at: absolute, or below the description's own."""
        if control is None or control == "*":
            return self._base
        if "://" in control:
            return _without_user(control)
        if control.startswith("/"):
            return f"{self._address.shown}{control}"
        return f"{self._base}{'' if self._base.endswith('/') else '/'}{control}"

    async def _call(self, method: str, url: str, headers: Mapping[str, str]) -> RtspAnswer:
        answer = await self._exchange(method, url, headers)
        challenges = answer.headers.get("www-authenticate", ())
        if answer.status == 401 and self._sign_in is not None and challenges:
            self._sign_in.take(challenges)
            answer = await self._exchange(method, url, headers)
        error = refusal(f"{method} at {self._address.shown}", answer, self._sign_in is not None)
        if error is not None:
            raise error
        return answer

    async def _exchange(self, method: str, url: str, headers: Mapping[str, str]) -> RtspAnswer:
        what = f"{method} at {self._address.shown}"
        try:
            async with asyncio.timeout(self._limits.answer_s):
                await self._write(self._formed(method, url, headers))
                sequence = str(self._sequence)
                while True:
                    item = await self._read_item()
                    if item is None:
                        raise Unreachable(f"{what}: the connection broke off")
                    if isinstance(item, Interleaved):
                        self._keep(item)
                    elif item.header("cseq") in {sequence, None}:
                        return item
        except TimeoutError as error:
            raise TimedOut(f"{what}: no answer in time") from error

    def _formed(self, method: str, url: str, headers: Mapping[str, str]) -> bytes:
        self._sequence += 1
        all_headers = dict(headers)
        if self._session is not None:
            all_headers["Session"] = self._session
        if self._sign_in is not None and (authorization := self._sign_in.authorization(method, url)):
            all_headers["Authorization"] = authorization
        return format_request(method, url, self._sequence, all_headers)

    async def _write(self, data: bytes) -> None:
        with conversing(self._address.shown):
            self._writer.write(data)
            await self._writer.drain()

    def _keep(self, packet: Interleaved) -> None:
        self._kept_bytes += len(packet.data)
        if self._kept_bytes > KEPT_BYTES:
            raise TooLarge(f"{self._address.shown}: media came instead of an answer")
        self._kept.append(packet)

    async def _read_item(self) -> Interleaved | RtspAnswer | None:
        """The next packet or answer; None where the recorder has closed the connection in between."""
        with conversing(self._address.shown):
            while True:
                first = await self._reader.read(1)
                if not first:
                    return None
                if first == b"$":
                    channel, size = struct.unpack(">BH", await self._reader.readexactly(3))
                    return Interleaved(channel, await self._reader.readexactly(size))
                if first in b"\r\n":
                    continue
                begin = first + await self._reader.readexactly(4)
                if begin not in BEGINNINGS:  # no need to wait for an end that never comes
                    raise Malformed(f"{self._address.shown}: what is answered is no RTSP")
                line, headers = parse_head(begin + await self._reader.readuntil(b"\r\n\r\n"))
                size = whole_number(headers, "content-length")
                body = await self._reader.readexactly(min(size, BODY_BYTES + 1))
                if size > BODY_BYTES:
                    raise TooLarge(f"{self._address.shown}: an answer has more than {BODY_BYTES} bytes")
                if not line.startswith("RTSP/"):
                    continue  # a request of the recorder's, such as ANNOUNCE: nothing here needs it
                return RtspAnswer(parse_status(line), headers, body)


def _without_user(url: str) -> str:
    """As the recorder wrote it, which it compares by the letter. Wherever it points, it is only text of a
    request: the connection stays where it is."""
    scheme, separator, rest = url.strip().partition("://")
    authority, slash, resource = rest.partition("/")
    return f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{resource}"
