"""The faulty server passes RTSP conversations on, and plays each fault so that a plain client sees it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.conformance.faults.listener import FaultyServer
from adapters.conformance.faults.models import GARBAGE, STATUSES, Fault
from adapters.conformance.faults.server import faulty_server, tls_server

MEDIA = b"$\x00\x00\x04abcd"


@dataclass
class Talk:
    """A plain client's connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    address: str
    asked: int = 0

    async def ask(self, method: str) -> bytes:
        """What is answered up to the end of a head, else all that comes."""
        self.asked += 1
        self.writer.write(f"{method} {self.address}/a RTSP/1.0\r\nCSeq: {self.asked}\r\n\r\n".encode())
        async with asyncio.timeout(2):
            try:
                return await self.reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError as error:
                return error.partial


async def _recorder(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            method, target, _ = head.split("\r\n")[0].split(" ")
            sequence = (
                head.split("CSeq: ")[-1].split("\r\n")[0] if "CSeq" in head else head.split("cseq: ")[1][0]
            )
            writer.write(f"RTSP/1.0 200 OK\r\nCSeq: {sequence}\r\nContent-Base: {target}/\r\n\r\n".encode())
            if method == "PLAY":
                writer.write(MEDIA)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


@pytest.fixture
async def upstream() -> AsyncIterator[str]:
    listening = await asyncio.start_server(_recorder, "127.0.0.1", 0)
    yield f"rtsp://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    listening.close()


@pytest.fixture
async def faulty(upstream: str) -> AsyncIterator[FaultyServer]:
    async with faulty_server(upstream) as server:
        yield server


@asynccontextmanager
async def talking(server: FaultyServer, tls: ssl.SSLContext | None = None) -> AsyncIterator[Talk]:
    port = int(server.address.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
    try:
        yield Talk(reader, writer, server.address)
    finally:
        writer.close()


async def test_without_a_fault_it_says_what_the_recorder_says(faulty: FaultyServer) -> None:
    async with talking(faulty) as talk:
        for number in (1, 2):
            head = await talk.ask("DESCRIBE")
            assert head.startswith(b"RTSP/1.0 200 OK") and f"CSeq: {number}".encode() in head
        await talk.ask("PLAY")
        assert await talk.reader.readexactly(len(MEDIA)) == MEDIA
        assert faulty.answering == 1
    await faulty.until_idle()
    await faulty.until_unconnected()
    assert faulty.asked[0].request.method == "DESCRIBE"


@pytest.mark.parametrize("fault", sorted(STATUSES))
async def test_it_refuses_with_the_faults_status(faulty: FaultyServer, fault: Fault) -> None:
    await faulty.use(fault)
    async with talking(faulty) as talk:
        for number in (1, 2):
            head = await talk.ask("DESCRIBE")
            assert head.startswith(f"RTSP/1.0 {STATUSES[fault]} ".encode())
            assert f"CSeq: {number}".encode() in head


async def test_it_redirects_elsewhere(faulty: FaultyServer) -> None:
    await faulty.use(Fault.REDIRECT_ELSEWHERE)
    async with talking(faulty) as talk:
        there = faulty.elsewhere.address.partition("://")[2]
        assert f"Location: rtsp://{there}/a".encode() in await talk.ask("DESCRIBE")


async def test_addresses_in_an_answer_lead_elsewhere(faulty: FaultyServer) -> None:
    await faulty.use(Fault.ADDRESSES_ELSEWHERE)
    async with talking(faulty) as talk:
        there = faulty.elsewhere.address.partition("://")[2]
        assert f"Content-Base: rtsp://{there}/a/".encode() in await talk.ask("DESCRIBE")
    assert faulty.addresses_replaced == 1


@pytest.mark.parametrize("fault", [Fault.SILENCE, Fault.STALL])
async def test_it_falls_silent(faulty: FaultyServer, fault: Fault) -> None:
    await faulty.use(fault)
    async with talking(faulty) as talk:
        with pytest.raises(TimeoutError):
            await talk.ask("DESCRIBE")
        assert faulty.answering == 1
    await faulty.until_unconnected()
    assert faulty.answering == 0


async def test_it_falls_silent_in_the_middle_of_a_conversation(faulty: FaultyServer) -> None:
    async with talking(faulty) as talk:
        await talk.ask("DESCRIBE")
        await faulty.use(Fault.STALL)
        with pytest.raises(TimeoutError):
            await talk.ask("PLAY")
    await faulty.until_idle()


async def test_it_breaks_off(faulty: FaultyServer) -> None:
    await faulty.use(Fault.BREAK_OFF)
    async with talking(faulty) as talk:
        told = await talk.ask("DESCRIBE")
        assert told and not told.endswith(b"\r\n\r\n")


async def test_it_says_garbage(faulty: FaultyServer) -> None:
    await faulty.use(Fault.MALFORMED)
    async with talking(faulty) as talk:
        assert GARBAGE in await talk.ask("DESCRIBE")


@pytest.mark.parametrize(("fault", "at_least"), [(Fault.OVERSIZED, 20_000_000), (Fault.DRIP, 3)])
async def test_it_goes_on_and_on(faulty: FaultyServer, fault: Fault, at_least: int) -> None:
    await faulty.use(fault)
    async with talking(faulty) as talk:
        assert b"Content-Length: 1073741824" in await talk.ask("DESCRIBE")
        read = 0
        while read < at_least:
            read += len(await talk.reader.read(65_536))
    await faulty.until_unconnected()


async def test_an_outage_refuses_connections(faulty: FaultyServer) -> None:
    await faulty.use(Fault.OUTAGE)
    with pytest.raises(ConnectionRefusedError):
        async with talking(faulty):
            pass


async def test_it_speaks_over_tls_to_who_trusts_it(upstream: str, tmp_path: Path) -> None:
    async with tls_server(upstream, tmp_path) as (server, trusted):
        assert server.address.startswith("rtsps://")
        async with talking(server, ssl.create_default_context(cafile=trusted)) as talk:
            assert (await talk.ask("DESCRIBE")).startswith(b"RTSP/1.0 200 OK")
        with pytest.raises(ssl.SSLCertVerificationError):
            async with talking(server, ssl.create_default_context()):
                pass
