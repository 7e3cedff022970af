"""What a replay raises when the recorder's RTSP server misbehaves while its services are well."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from adapters.conformance.faults.listener import FaultyServer
from adapters.conformance.faults.models import RETRY_AFTER_S, Fault
from adapters.conformance.faults.server import faulty_server
from adapters.contract.errors import (
    AdapterError,
    Malformed,
    Misconfigured,
    Refused,
    Throttled,
    TimedOut,
    TooLarge,
    TryLater,
    Unreachable,
)
from adapters.contract.models import FootageMessage, Interval, SegmentData
from adapters.onvif.adapter import OnvifAdapter
from adapters.onvif.fragments import Picture
from adapters.onvif.replay import Replayer
from adapters.transport.rtsp import RtspLimits
from adapters.transport.rtsp_messages import RtspAddress
from adapters.transport.rtsp_translation import tls_trusting
from adapters.transport.stills import StreamReader
from broker.demo.profile_g.packets import Packetizer
from broker.demo.profile_g.tape import TapeFrame
from tests.adapters.onvif.recorders import HISTORY, adapter_for, order, recording
from tests.adapters.transport.servers import Asked, serving


@asynccontextmanager
async def behind_a_faulty_server(
    recordings: Path, folder: Path
) -> AsyncIterator[tuple[FaultyServer, OnvifAdapter]]:
    async with (
        recording(order(recordings)) as device,
        faulty_server(f"rtsp://127.0.0.1:{device.rtsp_port}") as server,
        adapter_for(
            device,
            folder,
            behind_nat=True,
            rtsp_port=int(server.address.rpartition(":")[2]),
            connect_timeout_s=2,
            read_timeout_s=2,
            silence_timeout_s=1,
        ) as adapter,
    ):
        yield server, adapter


async def footage(adapter: OnvifAdapter) -> list[FootageMessage]:
    return [message async for message in adapter.open_footage("platform", HISTORY)]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.OUTAGE, Unreachable),
        (Fault.SILENCE, TimedOut),
        (Fault.BREAK_OFF, Unreachable),
        (Fault.STALL, TimedOut),
        (Fault.UNAUTHORIZED, Refused),
        (Fault.FORBIDDEN, Refused),
        (Fault.THROTTLED, Throttled),
        (Fault.FAILING, TryLater),
        (Fault.UNAVAILABLE, TryLater),
        (Fault.MALFORMED, Malformed),
        (Fault.OVERSIZED, TooLarge),
        (Fault.DRIP, TimedOut),
        (Fault.REDIRECT_ELSEWHERE, Misconfigured),
    ],
)
async def test_each_fault_is_told_as_what_it_is(
    recordings: Path, tmp_path: Path, fault: Fault, kind: type[AdapterError]
) -> None:
    async with behind_a_faulty_server(recordings, tmp_path) as (server, adapter):
        await server.use(fault)
        with pytest.raises(kind) as raised:
            await footage(adapter)
        assert server.elsewhere.visits == 0
        if kind is Throttled:
            assert raised.value.retry_after_s == RETRY_AFTER_S


async def test_without_a_fault_the_whole_comes_through(recordings: Path, tmp_path: Path) -> None:
    async with behind_a_faulty_server(recordings, tmp_path) as (server, adapter):
        assert any(isinstance(message, SegmentData) for message in await footage(adapter))
        await server.until_unconnected()


async def test_footage_that_is_left_early_leaves_no_connection(recordings: Path, tmp_path: Path) -> None:
    async with behind_a_faulty_server(recordings, tmp_path) as (server, adapter):
        opened = cast("AsyncGenerator[FootageMessage, None]", adapter.open_footage("platform", HISTORY))
        async with aclosing(opened) as messages:
            await anext(messages)
            assert server.open_connections == 1
        await server.until_unconnected()


BEGIN = datetime(2026, 6, 15, 11, tzinfo=UTC)
SDP = b"v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
SET_UP = b"RTSP/1.0 200 OK\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\nSession: 1\r\n\r\n"
DESCRIBED = b"RTSP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(SDP), SDP)


async def replayed_until(seconds: int, ending: bytes) -> int:
    """How many pictures come of a recorder that replays one a second for so long, ends so, and hangs up."""
    packetizer = Packetizer(1, timedelta())
    frames = [
        TapeFrame(b"\0\0\1\x65\x88", BEGIN + timedelta(seconds=second), is_key=True)
        for second in range(seconds)
    ]
    media = b"".join(packet for frame in frames for packet in packetizer.frame(frame, is_last=False))

    async def script(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if asked.number < 2:
            writer.write((DESCRIBED, SET_UP)[asked.number])
            return
        writer.write(b"RTSP/1.0 200 OK\r\n\r\n" + media + ending)
        writer.close()

    streams = StreamReader(None, RtspLimits(silence_s=1), lambda: tls_trusting(None), lambda: "c")
    async with serving(script) as server:
        address = RtspAddress.parse(f"rtsp://127.0.0.1:{server.port}/replay")
        asked = Interval(start=BEGIN, end=BEGIN + timedelta(seconds=10))
        async with aclosing(Replayer(streams).pictures(address, asked)) as pictures:
            return len([item async for item in pictures if isinstance(item, Picture)])


async def test_a_recorder_that_hangs_up_in_the_middle_is_not_taken_for_one_that_is_done() -> None:
    assert await replayed_until(9, b"") == 9
    assert await replayed_until(4, Packetizer(1, timedelta()).goodbye()) == 4
    with pytest.raises(Unreachable, match="broke off"):
        await replayed_until(4, b"")
    with pytest.raises(Unreachable):
        await replayed_until(9, b"$\x00\x10\x00torn")
