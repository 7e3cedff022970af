"""The client's guards, against servers that misbehave on purpose."""

import asyncio
import struct

import pytest

from adapters.contract.errors import (
    AdapterError,
    Malformed,
    Misconfigured,
    NotFound,
    Refused,
    Throttled,
    TimedOut,
    TooLarge,
    TryLater,
    Unreachable,
)
from adapters.transport.credentials import Credentials
from adapters.transport.rtsp import Interleaved, RtspClient, RtspLimits
from adapters.transport.rtsp_messages import RtspAddress
from tests.adapters.transport.servers import Asked, ScriptedServer, answering, serving

SECRETS = Credentials("viewer", "s3cret")
LIMITS = RtspLimits(connect_s=2, answer_s=0.5, silence_s=0.5)
SDP = b"v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:track1\r\n"
PACKET = b"$\x00\x00\x04abcd"
GOODBYE = b"$\x01\x00\x08" + struct.pack(">BBHI", 0x81, 203, 1, 1)


def rtsp(status: int, body: bytes = b"", **headers: str) -> bytes:
    told = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"RTSP/1.0 {status} X\r\nContent-Length: {len(body)}\r\n{told}\r\n".encode() + body


SET_UP = rtsp(200, Transport="RTP/AVP/TCP;unicast;interleaved=0-1", Session="77;timeout=60")


async def opened(server: ScriptedServer, credentials: Credentials | None = SECRETS) -> RtspClient:
    address = RtspAddress.parse(f"rtsp://127.0.0.1:{server.port}/live?token=hidden")
    return await RtspClient.open(address, credentials, lambda: "cnonce", limits=LIMITS)


async def described(server: ScriptedServer, credentials: Credentials | None = SECRETS) -> None:
    async with await opened(server, credentials) as client:
        await client.describe()


async def played(*after_play: bytes) -> tuple[list[Interleaved], list[Asked]]:
    """What arrives after PLAY is answered by these bytes, and what was asked."""
    script = answering(rtsp(200, SDP), SET_UP, b"".join(after_play))
    async with serving(script) as server, await opened(server) as client:
        video = (await client.describe()).video()
        assert video is not None
        await client.set_up(video, {"Require": "onvif-replay"})
        await client.play({"Range": "clock=20260615T114900.440Z-"})
        return [packet async for packet in client.packets()], server.asked


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (rtsp(401), Refused),
        (rtsp(403), Refused),
        (rtsp(404), NotFound),
        (rtsp(457), NotFound),
        (rtsp(302, Location="rtsp://10.9.9.9/elsewhere"), Misconfigured),
        (rtsp(453), Throttled),
        (rtsp(503, Retry_After="7"), Throttled),
        (rtsp(500), TryLater),
        (rtsp(551, Unsupported="onvif-replay"), Misconfigured),
        (rtsp(400), Malformed),
        (b"HTTP/1.1 200 OK\r\n\r\n", Malformed),
        (b"<html>no end", Malformed),
        (b"RTSP/1.0 abc X\r\n\r\n", Malformed),
        (b"RTSP/1.0 200 X\r\nno colon here\r\n\r\n", Malformed),
        (b"RTSP/1.0 200 X\r\nContent-Length: much\r\n\r\n", Malformed),
        (b"RTSP/1.0 200 X\r\nContent-Length: 99999999\r\n\r\n", TimedOut),
        (b"RTSP/1.0 200 X\r\nContent-Length: 99999999\r\n\r\n" + b" " * 300_000, TooLarge),
        (b"RTSP/1.0 200 X\r\n" + b"A: b\r\n" * 200 + b"\r\n", Malformed),
        (b"RTSP/1.0 200 X\r\nA: " + b"b" * 200_000, TooLarge),
        (b"RTSP/1.0 200 X\r\nContent-Le", TimedOut),
        (rtsp(200, b"<html>"), Malformed),
        (b"$\x00\xff\xff" + bytes(65535), TimedOut),
    ],
)
async def test_every_answer_maps_to_one_of_the_contracts_errors(
    answer: bytes, error: type[AdapterError]
) -> None:
    async with serving(answering(answer)) as server:
        with pytest.raises(error) as raised:
            await described(server)
        assert type(raised.value) is error
        assert "hidden" not in str(raised.value)
        assert "s3cret" not in str(raised.value)
        if error is Throttled and b"Retry" in answer:
            assert raised.value.retry_after_s == 7


async def test_nobody_there_and_nobody_answering_are_told_apart() -> None:
    async with serving(answering(b"")) as server:
        with pytest.raises(TimedOut):
            await described(server)
    with pytest.raises(Unreachable):
        await described(server)


async def test_a_connection_that_breaks_off_is_unreachable() -> None:
    async def hang_up(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"RTSP/1.0 200 OK\r\nCSeq")
        writer.close()

    async with serving(hang_up) as server:
        with pytest.raises(Unreachable):
            await described(server)


async def test_a_challenge_is_answered_once_and_the_password_stays_here() -> None:
    challenge = rtsp(401, WWW_Authenticate='Digest realm="nvr", nonce="n1"')
    async with serving(answering(challenge, rtsp(200, SDP))) as server:
        await described(server)
        assert "authorization" not in server.asked[0].headers
        assert server.asked[1].headers["authorization"].startswith('Digest username="viewer", realm="nvr"')
        assert "s3cret" not in str(server.asked)
    async with serving(answering(challenge)) as server:
        with pytest.raises(Refused):
            await described(server)
        assert len(server.asked) == 2


async def test_a_recorder_that_wants_a_user_says_so() -> None:
    async with serving(answering(rtsp(401, WWW_Authenticate='Digest realm="n", nonce="n"'))) as server:
        with pytest.raises(Refused, match="set username and password"):
            await described(server, None)


async def test_a_replay_is_asked_for_by_the_clock_and_read_to_its_goodbye() -> None:
    packets, asked = await played(PACKET, rtsp(200), PACKET, GOODBYE, PACKET)
    assert [packet.data for packet in packets] == [b"abcd", b"abcd"]
    lines = [each.line for each in asked]
    assert lines[1].startswith("SETUP rtsp://127.0.0.1:")
    assert lines[1].split()[1].endswith("/live?token=hidden/track1")
    assert asked[1].headers["require"] == "onvif-replay"
    assert (asked[2].headers["range"], asked[2].headers["session"]) == ("clock=20260615T114900.440Z-", "77")


async def test_a_stream_that_stalls_is_timed_out_and_not_taken_for_ended() -> None:
    with pytest.raises(TimedOut):
        await played(rtsp(200), PACKET)


async def test_reports_of_a_stalled_stream_do_not_keep_it_alive() -> None:
    async def report_for_ever(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if asked.number < 2:
            writer.write((rtsp(200, SDP), SET_UP)[asked.number])
            return
        writer.write(rtsp(200))
        while True:
            writer.write(b"$\x01\x00\x04abcd")
            await asyncio.sleep(0.05)

    async with serving(report_for_ever) as server, await opened(server) as client:
        video = (await client.describe()).video()
        assert video is not None
        await client.set_up(video)
        await client.play()
        with pytest.raises(TimedOut):
            async for _ in client.packets():
                pass


async def test_media_instead_of_an_answer_does_not_fill_the_memory() -> None:
    async def flood(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write((b"$\x00\xff\xff" + bytes(65535)) * 16)
            await writer.drain()

    async with serving(flood) as server:
        with pytest.raises(TooLarge, match="media came instead"):
            address = RtspAddress.parse(f"rtsp://127.0.0.1:{server.port}/live")
            patient = RtspLimits(answer_s=30)
            async with await RtspClient.open(address, None, str, limits=patient) as client:
                await client.describe()


async def test_a_stream_offered_over_other_ways_than_this_connection_is_malformed() -> None:
    datagrams = rtsp(200, Transport="RTP/AVP;unicast;client_port=4588-4589", Session="1")
    async with serving(answering(rtsp(200, SDP), datagrams)) as server, await opened(server) as client:
        video = (await client.describe()).video()
        assert video is not None
        with pytest.raises(Malformed):
            await client.set_up(video)


async def test_a_cancelled_call_closes_its_connection() -> None:
    started = asyncio.Event()

    async def silent(_asked: Asked, _writer: asyncio.StreamWriter) -> None:
        started.set()
        await asyncio.Event().wait()

    async with serving(silent) as server:
        asking = asyncio.create_task(described(server))
        await started.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await server.idle.wait()
        assert server.open_connections == 0


@pytest.mark.parametrize(
    "text", ["http://nvr/1", "rtsp:///1", "rtsp://nvr:99999/1", "rtsp://nvr/a b", "rtsp://[::1"]
)
def test_what_is_no_address_of_a_stream_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        RtspAddress.parse(text)


def test_an_address_never_keeps_or_shows_a_password() -> None:
    address = RtspAddress.parse("rtsps://user:s3cret@[2001:db8::1]/live?key=hidden")
    assert (address.port, address.host, address.is_encrypted) == (322, "2001:db8::1", True)
    assert "s3cret" not in address.url + repr(address)
    assert "hidden" not in repr(address)
    assert address.shown == "rtsps://[2001:db8::1]:322"
