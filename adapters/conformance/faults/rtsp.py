"""The faulty server of RTSP: passes a conversation on to the recorder behind it, and spoils it as it is told.

What the recorder says is passed on as it is, media included; a fault can begin in the middle of it.
"""

import asyncio
from typing import Final
from urllib.parse import urlsplit

from adapters.conformance.faults.listener import FaultyServer, blanks, drops
from adapters.conformance.faults.models import (
    GARBAGE,
    OVERSIZED_BYTES,
    RETRY_AFTER_S,
    STATUSES,
    Exchange,
    Fault,
    Request,
)
from adapters.conformance.faults.wire import format_request, read_request

CHUNK_BYTES: Final = 64 * 1024
ENDLESS: Final = {Fault.OVERSIZED, Fault.DRIP}
Writer = asyncio.StreamWriter


class FaultyRtspServer(FaultyServer):
    """A refusal is one answer; what the recorder is to answer becomes a tunnel to it."""

    schemes = ("rtsp", "rtsps")

    async def _converse(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        ahead = b""
        while (request := await read_request(reader, ahead)) is not None:
            await self._come_in()
            fault = self._fault
            if (
                fault is Fault.SILENCE
                or fault in ENDLESS
                or fault in STATUSES
                or fault is Fault.REDIRECT_ELSEWHERE
            ):
                goes_on, ahead = await self._answered(self._refuse(fault, request, writer), reader)
            else:
                goes_on = await self._tunnel(request, reader, writer)
            if not goes_on:
                break

    async def _refuse(self, fault: Fault, request: Request, writer: Writer) -> bool:
        """An answer of this server's own; whether the connection goes on."""
        if fault is Fault.SILENCE:
            await asyncio.Event().wait()
        status = 200 if fault in ENDLESS else STATUSES.get(fault, 302)
        self.asked.append(Exchange(request, status))
        lines = [f"RTSP/1.0 {status} Answered", f"CSeq: {request.header('cseq') or 1}"]
        if fault is Fault.THROTTLED:
            lines.append(f"Retry-After: {RETRY_AFTER_S}")
        if fault is Fault.REDIRECT_ELSEWHERE:
            there = self.elsewhere.address.partition("://")[2]
            lines.append(f"Location: {self.schemes[0]}://{there}{urlsplit(request.target).path}")
        if fault in ENDLESS:
            lines += ["Content-Type: application/sdp", f"Content-Length: {OVERSIZED_BYTES}"]
        writer.write("\r\n".join((*lines, "", "")).encode())
        await writer.drain()
        if fault in ENDLESS:
            async for chunk in blanks(OVERSIZED_BYTES) if fault is Fault.OVERSIZED else drops():
                writer.write(chunk)
                await writer.drain()
        return fault not in ENDLESS

    async def _tunnel(self, request: Request, reader: asyncio.StreamReader, writer: Writer) -> bool:
        """All that is left of the connection; False, since nothing comes after it."""
        recorder = urlsplit(self._upstream)
        try:
            theirs, ours = await asyncio.open_connection(recorder.hostname, recorder.port)
        except OSError:
            return False
        self.asked.append(Exchange(request, 200))
        self.answering += 1
        try:
            ours.write(format_request(request, "RTSP/1.0"))
            there = asyncio.ensure_future(_pass_on(reader, ours))
            back = asyncio.ensure_future(self._answer(theirs, writer))
            await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
            for task in (there, back):
                task.cancel()
            await asyncio.wait((there, back))
        finally:
            ours.close()
            self.answering -= 1
            await self._note()
        return False

    async def _answer(self, theirs: asyncio.StreamReader, writer: Writer) -> None:
        """What the recorder says, chunk by chunk, each by the fault of its moment."""
        while chunk := await theirs.read(CHUNK_BYTES):
            match self._fault:
                case Fault.MALFORMED:
                    writer.write(GARBAGE + b"\r\n\r\n")
                case Fault.BREAK_OFF:
                    writer.write(chunk[: len(chunk) // 2])
                    await writer.drain()
                    return
                case Fault.STALL:
                    writer.write(chunk[: len(chunk) // 2])
                    await asyncio.Event().wait()
                case Fault.ADDRESSES_ELSEWHERE:
                    writer.write(self._misled(chunk))
                case _:
                    writer.write(chunk)
            await writer.drain()

    def _misled(self, chunk: bytes) -> bytes:
        """Addresses of this server and of the recorder lead elsewhere. Ports of loopback servers have five digits, so
        that lengths that are told stay right; others are left alone."""
        there = self.elsewhere.address.partition("://")[2].encode()
        for here in (self.address, self._upstream):
            host = here.partition("://")[2].encode()
            if len(host) == len(there):
                self.addresses_replaced += chunk.count(host)
                chunk = chunk.replace(host, there)
        return chunk


async def _pass_on(reader: asyncio.StreamReader, writer: Writer) -> None:
    while chunk := await reader.read(CHUNK_BYTES):
        writer.write(chunk)
        await writer.drain()
