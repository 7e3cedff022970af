"""Replays one recording over RTSP and hands out its pictures with their instants, in decoding order.

ONVIF streaming specification, replay: `Require: onvif-replay`, `Range: clock=`, `Rate-Control: no`. Owns where a
replay begins and when it is over. A recorder that stops early without saying that this is its end is told from one
that is done.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from adapters.contract.errors import Malformed, TimedOut, TryLater, Unreachable
from adapters.contract.models import Interval
from adapters.onvif.fragments import Picture
from adapters.transport.access_units import AccessUnit, Depacketizer
from adapters.transport.rtp import RtpPacket, parse_packet
from adapters.transport.rtsp_messages import RtspAddress
from adapters.transport.stills import StreamReader

REPLAY: Final = {"Require": "onvif-replay"}
REORDERED_FRAMES: Final = 17
"""More than a decoder may hold back: so many frames past the end, and none before it can follow."""

PAST_END: Final = timedelta(seconds=5)
"""Asked for beyond the end, because frames shown before it may be decoded from frames after it."""

NEAR_END: Final = timedelta(seconds=2)
"""A replay that stops this close to what the recorder says it holds is whole."""

VIDEO_CLOCK_HZ: Final = 90_000


@dataclass(frozen=True)
class ReplayStream:
    """What the recorder describes of a recording's video."""

    codec: str
    parameter_sets: tuple[bytes, ...]


@dataclass(frozen=True)
class Replayer:
    """Replays of one device."""

    streams: StreamReader

    async def pictures(
        self, address: RtspAddress, interval: Interval
    ) -> AsyncGenerator[ReplayStream | Picture, None]:
        """First the stream, then every picture from the key frame before the interval to its end, maybe some more.

        Close it by `aclosing`.
        """
        async with await self.streams.open(address) as client:
            video = (await client.describe(REPLAY)).video()
            if video is None:
                raise Malformed(f"{address.shown}: the recording has no video")
            if video.codec is None:
                raise Malformed(f"{address.shown}: video of the codec {video.encoding} is not known here")
            depacketizer = Depacketizer(video.codec)
            yield ReplayStream(video.codec, video.parameter_sets)
            await client.set_up(video, REPLAY)
            asked = f"clock={clock_time(interval.start)}-{clock_time(interval.end + PAST_END)}"
            await client.play({**REPLAY, "Range": asked, "Rate-Control": "no"})
            progress = _Progress(address.shown, interval)
            async with aclosing(client.packets()) as packets:
                try:
                    async for packet in packets:
                        if packet.channel != 0:
                            continue
                        parsed = parse_packet(packet.data)
                        for unit in _taken(depacketizer, parsed):
                            picture = progress.place(unit)
                            if progress.repeats:
                                return
                            yield picture
                        if progress.is_over or _says_end(parsed):
                            return
                except TimedOut:
                    if not progress.is_near_end:
                        raise  # else it is over: some recorders end a replay by silence
            last = depacketizer.flush()
            if last is not None and not progress.repeats:
                yield progress.place(last)
            if not client.said_goodbye and not progress.is_near_end:
                raise Unreachable(f"{address.shown}: the replay broke off")


def _taken(depacketizer: Depacketizer, packet: RtpPacket) -> list[AccessUnit]:
    """Pictures that this packet completes: the one before it, and its own where it says that it is the last."""
    finished = [depacketizer.take(packet)]
    if _says_end(packet):
        finished.append(depacketizer.flush())
    return [unit for unit in finished if unit is not None]


def _says_end(packet: RtpPacket) -> bool:
    return packet.mark is not None and packet.mark.ends_replay and packet.is_marked


def clock_time(at: datetime) -> str:
    """RFC 2326's utc-time, to the millisecond."""
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%f")[:-3] + "Z"


class _Progress:
    """Gives pictures their instants and knows how far a replay has come."""

    def __init__(self, shown: str, interval: Interval) -> None:
        self._shown = shown
        self._interval = interval
        self._last: tuple[datetime, int] | None = None
        self._latest: datetime | None = None
        self._latest_key: datetime | None = None
        self._past_end = 0
        self.repeats = False
        """Some recorders, GStreamer among them, begin their last GOP again and again after the tape's end."""

    def place(self, unit: AccessUnit) -> Picture:
        if unit.mark is not None:
            at = unit.mark.at
        elif self._last is not None:
            # a frame without an instant of its own lies at its distance on the stream's clock
            ticks = (unit.timestamp - self._last[1] + (1 << 31)) % (1 << 32) - (1 << 31)
            at = self._last[0] + timedelta(microseconds=round(ticks * 1_000_000 / VIDEO_CLOCK_HZ))
        else:
            raise Malformed(f"{self._shown}: the replay does not tell when its frames were recorded")
        if unit.is_key:
            self.repeats = self._latest_key is not None and at <= self._latest_key
            self._latest_key = at
        self._last = (at, unit.timestamp)
        self._latest = at if self._latest is None else max(self._latest, at)
        self._past_end = self._past_end + 1 if at >= self._interval.end else 0
        return Picture(at, unit)

    @property
    def is_over(self) -> bool:
        return self._past_end >= REORDERED_FRAMES

    @property
    def is_near_end(self) -> bool:
        return self._latest is not None and self._latest >= self._interval.end - NEAR_END


def never_arrived(what: str) -> TryLater:
    """A recorder that says it holds something and replays nothing of it."""
    return TryLater(f"{what}: the recorder says that it holds footage there, and replays none")
