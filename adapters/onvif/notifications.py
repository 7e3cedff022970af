"""Listens to a device's pull point. Owns that the subscription is renewed while it is wanted and ended after."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Final
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from adapters.contract.errors import AdapterError, Malformed
from adapters.contract.models import HealthEvent
from adapters.onvif import requests
from adapters.onvif.client import OnvifClient
from adapters.onvif.config import OnvifOptions
from adapters.onvif.events import health_events
from adapters.onvif.inventory import Inventory
from adapters.onvif.requests import Request
from adapters.transport.soap import ADDRESSING, text_of

LONGEST_WAIT_S: Final = 20
"""How long the device may keep a question open while nothing happens, less where its silence is cut off sooner."""

RENEW_EVERY_S: Final = 120
MOST_MESSAGES: Final = 100
GRACE_S: Final = 10.0


async def watch(
    client: OnvifClient, options: OnvifOptions, inventory: Inventory
) -> AsyncGenerator[HealthEvent, None]:
    """Health as it changes, without end. Close it by `aclosing`, which ends the subscription."""
    created = await client.call(requests.create_pull_point())
    address = text_of(created, "SubscriptionReference", "Address")
    if address is None:
        raise Malformed("the device subscribed us without saying where")
    own = options.own_page(address)

    async def ask(request: Request, within_s: float | None = None) -> Element:
        return await client.call_at(own, request, headers=_addressed(address, request), within_s=within_s)

    loop = asyncio.get_running_loop()
    wait_s = max(1, min(LONGEST_WAIT_S, int(options.read_timeout_s / 2)))
    renew_at = loop.time() + RENEW_EVERY_S
    try:
        while True:
            if loop.time() >= renew_at:
                await ask(requests.renew())
                renew_at = loop.time() + RENEW_EVERY_S
            pulled = await ask(requests.pull_messages(wait_s, MOST_MESSAGES), wait_s + GRACE_S)
            for event in health_events(pulled, inventory.of_source, client.device_now()):
                yield event
    finally:
        with suppress(AdapterError):
            await ask(requests.unsubscribe(), within_s=2)


def _addressed(address: str, request: Request) -> str:
    """The headers by which a device that serves all subscriptions at one address finds ours."""
    return (
        f'<a:Action xmlns:a="{ADDRESSING}">{escape(request.action)}</a:Action>'
        f'<a:To xmlns:a="{ADDRESSING}">{escape(address)}</a:To>'
    )
