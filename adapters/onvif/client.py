"""One device's services: where they are, their calls, and searches read page by page.

Owns signing in by the device's clock, that services stay on the device, and that a search is read once and ended.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final
from xml.etree.ElementTree import Element

from adapters.contract.errors import AdapterError, Malformed, NotSupported, TimedOut, TooLarge
from adapters.contract.protocol import AdapterContext
from adapters.onvif import mapping, requests
from adapters.onvif.clock import OffsetBounds, reading
from adapters.onvif.config import OnvifOptions
from adapters.onvif.requests import DEVICE, EVENTS, MEDIA, MEDIA2, RECORDING, REPLAY, SEARCH, Request
from adapters.transport.answers import Answer
from adapters.transport.credentials import Credentials
from adapters.transport.http import GuardedClient
from adapters.transport.soap import SoapClient, child, children, local_name, text_of

SECTIONS: Final = {
    "Media": MEDIA,
    "Media2": MEDIA2,
    "Recording": RECORDING,
    "Search": SEARCH,
    "Replay": REPLAY,
    "Events": EVENTS,
}
"""How the older GetCapabilities calls the services."""

PAGE_RESULTS: Final = 100
MOST_RESULTS: Final = 100_000
MOST_EMPTY_PAGES: Final = 100
MOST_FRUITLESS: Final = 2
"""Readings in a row that tell nothing new, because the way there is too slow."""

FINEST_CLOCK: Final = timedelta(milliseconds=20)
MOST_READINGS: Final = 8
"""Each halves what is not known: a second becomes 4 ms, if the way there and back is as short."""


class OnvifClient:
    """Opened by its first call; `aclose` ends its connections."""

    def __init__(self, options: OnvifOptions, context: AdapterContext, draw: Callable[[], bytes]) -> None:
        self._options = options
        self._context = context
        self._http = GuardedClient(options, context)
        self._elsewhere: dict[str, GuardedClient] = {}
        self.credentials: Credentials | None = options.credentials(context.base_dir)
        self._soap = SoapClient(self._http, self.credentials, context.now, draw)
        self._services: dict[str, str] | None = None
        self._clock: OffsetBounds | None = None
        self._connecting = asyncio.Lock()

    async def aclose(self) -> None:
        for client in (self._http, *self._elsewhere.values()):
            await client.aclose()

    def device_now(self) -> datetime:
        """The device's clock, as far as it is known."""
        return self._context.now() + self._soap.offset

    async def call(self, request: Request, *, within_s: float | None = None) -> Element:
        """One call to a service of the device; `NotSupported` where it has none of that name."""
        return await self.call_at(await self._address(request.service), request, within_s=within_s)

    async def call_at(
        self, address: str, request: Request, *, headers: str = "", within_s: float | None = None
    ) -> Element:
        """One call at an address that the device named."""
        soap = self._soap
        if self._options.is_elsewhere(address):
            soap = SoapClient(
                self._client_for(address), soap.credentials, soap.now, soap.draw, offset=soap.offset
            )
        return await soap.call(address, request.action, request.body, headers=headers, within_s=within_s)

    async def has(self, service: str) -> bool:
        return service in await self._known_services()

    async def picture(self, uri: str, max_bytes: int) -> Answer:
        """What lies at an address of a picture."""
        address = self._options.own_page(uri)
        client = self._client_for(address) if self._options.is_elsewhere(address) else self._http
        return await client.get(address, max_bytes=max_bytes)

    async def read_clock(self) -> OffsetBounds | None:
        """How far the device's clock is off; None where it does not tell its UTC. Takes some seconds the first time,
        because the device tells whole seconds."""
        fruitless, before = 0, timedelta.max
        for _ in range(MOST_READINGS):
            bounds = await self._read_clock_once()
            if bounds is None:
                return None
            fruitless = 0 if bounds.width < before else fruitless + 1
            before = bounds.width
            if bounds.width <= FINEST_CLOCK or fruitless == MOST_FRUITLESS:
                break
            now = self._context.now()
            await asyncio.sleep(max(0.0, (bounds.turn_after(now) - now).total_seconds()))
        return self._clock

    async def _read_clock_once(self) -> OffsetBounds | None:
        asked_at = self._context.now()
        answer = await self._soap.call(
            self._options.device_service, requests.get_clock().action, requests.get_clock().body, signed=False
        )
        told = mapping.device_clock(answer)
        if told is None:
            return None
        bounds = reading(told, asked_at, self._context.now())
        self._clock = bounds if self._clock is None else self._clock.narrowed(bounds)
        self._soap.offset = self._clock.offset
        return self._clock

    async def _known_services(self) -> dict[str, str]:
        async with self._connecting:
            if self._services is None:
                await self._read_clock_once()
                self._services = {**await self._ask_services(), DEVICE: self._options.device_service}
            return self._services

    async def _ask_services(self) -> dict[str, str]:
        device = self._options.device_service
        try:
            return mapping.service_addresses(await self.call_at(device, requests.get_services()))
        except NotSupported:
            answer = await self.call_at(device, requests.get_capabilities())
            return mapping.capability_addresses(answer, SECTIONS)

    async def _address(self, service: str) -> str:
        known = await self._known_services()
        if service not in known:
            name = service.rpartition("/")[0].rpartition("/")[2]
            raise NotSupported(f"the device at {self._options.host} has no service for {name}")
        return self._options.own_page(known[service])

    def _client_for(self, address: str) -> GuardedClient:
        """A client for one of the device's other ports, under the same guards."""
        scheme, _, rest = address.partition("://")
        origin = f"{scheme}://{rest.partition('/')[0]}"
        if origin not in self._elsewhere:
            self._elsewhere[origin] = GuardedClient(
                self._options.model_copy(update={"url": origin}), self._context
            )
        return self._elsewhere[origin]

    async def search(self, begin: Request, results: str, element: str) -> list[Element]:
        """All results of a search, each page read once; the search is ended on the device whatever happens."""
        search = text_of(await self.call(begin), "SearchToken")
        if search is None:
            raise Malformed("a search was begun without a token")
        try:
            async with asyncio.timeout(self._options.call_timeout_s):
                return await self._pages(search, results, element)
        except TimeoutError as error:
            raise TimedOut(
                f"a search at {self._options.host} was not complete within {self._options.call_timeout_s:g} s"
            ) from error
        finally:
            with suppress(AdapterError):
                await self.call(requests.end_search(search))

    async def _pages(self, search: str, results: str, element: str) -> list[Element]:
        found: list[Element] = []
        empty = 0
        while True:
            answer = await self.call(requests.get_results(results, search, PAGE_RESULTS))
            page = child(answer, "ResultList")
            if page is None:
                raise Malformed(f"{local_name(answer)} has no list of results")
            told = children(page, element)
            found += told
            if text_of(page, "SearchState") == "Completed":
                return found
            if len(found) > MOST_RESULTS:
                raise TooLarge(f"a search found more than {MOST_RESULTS} results")
            empty = 0 if told else empty + 1
            if empty > MOST_EMPTY_PAGES:
                raise Malformed("a search goes on without results and without an end")
