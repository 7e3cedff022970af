"""One still picture of a live RTSP stream, decoded within bounds. FFmpeg gets bytes, never an address.

Reads to the first key frame and no further than it takes to have it whole.
"""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from typing import Final

import av
import cv2

from adapters.contract.errors import Malformed, NotSupported, TimedOut, TooLarge
from adapters.contract.models import Stream
from adapters.transport.access_units import START_CODE, AccessUnit, Depacketizer
from adapters.transport.credentials import Credentials
from adapters.transport.rtp import SenderReport, parse_packet, parse_sender_report
from adapters.transport.rtsp import RtspClient, RtspLimits
from adapters.transport.rtsp_messages import RtspAddress
from adapters.transport.sdp import MediaDescription, SessionDescription

FORMATS: Final = {"h264": "h264", "h265": "hevc"}
MOST_PIXELS: Final = 64 * 1024 * 1024
JPEG_QUALITY: Final = 90
VIDEO_CLOCK_HZ: Final = 90_000
KEY_FRAME_WITHIN_S: Final = 30.0
"""Cameras send one every few seconds; some only every ten."""


@dataclass(frozen=True)
class Still:
    """`captured_at` is by the camera's own clock, None where it has not told it."""

    jpeg: bytes = field(repr=False)
    captured_at: datetime | None
    stream: Stream


@dataclass(frozen=True)
class StreamReader:
    """How streams of one network are opened."""

    credentials: Credentials | None
    limits: RtspLimits
    tls: Callable[[], ssl.SSLContext]
    draw: Callable[[], str]
    key_frame_within_s: float = KEY_FRAME_WITHIN_S

    async def open(self, address: RtspAddress) -> RtspClient:
        tls = self.tls() if address.is_encrypted else None
        return await RtspClient.open(address, self.credentials, self.draw, tls=tls, limits=self.limits)

    async def look(self, address: RtspAddress) -> Still | MediaDescription:
        """The picture that the camera shows now; only the description of a video that cannot be decoded here."""
        async with await self.open(address) as client:
            video = _video(await client.describe(), address)
            if video.codec not in FORMATS:
                return video
            unit, captured_at = await self._key_frame(client, video, address)
        return await asyncio.to_thread(
            decode_still, video.codec, video.parameter_sets, unit, captured_at, video.fps
        )

    async def still(self, address: RtspAddress) -> Still:
        """The picture that the camera shows now; `NotSupported` where it cannot be decoded here."""
        seen = await self.look(address)
        if isinstance(seen, MediaDescription):
            raise NotSupported(f"{address.shown}: video of the codec {seen.encoding} is not decoded here")
        return seen

    async def _key_frame(
        self, client: RtspClient, video: MediaDescription, address: RtspAddress
    ) -> tuple[AccessUnit, datetime | None]:
        """The next key frame, and when it was taken if the camera has told its clock by then."""
        depacketizer = Depacketizer(video.codec or "unknown")
        await client.set_up(video)
        await client.play({"Range": "npt=now-"})
        report: SenderReport | None = None
        try:
            async with asyncio.timeout(self.key_frame_within_s), aclosing(client.packets()) as packets:
                async for packet in packets:
                    if packet.channel == 1:
                        report = parse_sender_report(packet.data) or report
                        continue
                    unit = depacketizer.take(parse_packet(packet.data))
                    if unit is not None and unit.is_key:
                        return unit, _taken_at(unit, report)
        except TimeoutError as error:
            raise TimedOut(f"{address.shown}: no key frame in {self.key_frame_within_s:g} s") from error
        last = depacketizer.flush()
        if last is None or not last.is_key:
            raise Malformed(f"{address.shown}: the stream ended before a key frame")
        return last, _taken_at(last, report)


def _video(description: SessionDescription, address: RtspAddress) -> MediaDescription:
    video = description.video()
    if video is None:
        raise Malformed(f"{address.shown}: the stream has no video")
    return video


def _taken_at(unit: AccessUnit, report: SenderReport | None) -> datetime | None:
    if report is None:
        return None
    ticks = (unit.timestamp - report.timestamp + (1 << 31)) % (1 << 32) - (1 << 31)
    return report.at + timedelta(microseconds=round(ticks * 1_000_000 / VIDEO_CLOCK_HZ))


def decode_still(
    codec: str,
    parameter_sets: Sequence[bytes],
    unit: AccessUnit,
    captured_at: datetime | None,
    fps: float | None,
) -> Still:
    """The key frame as JPEG. `TooLarge` before a picture of too many pixels is decoded. Blocks: use in a thread."""
    data = b"".join(START_CODE + each for each in parameter_sets) + unit.data
    try:
        with av.open(BytesIO(data), "r", format=FORMATS[codec]) as container:
            stream = container.streams.video[0]
            width, height = stream.codec_context.width, stream.codec_context.height
            if width * height > MOST_PIXELS:
                raise TooLarge(f"a picture of {width} × {height} pixels is not decoded")
            frame = next(container.decode(stream), None)
    except av.FFmpegError as error:
        raise Malformed("the stream's key frame cannot be decoded") from error
    if frame is None or not width or not height:
        raise Malformed("the stream's key frame cannot be decoded")
    encoded, jpeg = cv2.imencode(
        ".jpg", frame.to_ndarray(format="bgr24"), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    )
    if not encoded:
        raise Malformed("the stream's key frame cannot be written as a picture")
    return Still(jpeg.tobytes(), captured_at, Stream(codec=codec, width=width, height=height, fps=fps))
