"""The client against a real RTSP server and a real ONVIF replay, GStreamer's."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import av
import pytest

from adapters.contract.errors import Misconfigured, Refused
from adapters.transport.access_units import AccessUnit, Depacketizer
from adapters.transport.credentials import Credentials
from adapters.transport.rtp import parse_packet
from adapters.transport.rtsp import RtspClient
from adapters.transport.rtsp_messages import RtspAddress
from adapters.transport.rtsp_translation import tls_trusting
from tests.adapters.transport.certificates import Certificates
from tests.adapters.transport.gstreamer import mount, rtsp_server
from tests.requirements import sample_data

ODD = Credentials('üs"er\\ é', "p@:ss/w ö%?#rd")
START = datetime(2026, 6, 15, 11, 0, tzinfo=UTC)


async def pictures(
    url: str,
    credentials: Credentials | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    play: Mapping[str, str] | None = None,
    most: int = 100_000,
    tls: ssl.SSLContext | None = None,
) -> list[AccessUnit]:
    async with await RtspClient.open(RtspAddress.parse(url), credentials, lambda: "c0", tls=tls) as client:
        video = (await client.describe(headers)).video()
        assert video is not None
        assert video.codec is not None
        await client.set_up(video, headers)
        await client.play({**(headers or {}), **(play or {})})
        depacketizer, found = Depacketizer(video.codec), []
        async for packet in client.packets():
            if packet.channel == 0 and (picture := depacketizer.take(parse_packet(packet.data))):
                found.append(picture)
                if len(found) == most:
                    return found
        last = depacketizer.flush()
        return [*found, last] if last else found


def recorded_units(file: Path, codec: str) -> list[bytes]:
    """The NAL units of the file's slices, read by FFmpeg."""
    with av.open(str(file)) as container:
        stream = container.streams.video[0]
        convert = av.BitStreamFilterContext(
            "h264_mp4toannexb" if codec == "h264" else "hevc_mp4toannexb", stream
        )
        data = b"".join(
            bytes(each)
            for packet in container.demux(stream)
            if packet.size
            for each in convert.filter(packet)
        )
    units = [unit.rstrip(b"\0") for unit in data.split(b"\0\0\1")]
    return [unit for unit in units if unit and is_slice(unit, codec)]


def is_slice(unit: bytes, codec: str) -> bool:
    return (unit[0] & 0x1F) in {1, 5} if codec == "h264" else unit[0] >> 1 < 32


@pytest.mark.parametrize(
    ("name", "codec"),
    [("mediamtx/offline_h264.mp4", "h264"), ("mediamtx/offline_h265.mp4", "h265")],
)
async def test_a_camera_sends_the_very_bytes_of_its_file(name: str, codec: str) -> None:
    file = sample_data() / "video" / name
    expected = recorded_units(file, codec)
    with rtsp_server({"cam": mount(file, codec)}, ODD.username, ODD.password) as port:
        found = await pictures(f"rtsp://127.0.0.1:{port}/cam", ODD, most=12)
        slices = [unit.rstrip(b"\0") for each in found for unit in each.units if is_slice(unit, codec)]
        assert slices == expected[: len(slices)]
        assert found[0].is_key
        with pytest.raises(Refused):
            await pictures(f"rtsp://127.0.0.1:{port}/cam", Credentials(ODD.username, "wrong"))
        with pytest.raises(Refused, match="set username"):
            await pictures(f"rtsp://127.0.0.1:{port}/cam")


async def test_a_replay_begins_at_the_key_frame_before_and_tells_every_frames_instant() -> None:
    file = sample_data() / "video/intel/one-by-one-person-detection.mp4"
    replay = {"Require": "onvif-replay"}
    wanted = {"Range": "clock=20260615T110101.300Z-20260615T110104.000Z", "Rate-Control": "no"}
    with rtsp_server({"tape": mount(file, "h264", "2026-06-15T11:00:00Z")}) as port:
        found = await pictures(f"rtsp://127.0.0.1:{port}/tape", headers=replay, play=wanted, most=25)
    marks = [each.mark for each in found]
    instants = [mark.at for mark in marks if mark is not None]
    assert len(instants) == 25
    assert found[0].is_key
    assert instants[0] == START + timedelta(seconds=61)
    assert instants[1] > instants[2], "B-frames come in decoding order"
    steps = {after - before for before, after in pairwise(sorted(instants)[:-2])}
    assert steps == {timedelta(milliseconds=100)}


@asynccontextmanager
async def behind_tls(port: int, certificates: Certificates) -> AsyncIterator[int]:
    """The same server inside TLS."""
    streams: set[asyncio.StreamWriter] = set()

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        streams.update({writer, inner_writer})
        both = [
            asyncio.create_task(copy(reader, inner_writer)),
            asyncio.create_task(copy(inner_reader, writer)),
        ]
        await asyncio.wait(both)
        for each in both:
            each.exception()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=certificates.server())
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for stream in streams:
            stream.close()


async def test_a_stream_inside_tls_is_read_where_its_certificate_is_trusted(
    certificates: Certificates,
) -> None:
    file = sample_data() / "video/mediamtx/offline_h264.mp4"
    with rtsp_server({"cam": mount(file, "h264")}) as port:
        async with behind_tls(port, certificates) as encrypted:
            url = f"rtsps://127.0.0.1:{encrypted}/cam"
            found = await pictures(url, most=3, tls=tls_trusting(certificates.authority))
            assert len(found) == 3
            with pytest.raises(Misconfigured, match="ca_file"):
                await pictures(url, most=3)
