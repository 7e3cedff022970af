"""Finds ONVIF devices on the local network by WS-Discovery (SOAP over UDP). `python -m adapters.onvif.discovery`.

Whoever answers first is believed nothing but an address: an answer is bounded, read without DTDs, and followed nowhere.
"""

import argparse
import asyncio
import json
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Final
from urllib.parse import unquote
from uuid import UUID
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from adapters.transport.soap import child, children, text_of

MULTICAST: Final = ("239.255.255.250", 3702)
ANSWER_BYTES: Final = 64 * 1024
MOST_DEVICES: Final = 10_000
SCOPE: Final = "onvif://www.onvif.org/"

_PROBE: Final = """<?xml version="1.0" encoding="UTF-8"?>
<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"
 xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"
 xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl">
<s:Header><a:MessageID>urn:uuid:{identifier}</a:MessageID>
<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>
<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action></s:Header>
<s:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></s:Body></s:Envelope>"""


@dataclass(frozen=True)
class FoundDevice:
    """One device that answered. `addresses` are its device services, as it names them; `scopes` what it says of itself
    (`name`, `hardware`, `location`, `Profile`), the part before the first slash → what follows it."""

    identifier: str
    addresses: tuple[str, ...]
    scopes: dict[str, tuple[str, ...]]
    answered_from: str


class _Answers(asyncio.DatagramProtocol):
    def __init__(self, message: str) -> None:
        self._message = message
        self.found: dict[str, FoundDevice] = {}

    def datagram_received(self, data: bytes, address: tuple[str | object, int]) -> None:
        if len(data) <= ANSWER_BYTES and len(self.found) < MOST_DEVICES:
            for device in read_answer(data, self._message, str(address[0])):
                self.found.setdefault(device.identifier, device)


def read_answer(data: bytes, message: str, answered_from: str) -> list[FoundDevice]:
    """The devices of one answer to our message; none for anything else."""
    try:
        root: Element = fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        return []
    if text_of(root, "Header", "RelatesTo") != message:
        return []
    found = []
    for match in children(child(root, "Body", "ProbeMatches"), "ProbeMatch"):
        identifier = text_of(match, "EndpointReference", "Address")
        addresses = tuple((text_of(match, "XAddrs") or "").split())
        if identifier and addresses:
            scopes = (text_of(match, "Scopes") or "").split()
            found.append(FoundDevice(identifier, addresses, _scopes(scopes), answered_from))
    return found


def _scopes(texts: list[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for text in texts:
        name, _, value = text.removeprefix(SCOPE).partition("/")
        if text.startswith(SCOPE) and value:
            found[name] = (*found.get(name, ()), unquote(value))
    return found


@asynccontextmanager
async def _listening(message: str) -> AsyncIterator[tuple[asyncio.DatagramTransport, _Answers]]:
    loop = asyncio.get_running_loop()
    transport, answers = await loop.create_datagram_endpoint(
        lambda: _Answers(message),
        local_addr=("0.0.0.0", 0),  # noqa: S104 - answers come from any device
    )
    try:
        yield transport, answers
    finally:
        transport.close()


async def discover(
    wait_s: float, identifier: UUID, target: tuple[str, int] = MULTICAST
) -> tuple[FoundDevice, ...]:
    """Who answers within the time, each device once, sorted by address. `identifier` is the question's own."""
    message = f"urn:uuid:{identifier}"
    async with _listening(message) as (transport, answers):
        transport.sendto(_PROBE.format(identifier=identifier).encode(), target)
        await asyncio.sleep(wait_s)
        return tuple(sorted(answers.found.values(), key=lambda device: device.addresses))


def main() -> None:
    """Prints one JSON object a device."""
    parser = argparse.ArgumentParser(description="Finds ONVIF devices on the local network.")
    parser.add_argument("--wait-s", type=float, default=3.0, help="how long answers are waited for")
    wait_s: float = parser.parse_args().wait_s
    for device in asyncio.run(discover(wait_s, UUID(bytes=secrets.token_bytes(16), version=4))):
        sys.stdout.write(json.dumps(asdict(device), ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
