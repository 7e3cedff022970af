"""Devices that answer a probe are found, and answers that are none are passed over."""

import asyncio
import re
from uuid import UUID

from adapters.onvif.discovery import FoundDevice, discover, read_answer

QUESTION = UUID("12345678-1234-4234-8234-123456789abc")
MESSAGE = f"urn:uuid:{QUESTION}"


def match(identifier: str, addresses: str, scopes: str = "") -> str:
    return (
        f"<ProbeMatch><EndpointReference><Address>{identifier}</Address></EndpointReference>"
        f"<Scopes>{scopes}</Scopes><XAddrs>{addresses}</XAddrs></ProbeMatch>"
    )


def answer(relates_to: str, *matches: str) -> bytes:
    return (
        f"<Envelope><Header><RelatesTo>{relates_to}</RelatesTo></Header>"
        f"<Body><ProbeMatches>{''.join(matches)}</ProbeMatches></Body></Envelope>"
    ).encode()


class Device(asyncio.DatagramProtocol):
    """Answers each probe twice, as devices do on UDP, amid noise."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        asked = re.search(rb"<a:MessageID>([^<]+)<", data)
        assert asked is not None
        assert b"NetworkVideoTransmitter" in data
        scopes = "onvif://www.onvif.org/name/Front%20door onvif://www.onvif.org/Profile/G onvif://www.onvif.org/Profile/T"
        told = answer(
            asked[1].decode(), match("urn:uuid:cam", "http://10.0.0.5/onvif/device_service", scopes)
        )
        other = answer("urn:uuid:somebody-else", match("urn:uuid:x", "http://10.0.0.9/"))
        for datagram in (b"noise", other, told, told):
            self.transport.sendto(datagram, address)  # type: ignore[attr-defined]  # it is a datagram transport


async def test_a_device_is_found_once_with_what_it_says_of_itself() -> None:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Device, local_addr=("127.0.0.1", 0))
    try:
        found = await discover(0.3, QUESTION, transport.get_extra_info("sockname"))
    finally:
        transport.close()
    assert found == (
        FoundDevice(
            identifier="urn:uuid:cam",
            addresses=("http://10.0.0.5/onvif/device_service",),
            scopes={"name": ("Front door",), "Profile": ("G", "T")},
            answered_from="127.0.0.1",
        ),
    )


def test_what_is_no_answer_to_our_question_is_passed_over() -> None:
    good = match("urn:uuid:cam", "http://10.0.0.5/")
    assert len(read_answer(answer(MESSAGE, good), MESSAGE, "")) == 1
    for bad in (
        b"",
        b"<a",
        answer("urn:uuid:other", good),
        answer(MESSAGE, match("", "http://10.0.0.5/")),
        answer(MESSAGE, match("urn:uuid:cam", "")),
        b"<!DOCTYPE a [<!ENTITY x 'y'>]>" + answer(MESSAGE, good),
    ):
        assert read_answer(bad, MESSAGE, "") == []
