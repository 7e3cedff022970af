"""The recorder's RTSP part: its cameras as they film, and replay of its tapes by `Range: clock=` (ONVIF streaming
specification), over the connection itself. Digest access by SHA-256 (RFC 7616), without qop."""

import asyncio
import hashlib
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from typing import Final
from urllib.parse import unquote, urlsplit

from broker.demo.profile_g.models import DeviceOrder
from broker.demo.profile_g.packets import PAYLOAD_TYPE, Packetizer
from broker.demo.profile_g.tape import Tape, TapeFrame

REALM: Final = "entrevue demo recorder"
HEAD_BYTES: Final = 16 * 1024
SESSION_S: Final = 60
FRAMES_AT_ONCE: Final = 64
REPLAY_PATH: Final = "/replay/"
LIVE_PATH: Final = "/live/"
LOOK_EVERY_S: Final = 0.5
_RANGE = re.compile(r"clock=(\d{8}T\d{6}(?:\.\d+)?)Z-(?:(\d{8}T\d{6}(?:\.\d+)?)Z)?")
_PARAMETER = re.compile(r'(\w{1,64})="?((?:[^",\\]|\\.){0,1024})"?')

Headers = Mapping[str, str]


class ReplayServer:
    """Serves every channel of an order. `port` is known once `start` has returned."""

    def __init__(self, order: DeviceOrder, tapes: Mapping[str, Tape]) -> None:
        self._order = order
        self._tapes = tapes
        self._nonce = secrets.token_hex(16)
        self._server: asyncio.Server | None = None
        self._conversations: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        if self._server is None:
            raise RuntimeError("the replay server has not been started")
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        self._server = await asyncio.start_server(
            self._accept, "127.0.0.1", self._order.rtsp_port, limit=HEAD_BYTES
        )

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._conversations:
            task.cancel()
        await asyncio.gather(*self._conversations, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._conversations.add(task)
            task.add_done_callback(self._conversations.discard)
        conversation = _Conversation(reader, writer, self)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                await conversation.run()
        except asyncio.CancelledError:
            pass  # the recorder is switched off
        finally:
            writer.close()

    def tape(self, url: str) -> Tape | None:
        path = unquote(urlsplit(url).path).removeprefix(REPLAY_PATH).removeprefix(LIVE_PATH)
        return self._tapes.get(path.partition("/")[0])

    def may(self, method: str, headers: Headers) -> bool:
        """Whether the request is signed by the recorder's only user."""
        given = dict(_PARAMETER.findall(headers.get("authorization", "").partition(" ")[2]))
        username = re.sub(r"\\(.)", r"\1", given.get("username", ""))
        secret = _hashed(f"{username}:{REALM}:{self._order.password}")
        asked = _hashed(f"{method}:{given.get('uri', '')}")
        expected = _hashed(f"{secret}:{self._nonce}:{asked}")
        is_user = secrets.compare_digest(username.encode(), self._order.username.encode())
        return is_user and secrets.compare_digest(given.get("response", "").encode(), expected.encode())

    @property
    def challenge(self) -> str:
        return f'Digest realm="{REALM}", nonce="{self._nonce}", algorithm=SHA-256'

    def packetizer(self, *, is_replay: bool) -> Packetizer:
        return Packetizer(secrets.randbits(32), self._order.clock_offset, is_replay=is_replay)

    def utc(self, device_time: datetime) -> datetime:
        return device_time - self._order.clock_offset


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def read_range(text: str) -> tuple[datetime, datetime | None] | None:
    """The instants of a `Range: clock=`; None for any other range."""
    match = _RANGE.fullmatch(text.strip())
    if match is None:
        return None
    start, end = (
        None if each is None else datetime.fromisoformat(each).replace(tzinfo=UTC) for each in match.groups()
    )
    return None if start is None else (start, end)


class _Conversation:
    """One connection. A replay goes on beside the answers to further requests."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: ReplayServer
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._server = server
        self._tape: Tape | None = None
        self._replaying: asyncio.Task[None] | None = None

    async def run(self) -> None:
        try:
            while True:
                head = (await self._reader.readuntil(b"\r\n\r\n")).decode("utf-8", "replace")
                first, *lines = head.rstrip().split("\r\n")
                words = first.split(" ")
                pairs = (line.partition(":") for line in lines)
                headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
                if len(words) != 3 or not await self._answer(words[0], words[1], headers):
                    return
        finally:
            if self._replaying is not None:
                self._replaying.cancel()
                await asyncio.wait({self._replaying})

    async def _answer(self, method: str, url: str, headers: Headers) -> bool:
        """False where the conversation is over."""
        server = self._server
        if method != "OPTIONS" and not server.may(method, headers):
            self._send(401, headers, {"WWW-Authenticate": server.challenge})
        elif method == "OPTIONS":
            self._send(200, headers, {"Public": "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN"})
        elif (
            method in {"DESCRIBE", "SETUP", "PLAY"}
            and headers.get("require", "onvif-replay") != "onvif-replay"
        ):
            self._send(551, headers, {"Unsupported": headers["require"]})
        elif method == "DESCRIBE":
            self._describe(url, headers)
        elif method == "SETUP":
            self._set_up(url, headers)
        elif method == "PLAY":
            self._play(url, headers)
        elif method == "GET_PARAMETER":
            self._send(200, headers, {})
        elif method == "TEARDOWN":
            self._send(200, headers, {})
            return False
        else:
            self._send(501, headers, {})
        await self._writer.drain()
        return True

    def _describe(self, url: str, headers: Headers) -> None:
        if self._server.tape(url) is None:
            self._send(404, headers, {})
            return
        body = (
            "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=Replay\r\nt=0 0\r\na=control:*\r\n"
            f"m=video 0 RTP/AVP {PAYLOAD_TYPE}\r\na=rtpmap:{PAYLOAD_TYPE} H264/90000\r\n"
            f"a=fmtp:{PAYLOAD_TYPE} packetization-mode=1\r\na=control:video\r\n"
        ).encode()
        base = {"Content-Base": f"{url.rstrip('/')}/", "Content-Type": "application/sdp"}
        self._send(200, headers, base, body)

    def _set_up(self, url: str, headers: Headers) -> None:
        self._tape = self._server.tape(url)
        if self._tape is None:
            self._send(404, headers, {})
        elif "interleaved=0-1" not in headers.get("transport", ""):
            self._send(461, headers, {})
        else:
            transport = "RTP/AVP/TCP;unicast;interleaved=0-1"
            self._send(200, headers, {"Transport": transport, "Session": f"1;timeout={SESSION_S}"})

    def _play(self, url: str, headers: Headers) -> None:
        asked = read_range(headers.get("range", ""))
        if self._tape is None:
            self._send(455, headers, {})
        elif urlsplit(url).path.startswith(LIVE_PATH):
            self._send(200, headers, {"Session": "1"})
            self._replaying = asyncio.create_task(self._live(self._tape))
        elif asked is None:
            self._send(457, headers, {})
        else:
            self._send(200, headers, {"Session": "1", "Range": headers["range"]})
            start, end = asked
            utc_end = None if end is None else self._server.utc(end)
            frames = self._tape.frames(self._server.utc(start), utc_end)
            self._replaying = asyncio.create_task(self._replay(frames))

    async def _replay(self, frames: Iterator[TapeFrame]) -> None:
        """Sends as fast as the connection takes it; each frame is read off the event loop."""
        packetizer = self._server.packetizer(is_replay=True)
        with suppress(ConnectionError):
            frames_now = await asyncio.to_thread(_some, frames)
            while frames_now:
                following = await asyncio.to_thread(_some, frames)
                for left, frame in zip(range(len(frames_now) - 1, -1, -1), frames_now, strict=True):
                    for packet in packetizer.frame(frame, is_last=not following and left == 0):
                        self._writer.write(packet)
                    await self._writer.drain()
                frames_now = following
            self._writer.write(packetizer.goodbye())
            await self._writer.drain()

    async def _live(self, tape: Tape) -> None:
        """From the newest key frame on, whatever is filmed meanwhile, until the client leaves."""
        packetizer = self._server.packetizer(is_replay=False)
        shown_until: datetime | None = None
        with suppress(ConnectionError):
            while True:
                frames = await asyncio.to_thread(tape.newest_frames, shown_until)
                if shown_until is None and frames:
                    self._writer.write(packetizer.report(frames[0].shown_at))
                for frame in frames:
                    for packet in packetizer.frame(frame, is_last=False):
                        self._writer.write(packet)
                    await self._writer.drain()
                shown_until = max([frame.shown_at for frame in frames], default=shown_until)
                await asyncio.sleep(LOOK_EVERY_S)

    def _send(self, status: int, asked: Headers, headers: Headers, body: bytes = b"") -> None:
        told = {"CSeq": asked.get("cseq", "0"), **headers, "Content-Length": str(len(body))}
        lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        self._writer.write(f"RTSP/1.0 {status} {REASONS.get(status, 'Error')}\r\n{lines}\r\n".encode() + body)


def _some(frames: Iterator[TapeFrame]) -> list[TapeFrame]:
    return list(islice(frames, FRAMES_AT_ONCE))


REASONS: Final = {
    200: "OK",
    401: "Unauthorized",
    404: "Not Found",
    455: "Method Not Valid In This State",
    457: "Invalid Range",
    461: "Unsupported Transport",
    501: "Not Implemented",
    551: "Option Not Supported",
}
